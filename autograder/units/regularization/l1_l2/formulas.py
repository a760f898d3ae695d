"""The formulas of notebook 2_l1_l2, and what a learner's function gives when a usual mistake is in them.

Each `…_MISTAKES`: the sentence for the learner → what a function with this mistake returns.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.values import Formula
from autograder.i18n import _

Array = NDArray[np.floating[Any]]

HALF = _("Your penalty is half of the expected one: look at the factor before the sum.")
MEAN = _("Your penalty does not grow with the number of weights: is it a mean or a sum?")
ROOT = _("Your penalty is the square root of a sum of squares, the length of the vector: look at the formula again.")
MINUS = _("Weights of opposite signs cancel out in your sum: what does L1 do with a negative weight?")
ROWS = _("Your penalty is divided by the number of rows of `w`, as in texts that divide by the number of examples.")
TWICE_ROWS = _("Your penalty is divided by twice the number of rows of `w`: other texts write λ/2m. And Keras?")
FIRST_ROW = _("Your sum leaves out the first row of `w`, as if it were a bias: `w` is a kernel, and all of it counts.")
FIRST_COLUMN = _("Your sum leaves out a column of `w`, as if it were a bias: `w` is a kernel, and all of it counts.")
LAST_ROW = _("Your sum leaves out the end of `w`, as if a bias were there: `w` is a kernel, and all of it counts.")
EXTRA = _("Your penalty counts more than the kernel `w`, as if a bias of 1 were in it: biases are not penalised here.")


def l1(w: Array, lam: float) -> float:
    """λ·Σ|w|, as `keras.regularizers.L1`."""
    return float(lam * np.sum(np.abs(w)))


def l2(w: Array, lam: float) -> float:
    """λ·Σw², as `keras.regularizers.L2`: without the factor ½ of other texts."""
    return float(lam * np.sum(w**2))


def l1_l2(w: Array, lam1: float, lam2: float) -> float:
    """λ₁·Σ|w| + λ₂·Σw², as `keras.regularizers.L1L2`."""
    return l1(w, lam1) + l2(w, lam2)


def _of_one(right: Formula) -> dict[str, Formula]:
    """The mistakes that L1 and L2 share."""
    return {
        HALF: lambda w, lam: right(w, lam) / 2,
        MEAN: lambda w, lam: right(w, lam) / w.size,
        ROWS: lambda w, lam: right(w, lam) / len(w),
        TWICE_ROWS: lambda w, lam: right(w, lam) / (2 * len(w)),
        ROOT: lambda w, lam: lam * np.sqrt(np.sum(w**2)),
        FIRST_ROW: lambda w, lam: right(w[1:], lam),
        FIRST_COLUMN: lambda w, lam: right(w[..., 1:], lam),
        LAST_ROW: lambda w, lam: right(w[:-1], lam),
        EXTRA: lambda w, lam: right(w, lam) + lam,
        _("Your penalty does not depend on λ."): lambda w, lam: right(w, 1.0),
    }


L1_MISTAKES: Mapping[str, Formula] = {
    _("You take the absolute value after the sum: weights of opposite signs have cancelled out by then."):
        lambda w, lam: lam * abs(np.sum(w)),
    MINUS: lambda w, lam: lam * np.sum(w),
    _("Your L1 penalty squares the weights: that is L2."): l2,
    **_of_one(l1),
}  # fmt: skip
L2_MISTAKES: Mapping[str, Formula] = {
    _("Your L2 penalty sums the absolute values: that is L1."): l1,
    _("You take the square after the sum: weights of opposite signs have cancelled out by then."):
        lambda w, lam: lam * np.sum(w) ** 2,
    _("In your penalty λ is squared with the weights: what does the formula square?"):
        lambda w, lam: np.sum((lam * w) ** 2),
    **_of_one(l2),
}  # fmt: skip
BOTH_MISTAKES: Mapping[str, Formula] = {
    _("The two coefficients have changed places: `l1` belongs to the absolute values."):
        lambda w, lam1, lam2: l1_l2(w, lam2, lam1),
    _("Your penalty has the L1 part only."): lambda w, lam1, lam2: l1(w, lam1),
    _("Your penalty has the L2 part only."): lambda w, lam1, lam2: l2(w, lam2),
    HALF: lambda w, lam1, lam2: l1_l2(w, lam1, lam2) / 2,
    _("The L2 part of your penalty is half of the expected one: look at the factor before its sum."):
        lambda w, lam1, lam2: l1_l2(w, lam1, lam2 / 2),
    MEAN: lambda w, lam1, lam2: l1_l2(w, lam1, lam2) / w.size,
    MINUS: lambda w, lam1, lam2: lam1 * np.sum(w) + l2(w, lam2),
    ROOT: lambda w, lam1, lam2: l1(w, lam1) + lam2 * np.sqrt(np.sum(w**2)),
}  # fmt: skip


def near_zero_share(model: Any, eps: float) -> float:
    """The share of the weights of all kernels together whose size is below eps."""
    return float(np.mean(np.abs(_weights(model)) < eps))


def _weights(model: Any, dimensions: int = 2) -> Array:
    """All weights of arrays with at least so many dimensions: 2 leaves the biases out."""
    return np.concatenate([w.ravel() for w in model.get_weights() if w.ndim >= dimensions])


SHARE_MISTAKES: Mapping[str, Formula] = {
    _("Your share counts the biases too: the task looks at kernels only."):
        lambda model, eps: np.mean(np.abs(_weights(model, 1)) < eps),
    _("Your share counts only weights that are exactly zero: with gradient descent there are few of them. "
      "What is `eps` for?"): lambda model, eps: np.mean(_weights(model) == 0),
    _("Your share counts large negative weights as near zero: compare sizes, not signed values."):
        lambda model, eps: np.mean(_weights(model) < eps),
    _("Your share is that of the weights that are *not* near zero."):
        lambda model, eps: 1 - near_zero_share(model, eps),
    _("Your function returns a percentage: a share lies between 0 and 1."):
        lambda model, eps: 100 * near_zero_share(model, eps),
    _("Your function returns a count: divide it by the number of weights."):
        lambda model, eps: near_zero_share(model, eps) * _weights(model).size,
    _("Your function averages the shares of the layers: a small kernel then counts as much as a large one."):
        lambda model, eps: np.mean([np.mean(np.abs(w) < eps) for w in model.get_weights() if w.ndim > 1]),
    _("Your share looks at the first kernel only."):
        lambda model, eps: np.mean(np.abs(model.get_weights()[0]) < eps),
}  # fmt: skip
