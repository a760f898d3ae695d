"""Checks of notebook 1_gap: the validation gap, measured, read off curves, and made smaller."""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls

import math

import numpy as np

from autograder.checks.api import Task, credit, fail, kind_of, require
from autograder.checks.values import close, number, numbers
from autograder.families.keras import models
from autograder.families.keras.runs import PAIRS, Comparison
from autograder.i18n import _
from autograder.units.regularization.classifiers import require_classifier
from autograder.units.regularization.facts import MOST_PARAMETERS
from autograder.units.regularization.gap.curves import (
    LABELS,
    QUANTITIES,
    epoch_sentence,
    given_curves,
    hidden_history,
    label_sentence,
)
from autograder.units.regularization.gap.modes import (
    hidden_models,
    require_inference_mode,
    require_training_mode,
    require_two_numbers,
)
from autograder.units.regularization.gaps import NOT_FINITE, SEVERAL, SURE
from autograder.units.regularization.given import given_config

# --- gap -------------------------------------------------------------------------------------------------------------

gap = Task("gap", lesson="gap-lesson")


gaps = gap.call("validation_gap", lambda rng: [[hidden_history(rng, n, n == 7)] for n in (1, 7, 30)])


@gap.check(points=1)
def one_value_per_epoch(gaps):
    """The function returns one value for each epoch."""
    single = [_is_single(c.result) for c in gaps if c.result is not None]
    require(
        not single or not all(single),
        _("`validation_gap` returns one number for a whole history: the gap is asked for every epoch."),
    )
    found = [numbers(c.result, (len(c.arguments[0].history["loss"]),), "validation_gap") for c in gaps]
    require(
        max(np.ptp(values) for values in found) > 0,
        _("`validation_gap` returns the same number for every epoch."),
    )


def _is_single(value):
    return (len(value) if isinstance(value, list) else np.size(value)) == 1


def _same(gaps, formula, sign=lambda v: v):
    histories = [{k: np.array(v) for k, v in call.arguments[0].history.items()} for call in gaps]
    found = [numbers(c.result, (len(h["loss"]),), "validation_gap") for c, h in zip(gaps, histories, strict=True)]
    return all(close(sign(f), sign(formula(h))) for f, h in zip(found, histories, strict=True))


def _gap(history):
    return history["val_crossentropy"] - history["crossentropy"]


@gap.check(points=1, after=one_value_per_epoch)
def comparable_quantities(gaps):
    """The gap is made of the two losses that can be compared, also for a model with a penalty."""
    if _same(gaps, _gap, np.abs):
        return
    for sentence, formula in QUANTITIES.items():
        if _same(gaps, formula, np.abs):
            fail(sentence)
    fail(_("The values of `validation_gap` are not the gap of the formula: look at each of its two terms again."))


@gap.check(points=1, after=comparable_quantities)
def sign_of_the_gap(gaps):
    """The gap has the right sign."""
    require(
        not _same(gaps, lambda h: -_gap(h)),
        _("The sign is the opposite one: a model that overfits must have a positive gap."),
    )
    require(
        _same(gaps, _gap),
        _("The sign of the gap is lost: in the first epochs validation can be the better of the two, and shows it."),
    )


# --- diagnose --------------------------------------------------------------------------------------------------------

diagnose = Task("diagnose", lesson="diagnose-lesson")
labels = diagnose.value("diagnosis")
epochs = diagnose.value("best_epoch")


def _entries(found, name):
    """The learner's five entries in the order of LABELS."""
    require(
        isinstance(found, dict),
        _("`{name}` should be a dictionary, but it is: {kind}."),
        name=name,
        kind=kind_of(found),
    )
    missing = [curve for curve in LABELS if curve not in found]
    require(not missing, _("`{name}` has no entry for: {curves}."), name=name, curves=", ".join(missing))
    return [found[curve] for curve in LABELS]


@diagnose.check(points=2)
def what_the_curves_show(labels):
    """Each curve is told apart: underfitting, overfitting or a good fit."""
    found = [v.strip().lower() if isinstance(v, str) else v for v in _entries(labels, "diagnosis")]
    require(
        all(v in ("underfit", "overfit", "good") for v in found if isinstance(v, str))
        and all(isinstance(v, str) for v in found),
        _('The labels are "underfit", "overfit" and "good", written like this.'),
    )
    wrong = [(f, r) for f, r in zip(found, LABELS.values(), strict=True) if f != r]
    if not wrong:
        return None
    sentence = label_sentence(found, wrong)
    return credit(0.5, sentence) if len(wrong) == 1 else fail(sentence)


@diagnose.check(points=2)
def best_epochs(epochs):
    """The best epoch of each curve is found, counted as in `history.epoch`; one epoch to either side is accepted."""
    found = np.array([number(v, "best_epoch") for v in _entries(epochs, "best_epoch")])
    require(
        (found == np.round(found)).all(),
        _("`best_epoch` holds values that are not whole: did you keep the loss itself instead of its epoch?"),
    )
    curves = given_curves()
    right = np.array([np.argmin(c["val_crossentropy"]) for c in curves])
    require(
        not (found == right + 1).all(),
        _("All your epochs come one too late: with which number does `history.epoch` begin?"),
    )
    near = np.abs(found - right) <= 1
    if near.all():
        return None
    sentence = epoch_sentence(found, curves)
    return credit(0.5, sentence) if near.sum() == len(near) - 1 else fail(sentence)


# --- capacity --------------------------------------------------------------------------------------------------------

# Measured with 5 seeds (held-out accuracy, gap): Dense 8 to 24 and a small convolution 0.80..0.83, 0.26..0.50; no
# hidden layer 0.81..0.82, 0.25..0.27; Dense 2 0.29..0.65; Dense 1 0.10..0.30; the large model 0.82..0.83, 0.83..0.89.
FLOOR = 0.75
DEVIATION = 0.05  # of the reduction of one pair; the largest of docs/calibration.md

capacity = Task("capacity", lesson="capacity-lesson")
small = capacity.model("build_small_model")


@capacity.check(points=1)
def few_parameters(small):
    """The model is a classifier of the images with at most 20,000 parameters."""
    model = models.rebuilt(small, "build_small_model")
    require_classifier(model, "build_small_model")
    require(
        model.count_params() <= MOST_PARAMETERS,
        _(
            "Your model has {found:,} parameters, more than {most:,}. Count them layer by layer, (n + 1) × m for a "
            "dense one: which layer has the most?"
        ),
        found=model.count_params(),
        most=MOST_PARAMETERS,
    )


@capacity.check(points=2, after=few_parameters)
def learns(small, trainer):
    """Trained by us, the model recognises at least 75 % of images it has never seen."""
    runs = trainer.runs(models.config_of(small))
    require(not any(run.collapsed for run in runs), NOT_FINITE)
    accuracy = float(np.median([run.accuracy for run in runs]))
    require(
        accuracy >= FLOOR,
        _(
            "Your model has few parameters, but it learns little: {accuracy:.0f} % of new images are recognised, and "
            "its training cross-entropy stays at {train:.2f}. That is underfitting: look at what was made too small."
        ),
        accuracy=100 * accuracy,
        train=float(np.median([run.train for run in runs])),
    )


def _compared(small, trainer):
    """With the large model, for as many pairs as it takes to see which of the gaps is the smaller one."""
    large, theirs = given_config((512, 512), flat=False), trainer.runs(models.config_of(small))
    for pairs in range(1, PAIRS + 1):
        comparison = Comparison(trainer.runs(large, pairs=pairs), theirs[:pairs])
        reduction, clear = np.mean(comparison.reductions), SURE * DEVIATION / math.sqrt(pairs)
        if reduction >= clear or (pairs >= SEVERAL and reduction <= -clear):
            break
    return comparison


@capacity.check(points=1, after=learns)
def smaller_gap(small, trainer):
    """Its validation gap is smaller than the large model's."""
    comparison = _compared(small, trainer)
    if comparison.reduction > 0:
        return credit(1, picture=comparison.picture())
    return credit(
        0,
        _(
            "Your model overfits no less than the large one: its gap is {theirs:.2f}. Where in your model could images "
            "still be learnt by heart?"
        ),
        picture=comparison.picture(),
        theirs=float(np.median([run.gap for run in comparison.theirs])),
    )


# --- eval_mode -------------------------------------------------------------------------------------------------------

eval_mode = Task("eval_mode", lesson="eval_mode-lesson")


modes = eval_mode.call("compare_modes", hidden_models)


@eval_mode.check(points=1)
def inference_mode(modes):
    """The second number is the cross-entropy in inference mode, without penalty."""
    require_inference_mode(modes)


@eval_mode.check(points=2)
def training_mode(modes):
    """The first number is the cross-entropy in training mode, without penalty."""
    require_training_mode(modes)


@eval_mode.check(points=1)
def model_unchanged(modes):
    """The function only looks at the model: weights and layers stay as they are."""
    require_two_numbers(modes)
    require(
        all(call.unchanged[0] is True for call in modes),
        _("After your function, the model's weights or layers are not the same: it is only to look at the model."),
    )
