"""Checks of notebook 4_challenge: early stopping, weight decay, and a model to be put right."""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls

import math

import numpy as np

from autograder.checks.api import Task, credit, fail, kind_of, require
from autograder.families.keras import models
from autograder.i18n import _
from autograder.units.regularization.challenge import decay, in_use, stopping
from autograder.units.regularization.classifiers import require_classifier, settled, trainable_parameters
from autograder.units.regularization.facts import LEAST_PARAMETERS, STEPS
from autograder.units.regularization.gaps import NOT_FINITE, Reduction
from autograder.units.regularization.given import given_config
from autograder.units.regularization.penalties import require_active

# --- stop_early ------------------------------------------------------------------------------------------------------

stop_early = Task("stop_early", lesson="stop_early-lesson")
callback = stop_early.call("early_stopping", lambda rng: [[]])


@stop_early.check(points=0.5)
def is_early_stopping(callback):
    """The function returns Keras's callback for early stopping."""
    found = stopping.settings(callback[0].result)
    for name in ("patience", "min_delta", "baseline"):
        stopping.setting(found, name, 0)


@stop_early.check(points=1, after=is_early_stopping)
def quantity_watched(callback):
    """It watches the validation cross-entropy without the penalty."""
    stopping.require_quantity(stopping.settings(callback[0].result))


@stop_early.check(points=1, after=is_early_stopping)
def patience(callback):
    """It waits for as many epochs as asked, no fewer and no more."""
    found = stopping.setting(stopping.settings(callback[0].result), "patience", 0)
    require(
        found >= stopping.PATIENCE[0],
        _("Your patience is {found:.0f}: a single chance fluctuation of the curve ends the training."),
        found=found,
    )
    require(
        found <= stopping.PATIENCE[-1],
        _("Your patience is {found:.0f}: that is more epochs of waiting than the task allows."),
        found=found,
    )


@stop_early.check(points=1, after=is_early_stopping)
def best_weights(callback):
    """In the end the model has the weights of its best epoch."""
    require(
        stopping.is_true(stopping.settings(callback[0].result).get("restore_best_weights")),
        _(
            "Your callback stops the training, but leaves the model with its last weights, from epochs after the best "
            "one: look for the argument that brings the best ones back."
        ),
    )


@stop_early.check(points=0.5, after=quantity_watched)
def stops_in_time(callback):
    """On a history of ours it stops after the best epoch, and keeps this epoch."""
    found = stopping.settings(callback[0].result)
    last, kept = stopping.run(found, stopping.history())
    require(
        kept == stopping.BEST or stopping.word(found, "mode") != "max",
        _("Your callback waits for the cross-entropy to rise: in which direction does a loss improve?"),
    )
    require(
        last < stopping.LENGTH - 1,
        _("On a history of ours your callback never stops: look at its arguments beyond quantity and patience."),
    )
    require(
        kept == stopping.BEST,
        _(
            "On a history of ours your callback stops, but does not take the epoch with the lowest value for the best "
            "one: look at its arguments beyond quantity and patience."
        ),
    )
    require(
        last - stopping.BEST >= stopping.PATIENCE[0],
        _("On a history of ours your callback stops sooner than its patience says: another argument cuts it short."),
    )


# --- adamw -----------------------------------------------------------------------------------------------------------

adamw = Task("adamw", lesson="adamw-lesson")
steps = adamw.call("one_step", decay.hidden_steps)
same = adamw.value("same_for_adam")


def _calls(steps, decoupled):
    return [c for c in steps if c.arguments[4] is decoupled and not decay.no_penalty(c)]


def _swapped(steps):
    """Both formulas are right, each in the other's place."""
    return decay.all_close(_calls(steps, False), decay.keras_decoupled) and decay.all_close(
        _calls(steps, True), decay.keras_l2
    )


@adamw.check(points=0.5)
def plain_step(steps):
    """Without a penalty, both ways are a step of gradient descent."""
    plain = [c for c in steps if decay.no_penalty(c)]
    if decay.all_close(plain, lambda w, g, lr, lam: -lr * g):
        return
    fail(
        decay.mistake(plain, decay.PLAIN_MISTAKES)
        or _("With λ = 0 your function does not take the step of gradient descent: what remains of the formula then?")
    )


@adamw.check(points=0.5, after=plain_step)
def arrays_kept(steps):
    """The given arrays stay as they are, and a new one is returned."""
    require(
        all(c.unchanged[0] and c.unchanged[1] for c in steps),
        _("Your function changes the arrays that it is given: compute a new one, without operations in place."),
    )


@adamw.check(points=1, after=plain_step)
def penalty_in_the_loss(steps):
    """With the penalty in the loss, the step is the one of Keras's SGD with L2."""
    calls = _calls(steps, False)
    require(not _swapped(steps), _("The two ways have changed places: look at what `decoupled` says."))
    if decay.all_close(calls, decay.keras_l2):
        return
    fail(
        decay.mistake(calls, decay.L2_MISTAKES)
        or _(
            "With the penalty in the loss, your step is not the one of gradient descent: what is the gradient of "
            "the sum?"
        )
    )


@adamw.check(points=1, after=plain_step)
def decoupled_decay(steps):
    """With decoupled decay, the step is the one of Keras's SGD and AdamW with `weight_decay`."""
    # taken for one another, both are known: what is lost for that is lost in the check before
    if _swapped(steps) or decay.all_close(_calls(steps, True), decay.keras_decoupled):
        return
    calls = _calls(steps, True)
    still = [c for c in calls if not c.arguments[1].any()]
    sentence = decay.mistake(calls, decay.DECOUPLED_MISTAKES)
    require(
        sentence or not all(_no_step(decay.step(c)) for c in still),
        _("Where the gradient is 0 your weights do not decay: what is it that decoupled decay does not depend on?"),
    )
    fail(
        sentence or _("With decoupled decay, your step is not the one of Keras: look at what is taken from w, and how.")
    )


def _no_step(values):
    return bool(np.abs(values).max() < 1e-9)


@adamw.check(points=1)
def two_ways_with_adam(same):
    """Whether both ways are the same for Adam."""
    if isinstance(same, np.ndarray) and same.size == 1 and same.dtype == bool:
        same = bool(same.reshape(-1)[0])
    require(
        isinstance(same, bool), _("`same_for_adam` should be True or False, but it is: {kind}."), kind=kind_of(same)
    )
    require(
        not same,
        _(
            "Adam divides the gradient by an estimate of its size. Which of the two decays is divided with it, and "
            "which is not?"
        ),
    )


# --- challenge -------------------------------------------------------------------------------------------------------

# Measured, losses averaged over the last ten epochs: reduction of the gap and ratio of the cross-entropies, median and
# standard deviation of one pair of seeds (the median of four scatters 0.63 times as much).
#     12 pairs: Dropout 0.5 with L2 0.001  67.5 % ± 1.4, 0.62 ± 0.02;  Dropout 0.5  61.8 % ± 2.0, 0.64 ± 0.03;
#               L2 1e-5 (no effect)  −3.7 % ± 4.2, 1.04 ± 0.04 (of the last epoch alone: 0 % ± 13, 1.03 ± 0.14)
#     4 pairs:  Dropout 0.6  72.5 % ± 0.3, 0.64;  L2 0.01  72 % ± 1.7, 0.70;  Dropout 0.3  37.5 % ± 0.8, 0.74;
#               shifted images 76 % ± 4, 0.67;  MaxNorm 1 32 % ± 7, 0.79;  Dropout 0.1 12 % ± 8, 0.91 (no point);
#               L2 0.0001 4 % ± 8, 0.97 (no point);
#               collapse: Dropout 0.8  1.64 ± 0.02, accuracy 43..53 %;  L2 1.0  2.74, accuracy 10 %
MAX_RATIO = 0.85  # of the given model's loss on new images: an answer without effect stands at 1
# which takes everything or nothing; below, a smaller loss is paid whatever becomes of the gap
EVERYTHING = Reduction(-math.inf, STEPS[-1], 0.031, MAX_RATIO, 0.045)

challenge = Task("challenge", lesson="challenge-lesson")
model = challenge.model("build_challenge_model")


def _compare(model, trainer):
    given = given_config((256, 256, 256), flat=False)
    return settled(trainer.compare(given, models.config_of(model), in_use=True, decided=_decided))


def _decided(comparison):
    return EVERYTHING.decided(comparison) and in_use.agree(comparison.theirs)


@challenge.check(points=2)
def better_than_given(model, trainer):
    """A regularized model of the given size, whose loss on new images is clearly below the given model's."""
    built = models.rebuilt(model, "build_challenge_model")
    require_classifier(built, "build_challenge_model")
    require(
        trainable_parameters(built) >= LEAST_PARAMETERS,
        _(
            "Your model has {found:,} trainable parameters, fewer than {least:,}: making it smaller, or freezing a "
            "part, is another remedy. Here a large model is to be regularized."
        ),
        found=trainable_parameters(built),
        least=LEAST_PARAMETERS,
    )
    in_use.require_in_use(built, models.config_of(model))
    require_active(model, "build_challenge_model")
    comparison = _compare(model, trainer)
    ratio = comparison.crossentropy_ratio
    if comparison.collapsed:
        return credit(0, NOT_FINITE, picture=comparison.picture())
    require(
        max(abs(r) for r in comparison.reductions) > 1e-3,
        _("Your model trains exactly as the given one does: nothing in it regularizes."),
    )
    accuracy = float(np.median([run.accuracy for run in comparison.theirs]))
    if ratio <= MAX_RATIO:
        in_use.require_in_use_when_trained(comparison.theirs)
        return credit(1, picture=comparison.picture())
    return credit(
        0,
        _(
            "On new images the cross-entropy of your model changes by {change:+.0f} % against the given one "
            "({wanted:+.0f} % is asked for), and it recognises {accuracy:.0f} % of them. Look at its training loss: "
            "where it is high, the model is held back too much; where it is near 0, hardly at all."
        ),
        picture=comparison.picture(),
        change=100 * (ratio - 1),
        wanted=100 * (MAX_RATIO - 1),
        accuracy=100 * accuracy,
    )


@challenge.check(points=6, after=better_than_given)
def gap_reduced(model, trainer):
    """The validation gap is reduced: up to 20 % earns nothing, 60 % everything, in between a part."""
    comparison = _compare(model, trainer)
    share = (comparison.reduction - STEPS[0]) / (STEPS[-1] - STEPS[0])
    if share >= 1:
        return credit(1, picture=comparison.picture())
    if share > 0:
        text = _(
            "Your model reduces the gap by {reduction:.0f} %, and predicts new images better: the direction is "
            "right. Which of your strengths can still grow, or what can be combined with it?"
        )
        return credit(share, text, picture=comparison.picture(), reduction=100 * comparison.reduction)
    text = _(
        "Your model keeps nearly the whole gap of the given one (reduction over our trainings: {reduction:.0f} %): "
        "what you added is too weak, or acts where it changes little."
    )
    return credit(0, text, picture=comparison.picture(), reduction=100 * comparison.reduction)
