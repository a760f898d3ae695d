"""Look at arrays that went through a learner's Dropout."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call, fail, require
from autograder.checks.values import numbers
from autograder.i18n import _

Array = NDArray[np.float64]
SIGMAS = 6.0  # a right answer leaves a bound of so many standard deviations less than once in 10⁸ times


def outputs(calls: Sequence[Call], name: str) -> list[Array]:
    """What the function returned for each call, as arrays of the input's shape; else the check fails."""
    return [numbers(call.result, call.arguments[0].shape, name) for call in calls]


def require_acting(calls: Sequence[Call], name: str) -> None:
    """In training the function changes its input: one that never does anything leaves it alone everywhere."""
    changed = any((out != call.arguments[0]).any() for call, out in zip(calls, outputs(calls, name), strict=True))
    require(changed, _("In training your function changes nothing: what becomes of a part of the units then?"))


def require_some_dropped(*dropped: Array) -> None:
    """In each call some units are dropped, and not all of them. `dropped`: True where a value was put to zero."""
    require(
        all(mask.any() and not mask.all() for mask in dropped),
        _("In one of our calls in training your function drops all units or none: is a number drawn for each of "
          "them?"),
    )  # fmt: skip


def require_own_units(mask: Array) -> None:
    """Each unit of each example is dropped on its own. `mask`: True where a value was put to zero, (n, units)."""
    require_some_dropped(mask)
    require(
        not (mask == mask[:1]).all(),
        _("All examples of a batch lose the same units: each of them should get its own mask. Look at the shape "
          "of the random numbers."),
    )  # fmt: skip
    require(
        not (mask == mask[:, :1]).all(),
        _("An example loses all of its units or none: each unit should be dropped on its own. Look at the shape "
          "of the random numbers."),
    )  # fmt: skip


def require_share(mask: Array, rate: float) -> None:
    """The share of zeros fits the rate, within the spread of a binomial distribution. `mask` as above.

    Where examples or units share their draws, only those that were made count.
    """
    drawn = mask[:1] if (mask == mask[:1]).all() else mask[:, :1] if (mask == mask[:, :1]).all() else mask
    found, count = float(drawn.mean()), drawn.size
    if within(found, rate, count):
        return
    if within(found, 1 - rate, count):
        fail(_("With rate {rate:g}, your function drops {found:.0f} % of the units: is the rate the probability of "
               "dropping a unit, or of keeping it?"), rate=rate, found=100 * found)  # fmt: skip
    fail(_("With rate {rate:g}, your function drops {found:.0f} % of the units: the rate is the share that is to be "
           "dropped."), rate=rate, found=100 * found)  # fmt: skip


def within(found: float, share: float, count: int) -> bool:
    """Whether a share seen among `count` draws fits a probability."""
    return abs(found - share) <= SIGMAS * math.sqrt(max(share * (1 - share), 1e-12) / count) + 1.0 / count


def factor(out: Array, x: Array) -> float:
    """The factor between survivors and input; the check fails when it is not one number for all of them."""
    kept = out != 0
    ratio = out[kept] / x[kept]
    require(
        ratio.size and np.ptp(ratio) <= 1e-3 * abs(ratio).max(),
        _("The units that survive should all be multiplied by one and the same factor: yours are not."),
    )
    return float(ratio.mean())


def require_factor(found: float, rate: float) -> None:
    """Survivors are divided by 1 − rate, so that the mean is kept."""
    if math.isclose(found, 1 / (1 - rate), rel_tol=1e-4):  # the share that a mask happens to keep is further away
        return
    text = _("With rate {rate:g}, the units that survive are multiplied by {found:.3g}: compare with the formula, "
             "whose factor depends on the rate alone.")  # fmt: skip
    if math.isclose(found, 1.0, rel_tol=1e-3):
        text = _("The units that survive keep their values, so the sum that the next layer sees shrinks: what makes up "
                 "for the units that are missing?")  # fmt: skip
    elif math.isclose(found, 1 / rate, rel_tol=1e-3):
        text = _(
            "The units that survive are divided by the rate: which probability should make up for the missing ones?"
        )
    elif math.isclose(found, 1 - rate, rel_tol=1e-3):
        text = _("The units that survive are multiplied by the probability of keeping them: the mean shrinks twice.")
    fail(text, found=found, rate=rate)


def require_identity(out: Array, x: Array, rate: float) -> None:
    """At inference nothing changes."""
    if np.allclose(out, x, rtol=1e-5, atol=1e-8):
        return
    for scale in (1 - rate, rate, 1 / (1 - rate)):
        require(
            not np.allclose(out, scale * x, rtol=1e-3),
            _("At inference your function scales its input: inverted Dropout has done that in training already."),
        )
    require(
        (out == 0).sum() <= (x == 0).sum(),
        _("At inference your function still drops units: what is the argument `training` for?"),
    )
    fail(_("At inference your function changes its input: what comes out should be what went in."))


def same_mask(first: Array, second: Array) -> bool:
    """Whether two outputs have their zeros in the same places."""
    return bool(np.array_equal(first == 0, second == 0))


def random_input(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """An array without zeros, of both signs."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2.0, shape)
