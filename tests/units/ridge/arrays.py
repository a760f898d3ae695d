"""Compare arrays that a learner's function returned, and recognize known mistakes: what `match` does for numbers."""

# mypy: allow-untyped-defs

import numpy as np

from autograder.checks.api import fail
from autograder.checks.values import close, numbers
from autograder.i18n import _

TOLERANCE = 1e-5


def match_arrays(calls, right, mistakes, name):
    """Every call returned the array that `right(*arguments)` gives, else the check fails.

    `mistakes`: sentence → what a learner with this mistake would return, tried in this order over all calls.
    """
    found = [numbers(call.result, np.shape(right(*call.arguments)), name) for call in calls]

    def all_are(formula):
        return all(close(f, formula(*c.arguments), TOLERANCE) for f, c in zip(found, calls, strict=True))

    if all_are(right):
        return
    for sentence, formula in mistakes.items():
        if all_are(formula):
            fail(sentence)
    fail(_("`{name}` returns other values than the task defines: compare its lines with the formula, one by one."),
         name=name)  # fmt: skip
