"""Measure the penalties of a learner's model on kernels of our choice, and say what is wrong with them.

A penalty is read by its effect: weights are set, `model.losses` is summed. L1 grows in proportion to the weights
and L2 with their square, so two sizes tell them apart and a third says whether there is anything else.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograder.checks.api import fail, require
from autograder.checks.values import close
from autograder.families.keras.evidence import PROBED, ModelData
from autograder.families.keras.models import DRAWS, answers, draw, once_per_model, rebuilt
from autograder.i18n import _

SET_LATE = _("The layer names a regularizer, but in your notebook `model.losses` did not follow it: it was set "
             "after the layer had been built. Give it when you create the layer.")  # fmt: skip
FROZEN = _("The layer has its penalty, but it is frozen (`trainable = False`): a layer that does not train pays none.")
HIDDEN_KERNEL, HIDDEN_BIAS, OUTPUT_KERNEL = 0, 1, 2  # places in the given model's list of weights

# L2 0.00001 does not change the gap (docs/calibration.md: 0.7 % ± 1.2); on weights of about 0.05, as they are at the
# beginning, L1 of a tenth of it pulls as strongly: 2·0.05·λ
WEAKEST_L1, WEAKEST_L2 = 5e-6, 5e-5


class Penalty(NamedTuple):
    """λ of L1 and of L2 on one variable; `other`: it also depends on the weights in another way."""

    l1: float
    l2: float
    other: bool = False

    @property
    def any(self) -> bool:
        """Whether there is a penalty at all."""
        return self.other or self.l1 != 0 or self.l2 != 0


class Penalties(NamedTuple):
    """A penalty for each variable of the model in order (frozen ones too), and whether outputs are penalised."""

    weights: tuple[Penalty, ...]
    activity: bool


def total(model: Any, weights: Sequence[Any]) -> float:
    """The sum of the penalties with these weights."""
    model.set_weights(list(weights))
    return _paid(model)


def _paid(model: Any) -> float:
    return float(sum(float(loss) for loss in model.losses))


@once_per_model
def penalties(data: Any, name: str) -> Penalties:
    """Measure every penalty of the model, with weights that we draw; what is frozen is thawed first."""
    model = rebuilt(data, name)
    _thaw(model)
    total(model, [np.zeros_like(w) for w in model.get_weights()])
    weights = tuple(_penalty(model, place) for place in range(len(model.weights)))
    try:
        return Penalties(weights, _penalises_outputs(model))
    except Exception:  # whatever Keras says of an input it cannot take, it is about the learner's model
        fail(_("The model of `{name}` cannot answer an example of its own input's shape."), name=name)


def _penalises_outputs(model: Any) -> bool:
    """Whether outputs cost something, with weights that we draw; a cost that is not a number counts as one."""

    def paid(number: int, *, called: bool) -> float:
        draw(model, number)
        if called:  # from here on, outputs that cost are in `losses`
            answers(model, np.ones((4, *model.input_shape[1:]), "float32"))
        return _paid(model)

    numbers = range(len(DRAWS))
    still = [paid(number, called=False) for number in numbers]
    return not all(paid(n, called=True) <= s * (1 + 1e-4) + 1e-9 for n, s in zip(numbers, still, strict=True))


def strengths(found: Penalties) -> list[float]:
    """Each λ that a kernel carries, the strongest first."""
    return sorted({part for kernel in found.weights[::2] for part in (kernel.l1, kernel.l2) if part}, reverse=True)


def _thaw(model: Any) -> None:
    for layer in model._flatten_layers(include_self=True, recursive=True):
        layer.trainable = True


def _penalty(model: Any, place: int) -> Penalty:
    """The penalty on one variable; all others are zero, and so is this one afterwards."""
    variable = model.weights[place]
    probe = np.float32(0.1) * np.random.default_rng(place).standard_normal(variable.shape, "float32")

    def at(factor: float) -> float:
        variable.assign(factor * probe)
        return _paid(model)

    once, twice, thrice, _zero = at(1.0), at(2.0), at(-3.0), at(0.0)
    if not all(map(math.isfinite, (once, twice, thrice))):
        return Penalty(0.0, 0.0, other=True)
    # once = l1·Σ|w| + l2·Σw², twice = 2·l1·Σ|w| + 4·l2·Σw²
    square, absolute = (twice - 2 * once) / 2, (4 * once - twice) / 2
    noise = 1e-4 * max(abs(once), 1e-9)
    l1 = absolute / float(np.abs(probe).sum()) if abs(absolute) > noise else 0.0
    l2 = square / float((probe**2).sum()) if abs(square) > noise else 0.0
    other = not close(thrice, 3 * absolute + 9 * square, 1e-3) and abs(thrice) > 1e-6
    return Penalty(l1, l2, other)


def require_none(found: Penalties) -> None:
    """Nothing is penalised, else the check fails."""
    require(
        not found.activity and not any(penalty.any for penalty in found.weights),
        _("Your model carries a penalty: this task is about Dropout alone."),
    )


def require_some_kernel(found: Penalties) -> None:
    """At least one kernel carries a penalty."""
    require(
        any(penalty.any for penalty in found.weights[::2]),
        _("No kernel of your model carries a penalty: `model.losses` stays empty or at 0."),
    )


def require_noticeable(found: Penalties) -> None:
    """A kernel carries L1 or L2 of a strength that can show, and outputs carry nothing, else the check fails."""
    require_some_kernel(found)
    require(not found.activity, _("Besides the weights, your model also penalises the outputs of a layer."))
    kernels = found.weights[::2]
    require(
        not any(k.other for k in kernels),
        _("A penalty of your model is neither L1 nor L2 nor their sum: look again at which regularizer it is."),
    )
    require(
        any(k.l1 >= WEAKEST_L1 or k.l2 >= WEAKEST_L2 for k in kernels),
        _(
            "The penalty of your model is so weak that nothing can come of it: λ = {l1:.2g} for L1 and {l2:.2g} for L2 "
            "at the most."
        ),
        l1=max(k.l1 for k in kernels),
        l2=max(k.l2 for k in kernels),
    )


def require_active(data: ModelData, name: str) -> None:
    """What the config promises was in the loss of the learner's own model too, else the check fails.

    Both are looked at with the same weights, which are not the learner's: at 0 there is no penalty anyway.
    """
    promised = _promised(data, name)
    require(math.isfinite(promised) and abs(sum(data.losses) - promised) <= 0.02 * promised, SET_LATE)


@once_per_model
def _promised(data: ModelData, name: str) -> float:
    model = rebuilt(data, name)
    return promised_by(model, [np.full_like(w, PROBED) for w in model.get_weights()])


def promised_by(model: Any, probed: Sequence[Any]) -> float:
    """What the config's penalties come to with these weights; none because a layer is frozen fails the check."""
    promised = total(model, probed)
    _thaw(model)
    require(
        promised > 0 or total(model, probed) == 0,
        FROZEN,
    )
    return promised
