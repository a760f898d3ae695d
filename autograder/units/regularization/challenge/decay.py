"""Weight decay of notebook 4_challenge: hidden steps, what Keras makes of them, and what mistakes make of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call
from autograder.checks.values import close, numbers
from autograder.i18n import _

Array = NDArray[np.float64]
Formula = Callable[[Array, Array, float, float], Any]
NAME = "one_step"
SHAPES = (4,), (2, 3), (6,), (3, 4), (5,), (2, 2, 2), (7,), (3, 2)
RATES = 0.3, 0.05, 0.1, 0.02, 0.4, 0.01, 0.03, 0.2
LAMBDAS = 0.0, 0.0, 0.4, 1.5, 0.2, 3.0, 0.7, 0.3


def hidden_steps(rng: np.random.Generator) -> list[list[Any]]:
    """Cases (w, g, lr, lam, decoupled): each of eight twice, with the penalty in the loss and with decoupled decay.

    The first two have no penalty, the last two a gradient of ±1, in the third the gradient is 0.
    """
    cases: list[list[Any]] = []
    for shape, lr, lam in zip(SHAPES, RATES, LAMBDAS, strict=True):
        w, g = rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape), rng.normal(size=shape)
        gradient = {4: 0 * g, 14: np.sign(g), 12: np.sign(g)}.get(len(cases), g)
        cases += [[w.copy(), gradient.copy(), lr, lam, decoupled] for decoupled in (False, True)]
    return cases


def no_penalty(call: Call) -> bool:
    """Whether the case is about the plain step."""
    return bool(call.arguments[3] == 0)


def step(call: Call) -> Array:
    """How far the learner's function moved the weights."""
    w: Array = call.arguments[0]
    return numbers(call.result, w.shape, NAME) - w


def all_close(calls: Sequence[Call], formula: Formula) -> bool:
    """Whether every step is what `formula(w, g, lr, lam)` gives."""
    return all(close(step(c), formula(*c.arguments[:4])) for c in calls)


def mistake(calls: Sequence[Call], mistakes: Mapping[str, Formula]) -> str | None:
    """The sentence of the first mistake that explains every step."""
    return next((sentence for sentence, formula in mistakes.items() if all_close(calls, formula)), None)


# what Keras makes of a step, as a formula: a test compares them with Keras's optimizers
def keras_l2(w: Array, g: Array, lr: float, lam: float) -> Array:
    """The step of Keras's SGD when L2(lam) is in the loss, whose gradient on the data is g."""
    return -lr * (g + 2 * lam * w)


def keras_decoupled(w: Array, g: Array, lr: float, lam: float) -> Array:
    """The step of Keras's SGD with `weight_decay=lam`, and for gradients of ±1 the first one of AdamW.

    Adam divides its first gradient by its size, so that ±1 stays ±1.
    """
    return -lr * g - lr * lam * w


PLAIN_MISTAKES: Mapping[str, Formula] = {
    _("Your step goes uphill: a gradient points to where the loss grows."): lambda w, g, lr, lam: lr * g,
    _("The learning rate is missing from your step."): lambda w, g, lr, lam: -g,
    _("Your function returns the change of the weights: the new weights were asked."): (
        lambda w, g, lr, lam: -lr * g - w
    ),
}
L2_MISTAKES: Mapping[str, Formula] = {
    _(
        "With the penalty in the loss, your step takes half of what the penalty asks, which is the same step as with "
        "decoupled decay: differentiate λw²."
    ): lambda w, g, lr, lam: -lr * g - lr * lam * w,
    _("With the penalty in the loss, your step does not depend on it: what is added to the gradient?"): (
        lambda w, g, lr, lam: -lr * g
    ),
    _("With the penalty in the loss, the learning rate has to multiply its gradient too."): (
        lambda w, g, lr, lam: -lr * g - 2 * lam * w
    ),
    _("With the penalty in the loss, your weights grow: look at the sign of what you add to the gradient."): (
        lambda w, g, lr, lam: -lr * g + 2 * lr * lam * w
    ),
    _("You add the penalty itself to the gradient: its derivative belongs there."): (
        lambda w, g, lr, lam: -lr * (g + lam * w**2)
    ),
}
DECOUPLED_MISTAKES: Mapping[str, Formula] = {
    _(
        "For the same λ, both ways give the same step: decoupled decay is twice as strong as Keras's. There λ "
        "multiplies the weight itself, not the derivative of a square."
    ): lambda w, g, lr, lam: -lr * g - 2 * lr * lam * w,
    _("Your decoupled decay lacks the learning rate: Keras multiplies the decay by it too."): (
        lambda w, g, lr, lam: -lr * g - lam * w
    ),
    _("With decoupled decay your weights do not decay: λ plays no part in the step."): lambda w, g, lr, lam: -lr * g,
    _("With decoupled decay your weights grow: look at the sign of the decay."): (
        lambda w, g, lr, lam: -lr * g + lr * lam * w
    ),
    _("Your decoupled decay is applied after the step, to the new weights: Keras takes it from the old ones."): (
        lambda w, g, lr, lam: (w - lr * g) * (1 - lr * lam) - w
    ),
}
