"""What the visible checks are made of: they name the first structural problem, never the answer."""

import functools
import inspect
import sys
import textwrap
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from .costs import MAX_STEPS, MAX_VALUES, is_affordable, keeps_examples_apart, most_values, multiply_adds, operations
from .messages import _, say
from .names import LAYERS, OPERATIONS
from .unwritten import is_stub

WIDTH = 80  # characters a line: `nbgrader validate` cuts off what goes beyond 83


class NotYet(AssertionError):
    """A visible check's sentence for the learner; in a notebook it is shown without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [textwrap.fill(f"✏️  {self}", WIDTH, break_on_hyphens=False)]


def own_lines_first(check: Callable[..., Any]) -> Callable[..., Any]:
    """`check`, which shows an error of the learner's code without what this package and Keras did before that code.

    The traceback then goes from the cell that called the check to the learner's own line. It stays whole where no
    line of the notebook's stands behind the check: the error is not the learner's.
    """

    @functools.wraps(check)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        try:
            return check(*arguments, **keywords)
        except BaseException as error:
            notebook = sys._getframe(1).f_globals
            own = error.__traceback__
            while own is not None and own.tb_frame.f_globals is not notebook:
                own = own.tb_next
            error.__traceback__ = own or error.__traceback__
            raise  # adds no line of this function

    return checked


def require(condition: Any, text: str, **values: Any) -> None:
    """Raise `NotYet` with `text` in the folder's language unless `condition` holds."""
    if not condition:
        raise NotYet(say(text, **values))


def passed(text: str, **values: Any) -> None:
    """Print what was checked, after all of it held."""
    print("✓", say(text, **values))
    print(" ", say(_("The form is right. Whether the values are right is what the grading looks at.")))


def call(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """The result of the learner's `function`; not written, no function, no result have a sentence each.

    An exception of the learner's own code is left as it is: its traceback shows where to look.
    """
    require(function is not None and function is not Ellipsis, _("This is not written yet."))
    require(
        callable(function),
        _("A function is expected here, but this is of type {kind}: is its name used for something else?"),
        kind=type(function).__name__,
    )
    name = getattr(function, "__name__", str(function))
    _require_takes(function, name, len(arguments) + len(keywords))
    try:
        result = function(*arguments, **keywords)
    except NotImplementedError as error:
        tell_stub(error, name)
        raise
    require(result is not None, _("{name} returns nothing: is its last line a `return`?"), name=name)
    return result


def tell_stub(error: NotImplementedError, name: str) -> None:
    """Say that `name` is not written yet when the exception is that of a cell as it was handed out."""
    if is_stub(error):
        text = _("{name} is not written yet: replace the line `raise NotImplementedError()` with your code.")
        raise NotYet(say(text, name=name)) from error


def _require_takes(function: Callable[..., Any], name: str, count: int) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions have none
        return
    try:
        signature.bind(*[None] * count)
    except TypeError as error:
        text = _(
            "{name} must take as many arguments as in the cell that was given ({count}); it is now {name}{signature}."
        )
        raise NotYet(say(text, name=name, count=count, signature=signature)) from error


def build(function: Any, input_shape: tuple[int, ...], *arguments: Any) -> Any:
    """The Keras model that `function` returns: built, for `input_shape` and ten classes."""
    model = call(function, *arguments)
    require_model(model, function.__name__, input_shape)
    again = call(function, *arguments)
    require(again is not model, _("{name} must make a new model at each call."), name=function.__name__)
    return model


def require_model(model: Any, name: str, input_shape: tuple[int, ...]) -> None:
    """A built Keras model with this input shape whose output is ten probabilities."""
    import keras

    require(not isinstance(model, type), _("{name} returns a class; it must return a model."), name=name)
    require(
        isinstance(model, keras.Model),
        _("{name} must return a Keras model; it returns an object of type {kind}."),
        name=name,
        kind=type(model).__name__,
    )
    require(
        model.built and model.weights,
        _("The model of {name} has no weights yet: begin it with keras.Input({shape})."),
        name=name,
        shape=input_shape,
    )
    found = model.input_shape[1:] if isinstance(model.input_shape, tuple) else model.input_shape
    require(
        found == input_shape,
        _("The model of {name} must take inputs of shape {expected}; it takes {found}."),
        name=name,
        expected=input_shape,
        found=found,
    )
    _require_kerass_own(model, name)
    _require_affordable(model, name)
    _require_ten_probabilities(model, name, input_shape)


def _require_kerass_own(model: Any, name: str) -> None:
    """Nothing in the model that the grading cannot build again from its description."""
    require(
        _is_kerass_own(model) and type(model).__name__ in ("Sequential", "Functional", "Model"),
        _("The model of {name} is a class of your own, {kind}: the grading builds models again from their description. "
          "Use keras.Sequential or the functional API."),
        name=name,
        kind=type(model).__name__,
    )  # fmt: skip
    layers = operations(model)
    parts = [part for layer in layers for part in (layer, *_regularizers(layer))]
    own = [type(p).__name__ for p in parts if not _is_kerass_own(p)]
    require(
        not own,
        _("The model of {name} holds {kind}, of your own making: the grading builds models again and takes only layers "
          "and regularizers of Keras's."),
        name=name,
        kind=", ".join(sorted(set(own))),
    )  # fmt: skip
    taken = {*LAYERS, *OPERATIONS, "Sequential", "Functional", "Model"}
    others = {type(layer).__name__ for layer in layers} - taken
    require(
        not others,
        _("The model of {name} holds {kind}, which the grading does not take: neither functions (Lambda) nor what is "
          "filled with data beforehand (Normalization, lookups). Nearly all other layers and operations are taken."),
        name=name,
        kind=", ".join(sorted(others)),
    )  # fmt: skip


def _require_affordable(model: Any, name: str) -> None:
    """The model costs no more than what the grading trains."""
    require(
        keeps_examples_apart(model),
        _("A layer or operation of the model of {name} mixes the images of a batch, or its output has no fixed size: "
          "the grading does not take it."),
        name=name,
    )  # fmt: skip
    require(
        is_affordable(model),
        _("The model of {name} costs more than what the grading trains: {steps} multiply-adds for one image, or what "
          "takes as long (at most {most}), {count} parameters, {values} numbers behind one layer (at most {largest}). "
          "Fewer filters, pooling sooner or shorter loops make it cheaper."),
        name=name,
        steps=multiply_adds(model),
        most=MAX_STEPS,
        count=model.count_params(),
        values=most_values(model),
        largest=MAX_VALUES,
    )  # fmt: skip


def _regularizers(layer: Any) -> list[Any]:
    found = [getattr(layer, f"{part}_regularizer", None) for part in ("kernel", "bias", "activity")]
    return [regularizer for regularizer in found if regularizer is not None]


def _is_kerass_own(thing: Any) -> bool:
    return type(thing).__module__.startswith("keras.")


def _require_ten_probabilities(model: Any, name: str, input_shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).random((3, *input_shape), "float32")
    output = np.asarray(model(images, training=False)).astype("float32")
    require(
        output.shape == (3, 10),
        _("The model of {name} must give 10 numbers for each image; it gives an output of shape {found}."),
        name=name,
        found=output.shape[1:],
    )
    require(
        np.all(output >= 0) and np.allclose(output.sum(axis=1), 1, atol=0.02),
        _("The outputs of the model of {name} must be probabilities: is softmax on the last layer?"),
        name=name,
    )


def require_number(value: Any, name: str) -> float:
    """`value` as a float: a finite number, or an array or tensor with one element and no axes."""
    require(
        np.ndim(value) == 0 and not isinstance(value, (str, bytes, dict)),
        _("{name} must give one number; it gives {kind}."),
        name=name,
        kind=_kind(value),
    )
    number = np.asarray(value)
    require(
        number.dtype.kind in "fiu" or isinstance(value, Real),
        _("{name} must give one number; it gives {kind}."),
        name=name,
        kind=_kind(value),
    )
    require(
        np.isfinite(float(number)),
        _("{name} gives {value}, which is no finite number."),
        name=name,
        value=value,
    )
    return float(number)


def require_pair(value: Any, name: str) -> tuple[Any, Any]:
    """`value` as a pair."""
    require(
        isinstance(value, (tuple, list)) and len(value) == 2,
        _("{name} must return two values: `return first, second`. It returns {kind}."),
        name=name,
        kind=_kind(value),
    )
    return value[0], value[1]


def require_losses(losses: Any, name: str, least: int) -> dict[float, float]:
    """A sweep: a dict of at least `least` strengths ≥ 0 → validation losses."""
    require(losses is not None and losses != {}, _("{name} is not written yet."), name=name)
    require(
        isinstance(losses, dict),
        _("{name} must be a dict, value → validation loss; it is {kind}."),
        name=name,
        kind=_kind(losses),
    )
    require(
        len(losses) >= least,
        _("Entries of {name}: {count}. Try at least {least} values."),
        name=name,
        count=len(losses),
        least=least,
    )
    for strength, loss in losses.items():
        value = require_number(strength, _keys_of(name))
        require(value >= 0, _("{name} has the key {value}: a strength is never negative."), name=name, value=value)
        require(
            not hasattr(loss, "history") and np.ndim(loss) == 0,
            _("{name}[{strength}] must be one number, a validation loss; it is {kind}."),
            name=name,
            strength=strength,
            kind=_kind(loss),
        )
        require_number(loss, f"{name}[{strength}]")
    return dict(losses)


def _keys_of(name: str) -> str:
    return say(_("each key of {name}"), name=name)


def require_key(chosen: Any, name: str, losses: dict[float, float], losses_name: str) -> None:
    """`chosen` is one of the strengths of the sweep."""
    require(chosen is not None, _("{name} is not written yet."), name=name)
    value = require_number(chosen, name)
    require(
        any(np.isclose(value, strength) for strength in losses),
        _("{name} is {value}, which is not among the values tried in {losses}."),
        name=name,
        value=value,
        losses=losses_name,
    )


def _kind(value: Any) -> str:
    """The type of `value` in a few words, with its shape if it has one."""
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} {tuple(shape)}" if shape else type(value).__name__
