"""How far a model stands from the thresholds of its task, in standard deviations of what is graded: a median.

A grade looks at the median over PAIRS seeds. Its scatter is found by drawing PAIRS of the measured seeds again and
again (bootstrap); the chance of a wrong decision both by counting such draws and from the tail of a normal
distribution at the margin found.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from autograder.families.keras.runs import PAIRS, Comparison
from autograder.units.regularization.calibrate.reference_models import FULL, NOTHING, PART, Limit

DRAWS = 20_000
CONFIDENCE = 0.95
Sample = NDArray[np.float64]


class Spread(NamedTuple):
    """Of one quantity: mean and standard deviation over single seeds, standard deviation of the median of PAIRS."""

    mean: float
    single: float
    median: float


class Verdict(NamedTuple):
    """What a model's measured seeds say about its grade.

    `margin`: distance to the limit that decides, in standard deviations of the median; positive on the right side.
    `wrong`: share of the draws with another outcome than the expected one, `at_most` its upper 95 % bound for so many
    draws, `tail` the normal estimate with a standard deviation at its own upper 95 % bound.
    """

    spreads: Mapping[str, Spread]
    margin: float
    decided_by: str
    wrong: float
    at_most: float
    tail: float


def samples(comparison: Comparison) -> dict[str, Sample]:
    """Quantity → one value per pair of seeds."""
    return {
        "reduction": np.array(comparison.reductions),
        "crossentropy_ratio": np.array(comparison.crossentropy_ratios),
        "accuracy": np.array([run.accuracy for run in comparison.theirs]),
    }


def judge(found: Mapping[str, Sample], limits: Sequence[Limit], earns: str) -> Verdict:
    """The verdict on a model that should earn `earns`. `found`: see `samples`; at least two seeds."""
    seeds = len(found["reduction"])
    drawn = np.random.default_rng(0).integers(seeds, size=(DRAWS, PAIRS))
    medians = {name: np.median(values[drawn], axis=1) for name, values in found.items()}
    spreads = {n: Spread(float(v.mean()), float(v.std(ddof=1)), float(medians[n].std())) for n, v in found.items()}
    margin, decided_by = _margin(spreads, limits, earns)
    wrong = int(np.sum(outcomes(medians, limits) != earns)) if earns != PART else 0
    # the standard deviation is itself known from `seeds` values only: the margin may be smaller than measured
    tail = _normal_tail(margin / _largest_deviation(seeds))
    return Verdict(spreads, margin, decided_by, wrong / DRAWS, upper_bound(wrong, DRAWS), tail)


def outcomes(medians: Mapping[str, Sample], limits: Sequence[Limit]) -> NDArray[np.str_]:
    """What each draw earns: everything, a part or nothing."""
    full = np.logical_and.reduce([_beyond(medians[limit.quantity], limit.full, limit) for limit in limits])
    anything = np.logical_and.reduce([_beyond(medians[limit.quantity], limit.anything, limit) for limit in limits])
    return np.where(full, FULL, np.where(anything, PART, NOTHING))


def _beyond(values: Sample, threshold: float, limit: Limit) -> NDArray[np.bool_]:
    return values >= threshold if limit.upward else values <= threshold


def _margin(spreads: Mapping[str, Spread], limits: Sequence[Limit], earns: str) -> tuple[float, str]:
    """A right answer is as safe as its nearest limit, a wrong one as safe as the limit that stops it best."""
    found = []
    for limit in limits:
        spread = spreads[limit.quantity]
        distance = (spread.mean - (limit.full if earns == FULL else limit.anything)) * (1 if limit.upward else -1)
        found.append((distance / max(spread.median, 1e-9) * (1 if earns == FULL else -1), limit.quantity))
    return min(found) if earns == FULL else max(found)


def upper_bound(count: int, of: int) -> float:
    """Upper 95 % bound of a probability after `count` hits in `of` draws: Clopper and Pearson 1934, Biometrika 26.

    For no hit at all it is the rule of three, about 3/of.
    """
    return 1.0 if count >= of else float(stats.beta.ppf(CONFIDENCE, count + 1, of - count))


def _normal_tail(sigmas: float) -> float:
    return float(stats.norm.sf(sigmas))


def _largest_deviation(seeds: int) -> float:
    """By how much the true standard deviation may exceed one measured on so many seeds, at 95 %: √((n−1)/χ²)."""
    n = max(1, seeds - 1)
    return math.sqrt(n / float(stats.chi2.ppf(1 - CONFIDENCE, n)))
