"""Look at a learner's model: rebuild it, compare it with the given one, find where Dropout acts.

Effects are compared, not spellings: two models are the same when, with the same weights, they answer the same.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, wraps
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Failed, fail, kind_of, require
from autograder.checks.values import LARGEST
from autograder.errors import EvidenceRefused
from autograder.families.keras import rebuild
from autograder.families.keras.evidence import ModelData
from autograder.i18n import _

ROWS = 4000  # stochastic answers from which the rate of a Dropout is estimated
TRAINING = _(
    "Keras can build your model, but in training mode the model cannot answer {rows} examples at a time: look at the "
    "shapes that its layers are given."
)
INFERENCE = _(
    "Keras can build your model, but the model cannot answer {rows} examples at a time: look at the shapes that its "
    "layers are given."
)
Floats = NDArray[np.floating[Any]]
Measured = TypeVar("Measured")


def rebuilt(data: Any, name: str, seed: int = 0) -> Any:
    """The Keras model that `name` returned, with its weights; else the check fails.

    `seed` fixes what its Dropout layers draw, so that grading again gives the same result.
    """
    import keras

    if not isinstance(data, ModelData):
        fail(_("`{name}` should return a Keras model, but it returned: {kind}."), name=name, kind=kind_of(data))
    if not all(np.all(np.abs(w) <= LARGEST) for w in data.weights or ()):
        fail(_("The model of `{name}` has weights that are NaN, infinite or far too large."), name=name)
    keras.utils.set_random_seed(seed)
    try:
        return rebuild.rebuild(data)
    except EvidenceRefused as refused:
        raise Failed(refused.message) from refused


def once_per_model(measure: Callable[[Any, str], Measured]) -> Callable[[Any, str], Measured]:
    """Several checks of a task measure the same: what `measure(data, name)` found on a model is remembered."""
    remembered = lru_cache(maxsize=16)(measure)

    @wraps(measure)
    def measured(data: Any, name: str) -> Measured:
        return remembered(data, name) if isinstance(data, ModelData) else measure(data, name)

    return measured


def shared(data: Any, name: str) -> Any:
    """The model as `rebuilt` gives it, built once for all that looks at it here.

    Each finds the weights and the generators of random numbers as at first, and leaves the rest as it is.
    """
    model, variables = _built_once(data, name)
    for variable, value in variables:
        variable.assign(value)
    return model


@once_per_model
def _built_once(data: Any, name: str) -> tuple[Any, list[tuple[Any, Any]]]:
    model = rebuilt(data, name)
    return model, [(variable, variable.numpy()) for variable in model.variables]


def _only_generators(variables: Sequence[Any]) -> bool:
    """Whether they are nothing but the states of Dropout's random numbers, which are whole numbers."""
    return all("int" in str(variable.dtype) for variable in variables)


def config_of(data: ModelData) -> Mapping[str, Any]:
    """The config of a model that `rebuilt` accepted, to train it."""
    return rebuild.allowed_config(data)


def config_of_given(model: Any) -> Mapping[str, Any]:
    """The config of a model of ours, as `Trainer` takes it."""
    config: dict[str, Any] = json.loads(model.to_json())
    return {k: v for k, v in config.items() if k != "compile_config"}


DRAWS = (0.5, 1.0, 2.0)  # how large the weights are at which models are compared, as a multiple of He's


def draw(model: Any, number: int) -> None:
    """Give the model weights that we draw, kernels and biases, frozen ones too: a learner cannot choose them.

    `number`: of the draw, from 0 on. Running means and variances of normalizations stay as they are.
    """
    rng = np.random.default_rng([number, 1])
    for layer in model._flatten_layers(include_self=False, recursive=True):
        for variable in layer._trainable_variables:
            shape = tuple(variable.shape)
            incoming = max(1, math.prod(shape[:-1]))  # 0 where a layer gets nothing
            spread = math.sqrt(2 / incoming) if len(shape) > 1 else 0.3
            variable.assign(rng.normal(0, DRAWS[number] * spread, shape))


def at_drawn_weights(model: Any) -> Iterator[None]:
    """Goes through our draws; the model's own weights come first, and are there again afterwards."""
    own = model.get_weights()
    yield
    for number in range(len(DRAWS)):
        draw(model, number)
        yield
    model.set_weights(own)


def answers(model: Any, x: Any, *, training: bool = False) -> Floats:
    """What the model, or a layer of it, answers to x, as an array; raises EvidenceRefused as `call`."""
    return np.asarray(call(model, x, training=training))


def call(model: Any, x: Any, *, training: bool = False) -> Any:
    """What it answers to x, as a tensor.

    Raises:
        EvidenceRefused: Keras could build it, but it cannot answer, such as for a `noise_shape` that fits no batch.
    """
    try:
        return model(x, training=training)
    except (MemoryError, OSError):  # this machine's fault
        raise
    except Exception as error:  # Keras raises nearly everything here, and all of it is about the learner's model
        text = TRAINING if training else INFERENCE
        raise EvidenceRefused(text, rows=len(x)) from error


class Form(NamedTuple):
    """What a model looks like from outside: the shapes of its weights in order, and of its input, the batch first."""

    weights: tuple[tuple[int, ...], ...]
    input: tuple[int | None, ...]


def form_of(model: Any) -> Form:
    """The form of a Keras model."""
    return Form(tuple(tuple(w.shape) for w in model.weights), tuple(model.input_shape))


@once_per_model
def form(data: Any, name: str) -> Form:
    """The form of the model that `name` returned; else the check fails, as in `rebuilt`."""
    return form_of(shared(data, name))


def require_layers(model: Any, given: Any, name: str) -> None:
    """The model has the given one's kernels and biases, by their shapes and order, and takes the same input."""
    found, wanted = ([tuple(w.shape) for w in m.weights] for m in (model, given))
    require(
        found == wanted,
        _("The weights of the model of `{name}` have the shapes {found}: these are not the given model's layers. "
          "Compare the number of layers, their units and their biases."),
        name=name,
        found=", ".join(map(str, found)),
    )  # fmt: skip
    shape = given.input_shape[1:]
    try:
        answers(model, np.zeros((1, *shape), "float32"))
    except Exception:  # whatever Keras says of an input it cannot take, it is about the learner's model
        fail(_("The model of `{name}` does not take the given model's input: one example has the shape {shape}."),
             name=name, shape=str(shape))  # fmt: skip


def require_chain(data: Any, given: Any, name: str) -> None:
    """The model of `name` is a chain of as many Dense layers as the given one, of any units, for the same input."""
    found, wanted = form(data, name), form_of(given)
    kernels, biases = found.weights[::2], found.weights[1::2]
    inputs = [wanted.input[1:], *biases[:-1]]
    chained = list(kernels) == [(*i, *o) for i, o in zip(inputs, biases, strict=False)]
    if not (chained and len(found.weights) == len(wanted.weights) and found.input == wanted.input):
        require_layers(rebuilt(data, name), given, name)


def require_same_answers(model: Any, given: Any, name: str) -> None:
    """At inference the model answers what the given one does with the same weights, and always the same.

    With the learner's own weights and with ours: at zero, say, nearly all models answer alike.
    """
    x = np.random.default_rng(0).random((64, *given.input_shape[1:]), "float32")
    of_given = given.get_weights()
    for _place in at_drawn_weights(model):
        given.set_weights(model.get_weights())
        _require_same(model, given, x, name)
    given.set_weights(of_given)


def _require_same(model: Any, given: Any, x: Floats, name: str) -> None:
    found = answers(model, x)
    require(  # a call without `training` as well: with it, Keras overrides what was written into the graph
        all(np.allclose(found, np.asarray(again), atol=1e-5) for again in (model(x), model(x))),
        _("At inference, the model of `{name}` gives another answer each time: something random stays on. "
          "Keras itself switches Dropout on for training and off afterwards; look at how you call the layer."),
        name=name,
    )  # fmt: skip
    right = answers(given, x)
    require(
        found.shape == right.shape and np.isfinite(found).all() and np.allclose(found, right, atol=1e-4),
        _("With the same weights, the model of `{name}` gives other answers than the given one: "
          "compare the activations, and what lies between the layers."),
        name=name,
    )  # fmt: skip


def require_no_noise(model: Any, name: str) -> None:
    """In training mode the model answers as at inference: no Dropout, no noise."""
    x = np.random.default_rng(1).random((64, *model.input_shape[1:]), "float32")
    for _place in at_drawn_weights(model):
        require(
            np.allclose(answers(model, x, training=True), answers(model, x), atol=1e-5),
            _("The model of `{name}` answers differently in training mode than at inference, as with Dropout. "
              "This task is about penalties on weights only."),
            name=name,
        )  # fmt: skip


def require_given(data: Any, given: Any, name: str) -> Any:
    """The learner's model, rebuilt, if it is the given one but for penalties; else the check fails."""
    model = rebuilt(data, name)
    require_layers(model, given, name)
    require_same_answers(model, given, name)
    require_no_noise(model, name)
    require_unconstrained(model, name)
    return model


def require_unconstrained(model: Any, name: str) -> None:
    """No constraint acts on a weight, else the check fails."""
    require(
        all(getattr(variable, "constraint", None) is None for variable in model.weights),
        _("A layer of the model of `{name}` has a constraint on its weights, which is another way to regularize than "
          "the one that the task asks for."),
        name=name,
    )  # fmt: skip


def require_nothing_frozen(model: Any, name: str) -> None:
    """Every layer with weights trains, else the check fails."""
    require(
        not model.non_trainable_variables or _only_generators(model.non_trainable_variables),
        _("A layer of the model of `{name}` is frozen (`trainable = False`): all of the given model's layers train."),
        name=name,
    )


@contextmanager
def having(model: Any, **settings: Mapping[str, Any]) -> Iterator[None]:
    """Every layer of a class named by a keyword has these attributes meanwhile, as in `Dropout={"rate": 0.0}`."""
    layers = model._flatten_layers(include_self=False, recursive=True)
    changed = [(layer, new) for layer in layers if (new := settings.get(type(layer).__name__))]
    own = [{name: getattr(layer, name) for name in new} for layer, new in changed]
    try:
        for layer, new in changed:
            vars(layer).update(new)
        yield
    finally:
        for (layer, _new), before in zip(changed, own, strict=True):
            vars(layer).update(before)


class Sites(NamedTuple):
    """Rates of Dropout: on the input, behind each hidden layer, and whether something random acts on the output."""

    first: float
    hidden: tuple[float, ...]
    last: bool


def dropout_sites(model: Any) -> Sites:
    """Where Dropout acts in a chain of Dense layers with relu and a softmax at the end, and with what rate.

    Found by effects: with weights that hand a constant on unit by unit, the share of constants that arrive in
    training mode is the product of 1 − rate over the layers on the way. From layer to layer a constant moves to the
    next unit: layers with equal seeds drop the same units, and else nothing would be left for the second to drop.
    Each share is measured with the same random numbers, so that what lies behind a layer tells nothing about its rate,
    whose standard error is below 0.01.
    """
    saved = model.get_weights()
    with _still_output(model) as last:
        states = [(v, v.numpy()) for v in model.variables if "seed_generator_state" in v.path]
        shapes = [tuple(w.shape) for w in saved]
        arriving = [_share(model, shapes, states, site) for site in range(len(shapes) // 2)] + [1.0]
    model.set_weights(saved)
    rates = [1 - a / max(b, 1e-9) for a, b in pairwise(arriving)]
    return Sites(rates[0], tuple(rates[1:]), last)


@contextmanager
def _still_output(model: Any) -> Iterator[bool]:
    """Says whether something random acts on the output; meanwhile Dropout that does has the rate 0.

    What is dropped there would be taken for a rate of the layer before it.
    """
    dropouts = [layer for layer in model._flatten_layers(include_self=False) if type(layer).__name__ == "Dropout"]
    rates, last = [layer.rate for layer in dropouts], _random_output(model)
    for layer in dropouts if last else ():
        layer.rate = 0.0
    for layer, rate in zip(dropouts, rates, strict=True) if last else ():
        layer.rate = rate
        layer.rate = 0.0 if _random_output(model) else rate
    try:
        yield last
    finally:
        for layer, rate in zip(dropouts, rates, strict=True):
            layer.rate = rate


def _random_output(model: Any) -> bool:
    """Whether, with nothing but biases in the last layer, rows differ in training mode."""
    weights = [np.zeros(w.shape, "float32") for w in model.weights]
    weights[-1][:] = np.linspace(1, 2, len(weights[-1]))
    model.set_weights(weights)
    return bool(np.ptp(answers(model, _ones(model), training=True), axis=0).max() > 1e-6)


def _share(model: Any, shapes: Sequence[tuple[int, ...]], states: Sequence[tuple[Any, Any]], site: int) -> float:
    """The share of constants that arrive at the output when they start at `site`: 0 the input, k hidden layer k.

    `states`: of the model's generators of random numbers, to begin with.
    """
    for generator, state in states:
        generator.assign(state)
    weights = [np.zeros(s, "float32") for s in shapes]
    if site > 0:
        weights[2 * site - 1][:] = 1.0
    # the last class stays at logit 0: the others are told from it
    width = min(shapes[-1][0] - 1, *(shape[-1] for shape in shapes))
    units = np.arange(width)
    for kernel in weights[2 * site :: 2]:
        kernel[units, (units + 1) % width] = 1.0
    model.set_weights(weights)
    out = answers(model, _ones(model), training=True)
    return float(np.mean(out[:, :width] > out[:, -1:] * 1.001))


def _ones(model: Any) -> Floats:
    return np.ones((ROWS, *model.input_shape[1:]), "float32")
