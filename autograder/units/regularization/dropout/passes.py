"""Stochastic passes through a model with Dropout: hidden models, and our own passes to compare with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call, fail, require
from autograder.checks.values import numbers, one_of
from autograder.families.keras.models import answers
from autograder.i18n import _

Array = NDArray[np.float64]
FEATURES, CLASSES, IMAGES = 8, 10, 40
PASSES, OURS = 100, 2000  # of the learner's and of ours
SIGMAS = 6.0

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


def with_dropout(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, n): a model with Dropout on hidden units."""
    return [[_model(rng, rate=0.4), rng.random((IMAGES, FEATURES), "float32"), PASSES]]


def without_dropout(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, n): the same without Dropout."""
    return [[_model(rng, rate=0.0), rng.random((IMAGES, FEATURES), "float32"), 5]]


def _model(rng: np.random.Generator, rate: float) -> Any:
    import keras

    layers = [keras.layers.Dense(20, "relu"), *([keras.layers.Dropout(rate)] if rate else [])]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(CLASSES, "softmax")])
    # so large that the mean of the passes is not the answer of inference mode
    model.set_weights([rng.normal(scale=1.0, size=w.shape).astype("float32") for w in model.get_weights()])
    return model


def arrays(calls: Sequence[Call], name: str) -> list[Array]:
    """One of the two results of each call, as arrays (images, classes)."""
    return [numbers(call.result, (len(call.arguments[1]), CLASSES), name) for call in calls]


def _both(calls: Sequence[Call]) -> tuple[Array, Array]:
    name = "predict_with_dropout"
    return arrays(one_of(calls, 0, name), name)[0], arrays(one_of(calls, 1, name), name)[0]


def _ours(model: Any, x: Any) -> tuple[Array, Array, Array]:
    """Mean, standard deviation and fourth central moment of our own passes, each (images, classes)."""
    repeated = np.repeat(x, OURS, axis=0)
    out = answers(model, repeated, training=True).reshape(len(x), OURS, -1).astype("float64")
    mean = out.mean(axis=1)
    return mean, out.std(axis=1), ((out - mean[:, None]) ** 4).mean(axis=1)


def require_deviation(calls: Sequence[Call]) -> None:
    """The learner's deviation fits ours within the spread of so many passes."""
    mean, deviation = _both(calls)
    model, x, n = calls[0].arguments
    if np.allclose(deviation, 0, atol=1e-6):
        inferred = np.allclose(mean, answers(model, x), atol=1e-4)
        fail(INFERRED if inferred else ONE_PASS)
    _mean, sd, fourth = _ours(model, x)
    # variance of an estimated variance: (μ₄ − σ⁴)/n; of its root: divided by 4σ²
    error = np.sqrt(np.maximum(fourth - sd**4, 0) / n) / (2 * np.maximum(sd, 1e-9))
    if np.all(np.abs(deviation - sd) <= SIGMAS * error + 0.05 * sd + 1e-6):
        return
    for sentence, wrong in ((VARIANCE, sd**2), (STANDARD_ERROR, sd / np.sqrt(n))):
        # a variance over 100 passes scatters by 15 to 25 %; the other quantities are several times away
        require(np.median(np.abs(deviation - wrong) / np.maximum(wrong, 1e-9)) > 0.4, sentence)
    fail(_("Your deviation is not that of the passes: over which axis is it taken?"))


def require_mean(calls: Sequence[Call]) -> None:
    """The learner's mean fits ours, and not the inference beside it, within the spread of so many passes."""
    mean, _deviation = _both(calls)
    model, x, n = calls[0].arguments
    ours, sd, _fourth = _ours(model, x)
    require(
        _towards(mean - ours, answers(model, x) - ours) < 0.5,
        _("Your first array is what the model answers at inference: the mean over the passes with Dropout was asked."),
    )
    require(
        np.all(np.abs(mean - ours) <= SIGMAS * sd / np.sqrt(n) + 0.01),
        _("Your first array is not the mean of the passes: over which axis is it taken, and divided by what?"),
    )


def _towards(found: Array, direction: Array) -> float:
    """How far a difference goes in a direction, as a share of it: 0 for the mean of passes, 1 for the inference.

    Of 100 passes of the hidden model it scatters by less than 0.06 around 0.
    """
    return float((found * direction).sum() / (direction**2).sum())


def require_some_deviation(calls: Sequence[Call]) -> None:
    """With Dropout the deviation is not 0, else the check fails: one that never differs says nothing."""
    _mean, deviation = _both(calls)
    require(not np.allclose(deviation, 0, atol=1e-6), _("Your deviation is 0 for every model, with Dropout too."))


def require_nothing_random(calls: Sequence[Call]) -> None:
    """Without Dropout the passes do not differ."""
    _mean, deviation = _both(calls)
    require(
        np.allclose(deviation, 0, atol=1e-5),
        _("For a model without Dropout your deviation is not 0: something besides the model is random or differs."),
    )
