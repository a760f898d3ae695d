"""The orthogonality penalty of notebook 5_beyond, measured by its effect on kernels of our choice."""

import math
from typing import Any, NamedTuple

import numpy as np

from autograder.checks.api import fail, require
from autograder.checks.values import close
from autograder.families.keras import models
from autograder.families.keras.evidence import ModelData
from autograder.i18n import _
from autograder.units.regularization import penalties

FACTOR, DEFAULT = 10.0, 0.01
NAME = "build_orthogonal_model"


class Measured(NamedTuple):
    """Penalties of three kernels: some, others whose columns are alike, and the first one three times as large."""

    some: float
    alike: float
    larger: float


def kernels() -> list[Any]:
    """The three kernels (784, 128)."""
    rng = np.random.default_rng(3)
    some = rng.normal(size=(784, 128)).astype("float32")
    alike = some + 2 * rng.normal(size=(784, 1)).astype("float32")
    return [some, alike, 3 * some]


def measured(data: ModelData, place: int) -> Measured:
    """What the model's loss says of the kernels when they stand at `place` in its list of weights."""
    model = models.rebuilt(data, NAME)
    model.trainable = True
    found = []
    for kernel in kernels():
        weights = [np.zeros(w.shape, "float32") for w in model.weights]
        weights[place] = kernel[: weights[place].shape[0], : weights[place].shape[1]]
        found.append(penalties.total(model, weights))
    return Measured(*found)


def of_keras(mode: str) -> Measured:
    """What Keras's own regularizer says of them with factor 1. `mode`: "rows" or "columns"."""
    import keras

    regularizer = keras.regularizers.OrthogonalRegularizer(1.0, mode=mode)
    return Measured(*(float(regularizer(keras.ops.convert_to_tensor(kernel))) for kernel in kernels()))


def factor_of(found: Measured, mode: str) -> float | None:
    """The factor of an orthogonality penalty in this mode, or None when it is not one."""
    ratios = [f / k for f, k in zip(found, of_keras(mode), strict=True)]
    return ratios[0] if ratios[0] and close(ratios, [ratios[0]] * 3, 2e-3) else None


def require_penalised(data: ModelData) -> None:
    """The hidden kernel carries some penalty, else the check fails."""
    if any(0 < value < math.inf for value in measured(data, penalties.HIDDEN_KERNEL)):
        return
    require(
        not any(measured(data, penalties.OUTPUT_KERNEL)),
        _("Your penalty acts on the output layer: the units to be made different are those of the hidden layer."),
    )
    require(
        "Orthogonal" not in (data.config or ""),
        _("An orthogonal initializer makes only the beginning: training does not keep to it without a penalty."),
    )
    fail(_("The kernel of the hidden layer carries no penalty."))


def require_columns(data: ModelData) -> None:
    """It is the orthogonality penalty between units, with the factor asked for, else the check fails."""
    found = measured(data, penalties.HIDDEN_KERNEL)
    factor = factor_of(found, "columns")
    if factor is None:
        require(
            factor_of(found, "rows") is None,
            _("Your penalty makes the 784 rows of the kernel orthogonal, which is impossible in 128 dimensions. "
              "Which axis of the kernel is the units'?"),
        )  # fmt: skip
        require(
            close(found.larger, found.some),
            _("Your penalty grows with the size of the weights: orthogonality depends on their directions alone."),
        )
        fail(_("Your penalty is not that of orthogonality between the units: look again at Keras's name for it."))
    require(
        not close(factor, DEFAULT, 0.02),
        _("Your penalty has the factor that Keras takes when none is given: compare with the task."),
    )
    require(
        close(factor, FACTOR, 0.02),
        _("Your penalty has the factor {found:.3g}: compare with the task."),
        found=factor,
    )
