"""Stochastic passes through a model with Dropout: hidden models, and our own passes to compare with."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call, fail, require
from autograder.checks.values import numbers, one_of
from autograder.families.keras.hidden import HiddenModel
from autograder.families.keras.models import answers
from autograder.i18n import _

Array = NDArray[np.float64]
FEATURES, UNITS, CLASSES, IMAGES = 8, 20, 10, 40
PASSES, OURS = 100, 2000  # of the learner's and of ours
# Relative distances, summed over all images and classes. In 12,000 draws a right answer's deviation is 0.36 away from
# ours at most (a variance 0.57 at least, a standard error 0.90), its mean 1.05 of its standard error.
DEVIATION, MEAN = 0.4, 1.4
SUM = 7e-3  # from 1, of an image's probabilities: rounded to 3 decimals 5e-3 at most, divided by n - 1 0.0101
NONE = 5e-3  # sums of squares in float32 leave such deviations where all passes are the same

INFERRED = _(
    "Your deviation is 0 although the model has Dropout: all passes were made in inference mode, where Dropout is off. "
    "How does one call a model as in training?"
)
ONE_PASS = _(
    "Your deviation is 0 although the model has Dropout: it looks like one pass, counted several times. Each of them "
    "has to be computed anew."
)
VARIANCE = _("What you return is the variance: the deviation is its square root.")
STANDARD_ERROR = _(
    "What you return is the standard error of the mean: it says how well the mean is known, and not how much the "
    "passes differ."
)
SWAPPED = _("The two arrays have changed places: the mean comes first, the deviation second.")
FEWER = _(
    "Your first array scatters more than the mean of so many passes: does your function make all of the `n` that it is "
    "asked for?"
)


def with_dropout(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, n): a model with Dropout, and examples."""
    return [[_model(rng, rate=0.4), _examples(rng), PASSES]]


def without_dropout(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, n): the same without Dropout."""
    return [[_model(rng, rate=0.0), _examples(rng), 5]]


def _examples(rng: np.random.Generator) -> Any:
    """What the units of a hidden layer hand on for each image: (IMAGES, UNITS).

    The model begins behind that layer, which would take Keras a third of each of the passes.
    """
    kernel, bias = rng.normal(size=(FEATURES, UNITS)), rng.normal(size=UNITS)
    return np.maximum(rng.random((IMAGES, FEATURES)) @ kernel + bias, 0).astype("float32")


def _model(rng: np.random.Generator, rate: float) -> Any:
    from keras import Input, layers

    def stack() -> list[Any]:
        noise = [layers.Dropout(rate)] if rate else []
        return [Input((UNITS,)), *noise, layers.Dense(CLASSES, "softmax")]

    # so large that the mean of the passes is not the answer of inference mode
    return HiddenModel(stack, lambda shape: rng.normal(scale=1.0, size=shape))


def arrays(calls: Sequence[Call], name: str) -> list[Array]:
    """One of the two results of each call, as arrays (images, classes)."""
    return [numbers(call.result, (len(call.arguments[1]), CLASSES), name) for call in calls]


def _both(calls: Sequence[Call]) -> tuple[Array, Array]:
    name = "predict_with_dropout"
    return arrays(one_of(calls, 0, name), name)[0], arrays(one_of(calls, 1, name), name)[0]


@lru_cache(maxsize=16)
def _ours(call: Call) -> tuple[Array, Array]:
    """Mean and standard deviation of our own passes, each (images, classes)."""
    model, x, _n = call.arguments
    repeated = np.repeat(x, OURS, axis=0)
    out = answers(model, repeated, training=True).reshape(len(x), OURS, -1).astype("float64")
    return out.mean(axis=1), out.std(axis=1)


def _none(deviation: Array) -> bool:
    """Whether a deviation is that of passes which do not differ."""
    return bool(np.max(np.abs(deviation)) <= NONE)


def _distance(found: Array, right: Array) -> float:
    return float(np.abs(found - right).sum() / right.sum())


def require_deviation(calls: Sequence[Call]) -> None:
    """The learner's deviation fits ours within the spread of so many passes."""
    mean, deviation = _both(calls)
    model, x, n = calls[0].arguments
    if _none(deviation):
        inferred = np.allclose(mean, answers(model, x), atol=1e-4)
        fail(INFERRED if inferred else ONE_PASS)
    ours, sd = _ours(calls[0])
    require(not _swapped(mean, deviation, ours, sd), SWAPPED)
    if _distance(deviation, sd) <= DEVIATION:
        return
    others = {VARIANCE: sd**2, STANDARD_ERROR: sd / np.sqrt(n)}
    sentence, wrong = min(others.items(), key=lambda item: _distance(deviation, item[1]))
    require(_distance(deviation, wrong) > DEVIATION, sentence)
    fail(_("Your deviation is not that of the passes: over which axis is it taken?"))


def require_mean(calls: Sequence[Call]) -> None:
    """The learner's mean fits ours, and not the inference beside it, within the spread of so many passes."""
    mean, deviation = _both(calls)
    model, x, n = calls[0].arguments
    ours, sd = _ours(calls[0])
    require(not _swapped(mean, deviation, ours, sd), SWAPPED)
    require(
        np.allclose(mean.sum(axis=1), 1, rtol=0, atol=SUM),
        _("Your first array is not the mean of the passes: over which axis is it taken, and divided by what?"),
    )
    require(
        _towards(mean - ours, answers(model, x) - ours) < 0.5,
        _("Your first array is what the model answers at inference: the mean over the passes with Dropout was asked."),
    )
    require(_distance(mean, ours) <= MEAN * float(sd.sum() / np.sqrt(n) / ours.sum()), FEWER)


def _swapped(mean: Array, deviation: Array, ours: Array, sd: Array) -> bool:
    """Whether each is nearer to what the other should be. Of some hidden models mean and deviation are alike."""
    near = _distance(mean, sd) <= DEVIATION and _distance(deviation, ours) <= DEVIATION
    return (
        near and _distance(mean, sd) < _distance(mean, ours) and _distance(deviation, ours) < _distance(deviation, sd)
    )


def _towards(found: Array, direction: Array) -> float:
    """How far a difference goes in a direction, as a share of it: 0 for the mean of passes, 1 for the inference.

    Of 100 passes of the hidden model it scatters by less than 0.12 around 0, in 12,000 draws.
    """
    return float((found * direction).sum() / (direction**2).sum())


def require_some_deviation(calls: Sequence[Call]) -> None:
    """With Dropout the deviation is not 0, else the check fails: one that never differs says nothing."""
    _mean, deviation = _both(calls)
    require(not _none(deviation), _("Your deviation is 0 for every model, with Dropout too."))


def require_nothing_random(calls: Sequence[Call]) -> None:
    """Without Dropout the passes do not differ."""
    _mean, deviation = _both(calls)
    require(
        _none(deviation),
        _("For a model without Dropout your deviation is not 0: something besides the model is random or differs."),
    )
