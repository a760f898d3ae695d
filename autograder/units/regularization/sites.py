"""Say where Dropout acts in a learner's model, and compare it with where it should."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from autograder.checks.api import fail, require
from autograder.families.keras.hidden import HiddenModel
from autograder.families.keras.models import (
    Sites,
    answers,
    at_drawn_weights,
    dropout_sites,
    having,
    once_per_model,
    require_chain,
    shared,
)
from autograder.i18n import _

NOTICED = 0.02  # a rate measured above this is a Dropout
NEAR = 0.03  # rates measured within this are the same: over five standard errors

ON_INPUT_KEPT = 0.8  # what is written as rate before the first layer of the broken models
# units of the hidden layers, and the probability of keeping that was written as rate behind each of them
BROKEN = (((32,), (0.9,)), ((20, 30, 12), (0.75, 0.9, 0.6)))

ON_INPUT = _(
    "Dropout acts on the input: pixels go missing before any layer has seen them. The course puts it behind "
    "hidden layers."
)
ON_OUTPUT = _("Dropout acts on the output: whole classes go missing from the answer. Which layers is it for?")
TOO_EARLY = _(
    "Each Dropout stands one layer too early: it acts on what comes in, so the input loses pixels and the last hidden "
    "layer loses nothing. Is it to act on the inputs of a hidden layer or on its outputs?"
)
NOWHERE = _("In training mode your model answers as at inference: no Dropout acts anywhere.")


@once_per_model
def sites(data: Any, name: str) -> Sites:
    """Where Dropout acts in the model that `name` returned; see `dropout_sites`."""
    return dropout_sites(shared(data, name))


def of_dropout(data: Any, given: Any, name: str) -> Sites:
    """The same for a chain of as many layers as the given one, in which nothing but Dropout is random.

    Else the check fails.

    Hidden activations are put to relu, through which constants come: they are no matter of Dropout.
    """
    require_chain(data, given, name)
    require_nothing_else_random(data, name)
    return _behind_relu(data, name)


@once_per_model
def _behind_relu(data: Any, name: str) -> Sites:
    import keras

    model, relu = shared(data, name), {"activation": keras.activations.relu}
    with having(model, Dense=relu, Activation=relu):
        return dropout_sites(model)


def require_hidden_only(found: Sites) -> None:
    """Dropout acts behind every hidden layer, and neither on the input nor on the output."""
    behind = [rate > NOTICED for rate in found.hidden]
    require(found.first <= NOTICED or found.last or not all(behind[:-1]) or behind[-1], TOO_EARLY)
    require(found.first <= NOTICED, ON_INPUT)
    require(not found.last, ON_OUTPUT)
    require(any(behind), NOWHERE)
    if not all(behind):
        fail(_("Of {count} hidden layers, Dropout acts behind {found} only."), count=len(behind), found=sum(behind))


def require_some(found: Sites) -> None:
    """Dropout acts somewhere, however weakly, and not on the output."""
    require(not found.last, ON_OUTPUT)
    require(any((found.first, *found.hidden)), NOWHERE)  # without Dropout every rate is 0 exactly


def require_random(model: Any) -> None:
    """Something in the model differs between training mode and inference, else the check fails."""
    x = np.random.default_rng(4).random((64, *model.input_shape[1:]), "float32")
    require(
        any(not np.allclose(answers(model, x, training=True), answers(model, x)) for _place in at_drawn_weights(model)),
        NOWHERE,
    )


def require_mended(data: Any, broken: Any, keep: Sequence[float], name: str) -> None:
    """Dropout does not act as in the broken model, else the check fails: a mere copy is no repair."""
    require_chain(data, broken, name)
    found = _behind_relu(data, name)
    near = (abs(f - k) <= NEAR for f, k in zip((found.first, *found.hidden), (ON_INPUT_KEPT, *keep), strict=True))
    require(
        not (found.last and all(near)),
        _("In your model Dropout acts as in the broken one: nothing is repaired yet."),
    )


@once_per_model
def require_nothing_else_random(data: Any, name: str) -> None:
    """With all its Dropout at rate 0 the model answers in training mode as at inference, else the check fails.

    And Dropout drops each unit by itself.
    """
    model = shared(data, name)
    layers = model._flatten_layers(include_self=False, recursive=True)
    require(
        not any(1 in (getattr(layer, "noise_shape", None) or ()) for layer in layers),
        _("Your Dropout drops all units of an example at once (`noise_shape`): each unit should be dropped by itself."),
    )
    x = np.random.default_rng(4).random((64, *model.input_shape[1:]), "float32")
    with having(model, Dropout={"rate": 0.0}):
        for _place in at_drawn_weights(model):
            require(
                np.allclose(answers(model, x, training=True), answers(model, x), atol=1e-5),
                _("In training something is random in your model that is not Keras's Dropout: the task is about "
                  "Dropout alone."),
            )  # fmt: skip


def require_noticeable(found: Sites) -> None:
    """Dropout acts somewhere with a rate that can show."""
    require(
        max(found.first, *found.hidden) > NOTICED,
        _("Your Dropout drops so few units that nothing can come of it: look at its rate."),
    )


def require_rates(found: Sites, rates: Sequence[float]) -> None:
    """The rates behind the hidden layers are these."""
    if all(abs(f - r) <= NEAR for f, r in zip(found.hidden, rates, strict=True)):
        return
    require(
        not all(abs(f - (1 - r)) <= NEAR for f, r in zip(found.hidden, rates, strict=True)),
        _("Your Dropout still drops the share of units that was meant to be kept: what does `rate` mean in Keras?"),
    )
    fail(_("Behind your hidden layers, training is as random as with Dropout of these rates: {found}. "
           "Compare with the task."),
         found=", ".join(f"{100 * rate:.0f} %" for rate in found.hidden))  # fmt: skip


def require_weights_of(model: Any, original: Any) -> None:
    """The model has the original's kernels and biases, in order."""
    found, wanted = model.get_weights(), original.get_weights()
    require(
        [w.shape for w in found] == [w.shape for w in wanted],
        _("The repaired model has other Dense layers than the one that was handed in: their number or units changed."),
    )
    require(
        all(np.allclose(f, w, atol=1e-6) for f, w in zip(found, wanted, strict=True)),
        _("The repaired model has new weights: what the broken one had learnt is lost. How do weights get from one "
          "model to another?"),
    )  # fmt: skip


def broken_model(rng: np.random.Generator, units: Sequence[int], keep: Sequence[float]) -> Any:
    """A model with Dropout on input and output and, behind each hidden layer, the rate `keep`."""
    from keras import Input, layers

    def stack() -> list[Any]:
        pairs = ((layers.Dense(n, "relu"), layers.Dropout(k)) for n, k in zip(units, keep, strict=True))
        last = layers.Dense(10, "softmax"), layers.Dropout(0.9)
        return [Input((784,)), layers.Dropout(ON_INPUT_KEPT), *chain(*pairs), *last]

    return HiddenModel(stack, lambda shape: rng.normal(scale=0.1, size=shape))
