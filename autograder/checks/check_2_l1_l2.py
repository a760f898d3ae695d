"""Checks of notebook 2_l1_l2: penalties on weights."""

# mypy: allow-untyped-defs, allow-untyped-decorators

import numpy as np

from autograder.checks.api import Task
from autograder.checks.numbers import match
from autograder.i18n import _

penalty = Task("penalty")


def _kernels(rng: np.random.Generator) -> list[list[object]]:
    return [[rng.normal(size=shape), lam] for shape, lam in (((3, 4), 0.01), ((5, 1), 0.3), ((2, 3, 4), 0.0))]


l2_values = penalty.call("l2_penalty", _kernels)


@penalty.check(points=2)
def l2_penalty(l2_values):
    """The L2 penalty is λ times the sum of the squared weights."""
    match(
        l2_values,
        lambda w, lam: lam * np.sum(w**2),
        {
            _("Your penalty is half of the expected one: look at the factor before the sum."): lambda w, lam: (
                lam * np.sum(w**2) / 2
            )
        },
        "l2_penalty",
    )
