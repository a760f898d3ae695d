"""The two parts of a loss, and hidden models to tell them apart on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.api import Call, require
from autograder.checks.values import Formula, close, number
from autograder.families.keras.hidden import HiddenModel
from autograder.families.keras.models import Floats, answers
from autograder.i18n import _

FEATURES, ROWS = 12, 96
PASSES = 40  # stochastic ones of ours, from which the spread of training mode is known


def crossentropy(model: Any, x: Floats, y: Any) -> float:
    """Mean of −log p(y) over the rows, in inference mode; y (n,) integer classes."""
    return _crossentropy_of(answers(model, x), y)


def penalty(model: Any) -> float:
    """The sum of what the model's layers add to its loss."""
    return float(sum(float(loss) for loss in model.losses))


def _crossentropy_of(probabilities: Floats, y: Any) -> float:
    chosen = probabilities[np.arange(len(y)), np.asarray(y).reshape(-1)]
    return float(np.mean(-np.log(np.clip(chosen, 1e-7, 1.0))))


def second(model: Any, x: Floats, y: Any) -> float:
    """What `split_loss` is to return second."""
    return penalty(model)


def penalised(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, y): penalties on kernels, on a bias, behind Dropout.

    The models are compiled with the cross-entropy alone, so that `evaluate` works on them too.
    """
    from keras import layers
    from keras.regularizers import L1, L1L2, L2

    stacks = (
        lambda: [
            layers.Dense(16, "relu", kernel_regularizer=L2(0.02)),
            layers.Dropout(0.4),
            layers.Dense(10, "softmax"),
        ],
        lambda: [
            layers.Dense(8, "tanh", kernel_regularizer=L1L2(0.01, 0.03), bias_regularizer=L1(0.1)),
            layers.Dense(10, "softmax", kernel_regularizer=L2(0.05)),
        ],
    )
    return [[_random_model(stack, rng), *_data(rng)] for stack in stacks]


def unpenalised(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, y): a compiled model without a penalty."""
    from keras import layers

    return [[_random_model(lambda: [layers.Dense(10, "softmax")], rng), *_data(rng)]]


def not_compiled(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, y): a model with a penalty that was never compiled."""
    from keras import layers, regularizers

    def output() -> list[Any]:
        return [layers.Dense(10, "softmax", kernel_regularizer=regularizers.L2(0.03))]

    return [[_random_model(output, rng, compiled=False), *_data(rng)]]


def _random_model(stack: Callable[[], list[Any]], rng: np.random.Generator, *, compiled: bool = True) -> HiddenModel:
    from keras import Input

    loss = "sparse_categorical_crossentropy" if compiled else ""
    return HiddenModel(
        lambda: [Input((FEATURES,)), *stack()], lambda shape: rng.normal(scale=0.4, size=shape), loss=loss
    )


def in_training_mode(calls: Sequence[Call]) -> bool:
    """Whether the results, first numbers, are right but where Dropout acts, and there as in training mode."""
    results = [number(call.result, "split_loss") for call in calls]
    if all(close(found, crossentropy(*call.arguments)) for found, call in zip(results, calls, strict=True)):
        return False
    for found, call in zip(results, calls, strict=True):
        model, x, y = call.arguments
        noisy = np.mean([_crossentropy_of(answers(model, x, training=True), y) for _pass in range(PASSES)])
        spread = np.std([_crossentropy_of(answers(model, x, training=True), y) for _pass in range(PASSES)])
        if abs(found - noisy) > 5 * spread + 1e-3 * noisy:
            return False
    return True


def require_looked_at(calls: Sequence[Call]) -> None:
    """The first numbers are the cross-entropies or their sums: what the second ones say was measured, not made up."""
    for call in calls:
        right, found = crossentropy(*call.arguments), number(call.result, "split_loss")
        require(
            close(found, right) or close(found, right * len(call.arguments[-1])),
            _("For a model without a penalty, your first number is not the whole loss."),
        )


def _data(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.random((ROWS, FEATURES), "float32"), rng.integers(0, 10, ROWS).astype("int32")


def _kernels_only(model: Any) -> float:
    """The penalties on kernels, summed."""
    penalised = (layer for layer in model.layers if getattr(layer, "kernel_regularizer", None))
    return float(sum(float(layer.kernel_regularizer(layer.kernel)) for layer in penalised))


# sentence → what a learner with this mistake returns, in the order in which they are tried
DATA_MISTAKES: Mapping[str, Formula] = {
    _("Your first number still contains the penalty: it is the whole loss, as `evaluate` reports it."):
        lambda model, x, y: crossentropy(model, x, y) + penalty(model),
    _("Your first number contains the penalty twice."):
        lambda model, x, y: crossentropy(model, x, y) + 2 * penalty(model),
    _("Your first number is too low by the penalty: was it taken off a loss that did not contain it?"):
        lambda model, x, y: crossentropy(model, x, y) - penalty(model),
    _("Your first number is the penalty: look at the order in which the task wants the two."):
        lambda model, x, y: penalty(model),
    _("Your first number is a sum over the examples: Keras's loss is a mean."):
        lambda model, x, y: crossentropy(model, x, y) * len(y),
}  # fmt: skip
PENALTY_MISTAKES: Mapping[str, Formula] = {
    _("Your second number counts the penalty twice."): lambda model, x, y: 2 * penalty(model),
    _("Your second number is the whole loss: only what the regularizers add belongs to it."):
        lambda model, x, y: crossentropy(model, x, y) + penalty(model),
    _("Your second number is the data loss: look at the order in which the task wants the two."): crossentropy,
    _("Your second number holds one of the model's penalties only: a model can have several."):
        lambda model, x, y: float(model.losses[0]) if model.losses else 0.0,
    _("Your second number leaves out the penalty of a bias: every layer's penalties belong to it."):
        lambda model, x, y: _kernels_only(model),
    _("Your second number is a mean of the model's penalties: they add up."):
        lambda model, x, y: penalty(model) / max(1, len(model.losses)),
}  # fmt: skip
