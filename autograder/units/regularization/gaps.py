"""Grade a model by what it does to the validation gap, trained by us beside the given one.

A small gap alone proves nothing: a collapsed model has none. So a model whose cross-entropy on new images is above the
given model's earns nothing for its gap. New images are the hidden ones, of which learners have none; what learners see
is the gap to their validation images. The thresholds are confirmed in docs/calibration.md.
"""

import math
import statistics
from typing import NamedTuple

from autograder.checks.api import Credit, credit
from autograder.families.keras.runs import Comparison
from autograder.i18n import _
from autograder.units.regularization.classifiers import settled

MAX_RATIO = 1.0  # hidden cross-entropy, as a multiple of the given model's
CLEARLY_WORSE = 1.05  # what a penalty without effect does not come to by chance
SURE = 4.0  # standard deviations of a mean over the pairs so far: beyond, more pairs decide nothing else
SEVERAL = 2  # pairs: one may earn everything, but nobody is refused for a single training
RATIO_DEVIATION = 0.031  # of the ratio of one pair; the largest of docs/calibration.md but of models that collapse


class Reduction(NamedTuple):
    """Shares of the given model's gap that are gone: `none` earns nothing, `full` everything, linear in between.

    `ratio`: the largest hidden cross-entropy that earns anything, as a multiple of the given model's. `deviation`,
    `ratio_deviation`: of one pair, the largest of docs/calibration.md near a limit.
    """

    none: float
    full: float
    deviation: float
    ratio: float = MAX_RATIO
    ratio_deviation: float = RATIO_DEVIATION

    def decided(self, comparison: Comparison) -> bool:
        """Whether more pairs would not change what a comparison earns (docs/calibration.md).

        That is everything, or, after several pairs, nothing.
        """
        if comparison.collapsed:
            return True
        comparison = settled(comparison)
        room = SURE / math.sqrt(len(comparison.theirs))
        ratio, reduction = statistics.mean(comparison.crossentropy_ratios), statistics.mean(comparison.reductions)
        no_worse = ratio <= self.ratio - room * self.ratio_deviation
        worse = ratio >= self.ratio + room * self.ratio_deviation
        full, none = self.full + room * self.deviation, self.none - room * self.deviation
        if no_worse and reduction >= full:
            return True
        return len(comparison.theirs) >= SEVERAL and (worse or reduction <= none)


PENALTY = Reduction(0.10, 0.20, 0.015)
DROPOUT = Reduction(0.12, 0.20, 0.036)


NOT_FINITE = _(
    "Trained by us, your model comes to losses that are not finite (NaN or infinity): its numbers grow beyond what the "
    "computer can hold. Look for a strength, or a factor, that is far too large."
)
LEARNS_LESS = _(
    "Your model has a smaller gap because it learns less: on images it has never seen, its cross-entropy is {more:.1f} "
    "% above the given model's. A gap is worth something where this loss does not rise: regularize less."
)
WORSE = _(
    "Your model keeps nearly the whole gap of the given one, and on images it has never seen its cross-entropy is "
    "{more:.0f} % above the given model's: it makes things worse."
)
TOO_WEAK = _(
    "Your model keeps nearly the whole gap of the given one (change over our trainings: {change:+.0f} %): the "
    "regularization is too weak to show."
)
PARTLY = _("Your model reduces the gap by {reduction:.0f} %: it works, and a little more would be better.")


def gap_credit(comparison: Comparison, wanted: Reduction) -> Credit:
    """The share of the points that a comparison earns, with its curves. Losses are averaged over the last epochs."""
    comparison = settled(comparison)
    ratio, reduction, picture = comparison.crossentropy_ratio, comparison.reduction, comparison.picture()
    if comparison.collapsed:
        return credit(0, NOT_FINITE, picture=picture)
    if ratio > MAX_RATIO and reduction >= wanted.none:
        return credit(0, LEARNS_LESS, picture=picture, more=100 * (ratio - 1))
    if ratio > CLEARLY_WORSE:
        return credit(0, WORSE, picture=picture, more=100 * (ratio - 1))
    if ratio <= MAX_RATIO and reduction >= wanted.full:
        return credit(1, picture=picture)
    if ratio <= MAX_RATIO and reduction >= wanted.none:
        share = (reduction - wanted.none) / (wanted.full - wanted.none)
        return credit(share, PARTLY, picture=picture, reduction=100 * reduction)
    return credit(0, TOO_WEAK, picture=picture, change=-100 * reduction)
