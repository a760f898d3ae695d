"""What visible checks try a learner's answer on: public examples with their right values, other than the hidden ones.

The right values are written down as numbers: nothing here says how they are computed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .checking import NotYet
from .messages import _, number, say

Mistakes = Mapping[str, Any]  # a sentence → what an answer with this mistake gives
IMAGES = 400
FEW = 4  # numbers that are shown of an array
# of `example_model` with its penalties: cross-entropy at inference; in training mode, with what it scatters by; penalty
INFERENCE, TRAINING, SCATTER, PENALTY = 1.5847, 1.9654, 0.0433, 1.4960


def tried(text: str, **values: Any) -> None:
    """Print what was checked, form and values, after all of it held."""
    print("✓", say(text, **values))
    print(" ", say(_("The values are right on this example. The grading tries other ones.")))


def same(found: Any, right: Any, relative: float = 1e-3, absolute: float = 1e-6) -> bool:
    """Whether two numbers or arrays are equal, but for rounding."""
    return np.shape(found) == np.shape(right) and bool(np.allclose(found, right, rtol=relative, atol=absolute))


def require_same(found: Any, right: Any, what: str, mistakes: Mistakes, **values: Any) -> None:
    """Raise `NotYet` with the expected value beside the one found, and the mistake that gives it, unless they agree.

    `what`: the call in words, in the folder's language.
    """
    if same(found, right):
        return
    text = say(_("{what} gives {found}; {right} is expected."), what=what, found=_shown(found), right=_shown(right))
    known = next((say(sentence, **values) for sentence, wrong in mistakes.items() if same(found, wrong)), "")
    raise NotYet(f"{text} {known}".rstrip())


def require_example(
    found: Any, right: Any, example: str, mistakes: Mistakes, tolerance: float = 1e-3, near: float = 1e-3
) -> None:
    """The same of what an example in words comes to: `right` within `tolerance`, or a mistake within `near`."""
    if same(found, right, 0.0, tolerance):
        return
    text = say(
        _("{example}: expected {right}, found {found}."), example=example, right=_shown(right), found=_shown(found)
    )
    known = next((say(sentence) for sentence, wrong in mistakes.items() if same(found, wrong, 0.0, near)), "")
    raise NotYet(f"{text} {known}".rstrip())


def _shown(values: Any) -> str:
    """A number, or the first of an array, as the folder's language writes them."""
    if np.ndim(values) == 0:
        return number(float(values), 5)
    rounding = 1e-5 * np.max(np.abs(values), initial=0.0)
    few = ["0" if abs(value) <= rounding < np.inf else number(float(value)) for value in np.ravel(values)[:FEW]]
    return "[" + " ".join([*few, "…"] if np.size(values) > FEW else few) + "]"


def example_model(*, dropout: bool, penalised: bool) -> Any:
    """A classifier of 6 numbers with fixed weights, not compiled."""
    import keras

    layers, regularizers = keras.layers, keras.regularizers
    carried = [regularizers.L2(0.05), regularizers.L1(0.1), regularizers.L2(0.02)] if penalised else [None] * 3
    hidden = layers.Dense(8, "tanh", kernel_regularizer=carried[0], bias_regularizer=carried[1])
    noise = [layers.Dropout(0.5)] if dropout else []
    output = layers.Dense(10, "softmax", kernel_regularizer=carried[2])
    model = keras.Sequential([keras.Input((6,)), hidden, *noise, output])
    model.set_weights([_fixed(w.shape, place) for place, w in enumerate(model.get_weights())])
    return model


def _fixed(shape: Sequence[int], place: int) -> Any:
    size = int(np.prod(shape))
    spread = 0.8 if len(shape) > 1 else 0.5
    return (np.sin(np.arange(size) * (place + 1.7)) * spread).reshape(shape).astype("float32")


def examples(model: Any) -> tuple[Any, Any]:
    """x (400, 6) and y (400,): mostly what the model answers."""
    x = np.cos(np.arange(IMAGES * 6) * 0.37).reshape(IMAGES, 6).astype("float32")
    y = np.asarray(model(x, training=False)).argmax(1)
    y[::7] = (y[::7] + 3) % 10
    return x, y.astype("int32")
