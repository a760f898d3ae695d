"""What `compare_modes` of notebook 1_gap is measured with: hidden models, both values of them, known mistakes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograder.checks.api import Call, fail, require
from autograder.checks.values import close, number, one_of
from autograder.families.keras import models
from autograder.families.keras.hidden import HiddenModel
from autograder.i18n import _

NAME = "compare_modes"
PASSES = 60  # stochastic passes of ours, from which the spread of the training-mode value is known
IMAGES = 600  # for each hidden model
LEAST = 0.01  # probability of a label: some add 1e-7 before the logarithm, some cut off, some do neither
SPREADS = 8  # standard deviations within which theirs has to lie


def _classifier(rng: np.random.Generator, dropout: float, penalty: float) -> HiddenModel:
    """A model for 8×8 images with hidden weights."""
    from keras import Input, layers, regularizers

    def stack() -> list[Any]:
        regularizer = regularizers.L2(penalty) if penalty else None
        hidden = layers.Dense(48, activation="relu", kernel_regularizer=regularizer)
        noise = [layers.Dropout(dropout)] if dropout else []
        return [Input((8, 8)), layers.Flatten(), hidden, *noise, layers.Dense(10, activation="softmax")]

    return HiddenModel(stack, lambda shape: rng.normal(0, 0.3, shape))


def _probabilities(model: HiddenModel, x: models.Floats) -> Any:
    """What the model answers at inference, by its weights: (images, classes)."""
    kernel, bias, output_kernel, output_bias = model.drawn
    hidden = np.maximum(x.reshape(len(x), -1) @ kernel + bias, 0)
    logits = hidden @ output_kernel + output_bias
    found = np.exp(logits - logits.max(-1, keepdims=True))
    return found / found.sum(-1, keepdims=True)


def hidden_models(rng: np.random.Generator) -> list[list[Any]]:
    """Three models, with Dropout, with a penalty and with both, and images for each."""
    cases = []
    for dropout, penalty in ((0.5, 0.0), (0.5, 0.005), (0.0, 0.005)):
        model = _classifier(rng, dropout, penalty)
        x = rng.uniform(size=(IMAGES, 8, 8)).astype("float32")
        probabilities = _probabilities(model, x)
        changed, other = rng.uniform(size=IMAGES) < 0.1, rng.integers(0, 10, IMAGES)
        changed &= probabilities[np.arange(IMAGES), other] >= LEAST
        y = np.where(changed, other, probabilities.argmax(-1))  # mostly right, so that Dropout shows
        cases.append([model, x, y.astype("int32")])
    return cases


class _Modes(NamedTuple):
    """What `compare_modes` returned for one model, and what is right."""

    first: float
    second: float
    inference: float
    training: float
    spread: float
    penalty: float
    accuracy: float

    def is_inference(self, value: float) -> bool:
        return close(value, self.inference)

    def is_training(self, value: float) -> bool:
        return abs(value - self.training) <= SPREADS * self.spread + 1e-3 * self.training


def _pair(call: Call) -> Any:
    """The two numbers that the function returned, else the check fails."""
    return np.array([number(one_of([call], place, NAME)[0].result, NAME) for place in (0, 1)])


def require_two_numbers(modes: Sequence[Call]) -> None:
    """The function looks at the model: two numbers come of it, which are not the same for every model."""
    found = np.array([_pair(call) for call in modes])
    require(
        np.ptp(found, axis=0).max() > 0,
        _("Your function gives the same numbers for every model: does it use what it is given?"),
    )


def _swapped(found: "Sequence[_Modes]") -> bool:
    """Both numbers are right, each in the other's place, and Dropout tells the two modes apart."""
    return all(m.is_inference(m.first) and m.is_training(m.second) for m in found) and not all(
        m.is_inference(m.second) for m in found
    )


@lru_cache(maxsize=16)
def _measured(call: Call) -> _Modes:
    model, x, y = call.arguments
    first, second = _pair(call)
    count = PASSES if model.non_trainable_variables else 1  # without Dropout there is no generator: all are the same
    stochastic = models.answers(model, np.concatenate([x] * count), training=True)  # each image has a mask of its own
    passes = [_crossentropy(answer, y) for answer in np.split(stochastic, count)]
    probabilities = models.answers(model, x)
    return _Modes(
        first,
        second,
        _crossentropy(probabilities, y),
        float(np.mean(passes)),
        float(np.std(passes)),
        float(sum(model.losses)),
        float(np.mean(probabilities.argmax(-1) == y)),
    )


def _crossentropy(probabilities: Any, y: Any) -> float:
    return float(-np.log(np.clip(probabilities[np.arange(len(y)), y], 1e-7, 1)).mean())


def require_inference_mode(modes: Sequence[Call]) -> None:
    """Every second number is right, else the check fails with the mistake it shows."""
    found = [_measured(call) for call in modes]
    if all(m.is_inference(m.second) for m in found):
        return
    require(
        all(call.unchanged[0] is True for call in modes),
        _("Your function changes the model, which is not the same afterwards: it is only to look at it."),
    )
    require(not _swapped(found), _("The two numbers have changed places: which mode was asked for first?"))
    require(
        not all(m.is_training(m.second) for m in found),
        _("Your second number comes from training mode, with Dropout on: which mode was asked for second?"),
    )
    with_penalty = all(m.is_inference(m.second - m.penalty) for m in found)
    require(
        not (with_penalty and all(close(m.first, m.second) for m in found)),
        _(
            "Both numbers are the same, even for a model with Dropout, and the penalty is inside: look at the mode in "
            "which `evaluate` works, and at what it returns."
        ),
    )
    require(
        not with_penalty,
        _("The penalty on the weights is inside your second number: only the cross-entropy was asked."),
    )
    require(
        not all(close(m.second, IMAGES * m.inference) for m in found),
        _("Your second number is a sum over the images: the cross-entropy is their mean."),
    )
    require(
        not all(close(m.second, m.accuracy) for m in found),
        _("Your second number is the accuracy: the cross-entropy was asked."),
    )
    fail(_("Your second number is not the mean cross-entropy of what the model answers with `training=False`."))


def require_training_mode(modes: Sequence[Call]) -> None:
    """Every first number is right, else the check fails with the mistake it shows."""
    found = [_measured(call) for call in modes]
    # taken for one another, both are known: what is lost for that is lost with the second number
    if all(m.is_training(m.first) for m in found) or _swapped(found):
        return
    require(
        not all(m.is_inference(m.first - m.penalty) for m in found),
        _(
            "Your first number is the whole loss in inference mode, as `evaluate` reports it: neither the quantity nor "
            "the mode is the one that was asked."
        ),
    )
    require(
        not all(m.is_inference(m.first) for m in found),
        _(
            "Both numbers are the same, even for a model with Dropout: both come from inference mode, in which "
            "`evaluate` and `predict` always work. Which call takes the mode as an argument?"
        ),
    )
    require(
        not all(m.is_training(m.first - m.penalty) for m in found),
        _("The penalty on the weights is inside your first number: only the cross-entropy was asked."),
    )
    require(
        not all(m.is_training(m.first / IMAGES) for m in found),
        _("Your first number is a sum over the images: the cross-entropy is their mean."),
    )
    require(
        not all(close(m.second, m.accuracy) for m in found),
        _("Your numbers are accuracies: the cross-entropy was asked."),
    )
    fail(_("Your first number is not the mean cross-entropy of what the model answers with `training=True`."))
