"""The group penalty of notebook 5_beyond: hidden kernels, its formula, and what mistakes make of it.

Group lasso (Yuan and Lin 2006, doi:10.1111/j.1467-9868.2005.00532.x) with one group per unit, the last axis of a
kernel: strength · Σ_j sqrt(Σ w[..., j]²).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call
from autograder.checks.values import close, number
from autograder.i18n import _

Array = NDArray[np.float64]
Formula = Callable[[Array, float], Any]
DEFAULT = 0.01  # the strength that the constructor takes when none is given


def dense_kernels(rng: np.random.Generator) -> list[list[Any]]:
    """Kernels of dense layers (inputs, units) with a strength."""
    return [[rng.normal(size=shape), strength] for shape, strength in (((5, 3), 0.3), ((784, 16), 0.02), ((6, 6), 1.7))]


def conv_kernels(rng: np.random.Generator) -> list[list[Any]]:
    """Kernels of convolutions (height, width, channels, filters) with a strength."""
    return [[rng.normal(size=(3, 3, 2, 4)), 0.3], [rng.normal(size=(5, 5, 3, 8)), 0.04]]


def round_trips(rng: np.random.Generator) -> list[list[Any]]:
    """A kernel of a dense layer with two strengths that are not the default."""
    w = rng.normal(size=(5, 3))
    return [[w, 0.3], [w.copy(), 2.5]]


def one_step(rng: np.random.Generator) -> list[list[Any]]:
    """A kernel of a dense layer and a strength; once, since Keras prepares each `fit` for a quarter of a second."""
    return round_trips(rng)[:1]


def keeps_strength(calls: Sequence[Call], name: str) -> bool:
    """Whether the penalties of `round_trips` go with their strengths, whatever the formula is."""
    (first, second), (small, large) = ([number(c.result, name) for c in calls], [c.arguments[1] for c in calls])
    return first > 0 and close(second, first * large / small)


def gradient(w: Array, strength: float) -> Array:
    """Of the penalty of a dense kernel: the weights of each unit, divided by their norm."""
    found: Array = strength * w / np.sqrt(np.sum(w**2, axis=0))
    return found


def penalty(w: Array, strength: float) -> float:
    """The group penalty; the last axis of w is that of the units."""
    return float(strength * np.sqrt(np.sum(w**2, axis=tuple(range(w.ndim - 1)))).sum())


def forgotten(w: Array, strength: float) -> float:
    """The penalty with the default strength instead of the one given."""
    return penalty(w, DEFAULT)


DENSE_MISTAKES: Mapping[str, Formula] = {
    _("You made a group of each row of the kernel: those weights leave an input. Which axis is the unit's?"): (
        lambda w, s: s * np.sqrt(np.sum(w**2, axis=1)).sum()
    ),
    _("Without a square root your penalty is L2: the size of a group is its norm, not the square of it."): (
        lambda w, s: s * np.sum(w**2)
    ),
    _("Your penalty is one norm of the whole kernel: each unit has a group, and a norm, of its own."): (
        lambda w, s: s * np.sqrt(np.sum(w**2))
    ),
    _("Your penalty is a mean over the units: the formula has a sum."): lambda w, s: penalty(w, s) / w.shape[-1],
    _("Inside the root of your penalty is a mean over the inputs: the formula has a sum."): (
        lambda w, s: penalty(w, s) / np.sqrt(len(w))
    ),
    _("Your penalty is L1: with a root for each weight by itself, no groups are left."): (
        lambda w, s: s * np.sum(np.abs(w))
    ),
    _("Your penalty does not depend on `strength`."): lambda w, s: penalty(w, 1.0),
    _("Your penalty always has the default strength: what does `__init__` keep of its argument?"): forgotten,
    _("Your penalty is half of the expected one: the formula has no factor before its sum but the strength."): (
        lambda w, s: penalty(w, s) / 2
    ),
}
CONV_MISTAKES: Mapping[str, Formula] = {
    _(
        "For the kernel of a convolution your inner sum goes over the first axis alone: to one filter belong all "
        "weights with the same place on the last axis."
    ): lambda w, s: s * np.sqrt(np.sum(w**2, axis=0)).sum(),
    _("For the kernel of a convolution your groups are parts of a filter: the input channels belong to it too."): (
        lambda w, s: s * np.sqrt(np.sum(w**2, axis=(0, 1))).sum()
    ),
    _("For the kernel of a convolution your groups go across the filters: which axis is the filter's?"): (
        lambda w, s: s * np.sqrt(np.sum(w**2, axis=(0, 1, 3))).sum()
    ),
    _("For the kernel of a convolution your groups are the places of the filters: which axis is the filter's?"): (
        lambda w, s: s * np.sqrt(np.sum(w**2, axis=-1)).sum()
    ),
}

NOT_WRITTEN = _("A method of `GroupLasso` is not written yet: replace `raise NotImplementedError()` by your code.")
NOT_FOUND = _(
    "Keras does not find your class when it reads the model again: a file holds only its name. Look again at how a "
    "class is registered."
)
VALUE_PROBLEMS = {"not written": NOT_WRITTEN}
NO_CONFIG = _("`get_config` of `GroupLasso` is not written yet: a class is built again from what it returns.")
KERAS_CONFIG = _(
    "For `GroupLasso`, Keras's own `get_config` is called, which knows no arguments and stops: yours has to return "
    "those of `__init__` itself."
)
FIT_PROBLEMS = {
    "not written": NOT_WRITTEN,
    "raised": _(
        "With `GroupLasso`, `fit` stops ({type}: {text}). There, kernels are symbols without values: compute with "
        "`keras.ops`, not with NumPy."
    ),
}
CONFIG_PROBLEMS = {
    "not written": NO_CONFIG,
    "does not implement get_config": KERAS_CONFIG,  # Keras's own word
    "not JSON serializable": _(
        "The configuration of `GroupLasso` holds something that cannot be written to a file ({text}): an ordinary "
        "number is needed there."
    ),
    "Could not locate class": NOT_FOUND,
    "raised": _(
        "From its configuration, `GroupLasso` cannot be built again ({type}: {text}). `get_config` has to give the "
        "arguments of `__init__`, by name."
    ),
}
FILE_PROBLEMS = {
    "not written": NO_CONFIG,
    "does not implement get_config": KERAS_CONFIG,
    "Could not locate class": NOT_FOUND,
    "could not be deserialized": NOT_FOUND,
    "raised": _("A model with `GroupLasso` cannot be saved and read again ({type}: {text})."),
}
