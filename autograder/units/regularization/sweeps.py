"""Look at a learner's sweep: a dict from a strength to the validation loss it gave, and the strength chosen."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.api import fail, kind_of, require
from autograder.checks.values import LARGEST
from autograder.families.keras.runs import Run
from autograder.i18n import _
from autograder.units.regularization.classifiers import SETTLED

SMALLEST = 3  # values in a sweep
SPREAD = 4  # of its values that are looked at where its lowest loss is at an end, or that of several
FIRST, SEVERAL = 1, 2  # trainings of ours for one value of a sweep: the second where the first does not decide
# relative difference between two trainings of one model that is put down to chance: of a loss that is averaged over the
# last epochs, five standard deviations (docs/calibration.md)
NEAR = 0.15
NEAR_COLLAPSE = 0.6  # the same where Dropout leaves so little that one training learns and the next does not
COLLAPSING = 0.6  # from this rate on
CLEARLY = 0.19  # by so much, in logarithms, a sweep is not above ours by chance: five standard deviations
SECOND = 0.1  # by so much, in logarithms, the second trainings do not move ours: six standard deviations
Sweep = dict[float, float]
Train = Callable[[float, int], Sequence[Run]]  # so many trainings of ours with a strength


def sweep(value: Any, name: str, least: int = SMALLEST) -> Sweep:
    """A dict strength → loss with at least so many entries, out of what a learner wrote; else the check fails."""
    require(isinstance(value, dict), _("`{name}` should be a dict, but it is: {kind}."), name=name, kind=kind_of(value))
    found = {_real(k): _real(v) for k, v in value.items()}
    require(
        not any(math.isnan(n) for pair in found.items() for n in pair),
        _("`{name}` should hold numbers: the strengths as keys, the losses of the validation as values."),
        name=name,
    )
    require(
        len(found) >= least,
        _("Entries of `{name}`: {count}. To see where the best one lies, it takes at least {least}."),
        name=name,
        count=len(found),
        least=least,
    )
    return found


def chosen(value: Any, found: Sweep, name: str) -> float:
    """The key of the sweep that a learner chose; else the check fails."""
    best = _real(value)
    require(not math.isnan(best), _("`{name}` should be a number, but it is: {kind}."), name=name, kind=kind_of(value))
    key = min(found, key=lambda k: abs(k - best))
    require(
        math.isclose(key, best, rel_tol=1e-4, abs_tol=1e-12),
        _("`{name}` is {best:.4g}, which is not one of the values that you tried."),
        name=name,
        best=best,
    )
    return key


def require_minimum(best: float, found: Sweep, name: str, weaker: str) -> None:
    """The chosen strength has the lowest loss of the sweep. `weaker`: the sentence when a weaker one was chosen."""
    if best in _lowest(found):
        return
    require(best > min(found, key=lambda k: found[k]), weaker, name=name)
    fail(_("`{name}` = {best:.4g} is not where your own sweep is lowest: look at the values again."),
         name=name, best=best)  # fmt: skip


def _lowest(found: Sweep) -> list[float]:
    """The strengths with the lowest loss; several where their losses are equal but for rounding."""
    lowest = min(found.values())
    return [key for key, loss in found.items() if loss <= lowest + 1e-6 * abs(lowest)]


def require_inside(best: float, found: Sweep, name: str) -> None:
    """The chosen strength has neighbours on both sides: at an end of the sweep, the lowest loss may lie beyond it."""
    require(
        best > min(found),
        _("`{name}` = {best:.4g} is the smallest value of your sweep, so the best one may be smaller still. The "
          "training loss, and any loss with the penalty inside, always speak for the smallest: by which loss did you "
          "choose?"),
        name=name,
        best=best,
    )  # fmt: skip
    require(
        best < max(found),
        _("`{name}` = {best:.4g} is the largest value of your sweep, so the best one may be larger still: go on until "
          "the loss rises again."),
        name=name,
        best=best,
    )  # fmt: skip


def same_strength(found: float, wanted: float) -> bool:
    """Whether a strength measured on a model is the one that a learner wrote down."""
    return math.isclose(found, wanted, rel_tol=1e-2, abs_tol=1e-9)


def require_swept(strengths: Sequence[float], found: Sweep, chosen_one: Any) -> list[float]:
    """Those of a model's strengths that are in its sweep, the chosen one first; else the check fails."""
    best = _real(chosen_one)
    swept = [s for s in strengths if any(same_strength(s, key) for key in found)]
    require(
        swept,
        _("Your model carries λ = {found:.3g}, which is not one of the values that you tried: the model to hand in is "
          "one of your sweep."),
        found=strengths[0],
    )  # fmt: skip
    return sorted(swept, key=lambda s: not same_strength(s, best))


def near(found: float, runs: Sequence[Run], of: Callable[[Run], float]) -> bool:
    """Whether a loss may be this number of one of our trainings, but for chance."""
    return any(abs(found - of(run)) <= NEAR * of(run) + 0.03 for run in runs)


def plausible(found: float, runs: Sequence[Run], chance: float = NEAR) -> bool:
    """Whether `found` may be the held-out cross-entropy of this model, of the last epochs or of its best one."""
    lowest = min(min(run.held_out_curve) for run in runs)
    highest = max(max(run.held_out_curve[-SETTLED:]) for run in runs)
    return lowest * (1 - chance) <= found <= highest * (1 + chance)


def decisive(found: Sweep) -> list[float]:
    """The strengths at which a sweep is looked at: both ends and the one with the lowest loss, in their order.

    The ends tell most of a loss with the penalty in it, or of a rate taken for its opposite. Where the lowest loss is
    at an end, or that of several, of which any may be chosen: four values from the smallest to the largest.
    """
    keys, (lowest, *others) = sorted(found), _lowest(found)
    if not others and keys[0] < lowest < keys[-1]:
        return [keys[0], lowest, keys[-1]]
    return [keys[i] for i in sorted({round(i) for i in np.linspace(0, len(keys) - 1, SPREAD)})]


def require_lambdas_found_again(found: Sweep, candidates: Sequence[Train]) -> None:
    """The losses of a sweep over λ are those that our trainings give: on new images, and without the penalty.

    `candidates`: how the model is trained with a λ, for each way in which its penalty may depend on it.
    """
    picked = decisive(found)
    for count, doubt in ((FIRST, SECOND), (SEVERAL, 0.0)):
        for train in candidates:
            runs = {lam: train(lam, count) for lam in picked}
            if _without_penalty(found, runs, doubt):
                return
    runs = {lam: candidates[0](lam, SEVERAL) for lam in picked}
    lost = [lam for lam in picked if not plausible(found[lam], runs[lam])] or picked
    require(
        not all(near(found[lam], runs[lam], lambda run: run.train) for lam in lost),
        _("The values in `{name}` are losses on the training images: those always speak for the weakest penalty."),
        name="val_losses",
    )
    require(
        not all(near(found[lam], runs[lam], _penalised) for lam in lost),
        _("The values in `{name}` still contain the penalty. It grows with λ by itself, so this loss cannot "
          "compare two strengths: compare what is lost on the data alone, averaged over the last ten epochs."),
        name="val_losses",
    )  # fmt: skip
    fail(_("With λ = {lam:g}, training the model again does not give the loss that you have in your sweep: which entry "
           "of the history did you keep, of which epochs, of which model?"),
         lam=lost[0])  # fmt: skip


def _penalised(run: Run) -> float:
    return run.held_out + run.penalty


def _without_penalty(found: Sweep, runs: Mapping[float, Sequence[Run]], doubt: float = 0.0) -> bool:
    """Whether all losses are plausible, and no nearer to ours with the penalty than to ours without.

    In logarithms: by how much the sweep lies above ours, along what the penalty would add. `doubt`: by how much more
    trainings may move this. What is plausible beside some stays so beside more.
    """
    if not all(plausible(found[lam], runs[lam]) for lam in runs):
        return False
    ours = np.array([np.mean([settled_loss(run) for run in trained]) for trained in runs.values()])
    penalty = np.array([np.mean([run.penalty for run in trained]) for trained in runs.values()])
    added = np.log1p(penalty / ours)
    length = float(np.linalg.norm(added))
    above = float(np.log(np.array([found[lam] for lam in runs]) / ours) @ added)
    return above <= length * (max(CLEARLY, length / 2) - doubt)


def settled_loss(run: Run) -> float:
    """The held-out cross-entropy that tasks ask for: the average of the last epochs."""
    return float(np.mean(run.held_out_curve[-SETTLED:]))


def require_rates_found_again(found: Sweep, train: Train) -> None:
    """The losses of a sweep over rates are those that our trainings give."""

    def fits(loss: float, rate: float, count: int) -> bool:
        return plausible(loss, train(rate, count), NEAR_COLLAPSE if rate > COLLAPSING else NEAR)

    lost = [rate for rate in decisive(found) if not any(fits(found[rate], rate, n) for n in (FIRST, SEVERAL))]
    if not lost:
        return
    require(
        not all(rate > 0 and fits(found[rate], 1 - rate, SEVERAL) for rate in lost),
        _("Your values are those of models in which the rate is the share of units that *stay*. What does Keras take "
          "it for?"),
    )  # fmt: skip
    require(
        not all(near(found[rate], train(rate, SEVERAL), lambda run: run.train) for rate in lost),
        _("Your values are losses on the training images: those always speak for little Dropout."),
    )
    fail(_("With rate {rate:g}, training the model again does not give the loss that you have in your sweep: which "
           "entry of the history did you keep, of which epochs, of which model?"),
         rate=lost[0])  # fmt: skip


def _real(value: Any) -> float:
    """A finite number of a usable size, or NaN."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
        value = value.reshape(-1)[0].item()
    if isinstance(value, str):  # a key that is a NumPy scalar comes as text
        try:
            value = float(value)
        except ValueError:
            return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        return math.nan
    return float(value)
