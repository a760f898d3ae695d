"""Whatever inputs are drawn for it, a right answer earns everything, and a mistake loses what it always loses."""

import importlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.families.keras import family
from autograder.records import Outcome
from autograder.trusted import plugin
from tests.checks.harness import checks_of, grade
from tests.checks.test_answers import NOTEBOOKS, trains

DRAWS = 12  # of the test that is not among the slow ones
MANY = 40


def lost(notebook: str, task: str, code: str, draws: int) -> Counter[Any]:
    """Check and sentence → for how many of the draws the check was lost."""
    found: Counter[Any] = Counter()
    for draw in range(draws):
        results = grade(notebook, task, code, student=f"draw {draw}")
        found.update((r.name, r.message and r.message.text) for r in results if r.outcome is not Outcome.PASSED)
    return found


def right() -> Iterator[Any]:
    for notebook in NOTEBOOKS:
        answers = importlib.import_module(f"tests.checks.answers_{notebook}").RIGHT
        for task in plugin.plan(checks_of(notebook), "", {}, family).drawn:
            if not trains(notebook, task):  # by the same seeds for everybody
                yield from (
                    pytest.param(notebook, task, code, id=f"{task}-{label}") for label, code in answers[task].items()
                )


@pytest.mark.slow
@pytest.mark.parametrize(("notebook", "task", "code"), [*right()])
def test_a_right_answer_is_right_for_all_draws(notebook: str, task: str, code: str) -> None:
    assert lost(notebook, task, code, MANY) == {}


def test_two_arrays_that_have_changed_places_are_told_so_for_all_draws() -> None:
    wrong = importlib.import_module("tests.checks.answers_3_dropout").WRONG["uncertainty"]["swapped"]
    found = lost("3_dropout", "uncertainty", wrong.code, DRAWS)
    assert {check: count for (check, text), count in found.items() if "changed places" in str(text)} == {
        "deviation": DRAWS,
        "mean_answer": DRAWS,
    }
