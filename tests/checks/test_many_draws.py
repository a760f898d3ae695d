"""Whatever inputs are drawn for it, a right answer earns everything, and a mistake loses what it always loses."""

import importlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.families.keras import family
from autograder.records import Outcome
from autograder.trusted import plugin
from tests.checks.harness import Wrong, checks_of, grade
from tests.checks.test_answers import NOTEBOOKS, trains

DRAWS = 12
MANY = 40  # of each right answer


def lost(notebook: str, task: str, code: str, draws: int) -> Counter[Any]:
    """Check and sentence → for how many of the draws the check was lost."""
    found: Counter[Any] = Counter()
    for draw in range(draws):
        results = grade(notebook, task, code, student=f"draw {draw}")
        failed = (r for r in results if r.outcome in (Outcome.FAILED, Outcome.ERROR))
        found.update((r.name, r.message and r.message.text) for r in failed)
    return found


def answers(kind: str) -> Iterator[Any]:
    """Those of the tasks for which something is drawn. `kind`: RIGHT or WRONG."""
    for notebook in NOTEBOOKS:
        corpus = getattr(importlib.import_module(f"tests.checks.answers_{notebook}"), kind)
        for task in plugin.plan(checks_of(notebook), "", {}, family).drawn:
            if not trains(notebook, task):  # by the same seeds for everybody
                yield from (pytest.param(notebook, task, a, id=f"{task}-{label}") for label, a in corpus[task].items())


@pytest.mark.slow
@pytest.mark.parametrize(("notebook", "task", "code"), [*answers("RIGHT")])
def test_a_right_answer_is_right_for_all_draws(notebook: str, task: str, code: str) -> None:
    assert lost(notebook, task, code, MANY) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("notebook", "task", "answer"), [*answers("WRONG")])
def test_a_mistake_loses_the_same_and_is_told_the_same_for_all_draws(notebook: str, task: str, answer: Wrong) -> None:
    found = lost(notebook, task, answer.code, DRAWS)
    assert {check for check, _text in found} == {answer.check, *answer.too}
    assert set(found.values()) == {DRAWS}, found


def test_two_arrays_that_have_changed_places_are_told_so_for_all_draws() -> None:
    wrong = importlib.import_module("tests.checks.answers_3_dropout").WRONG["uncertainty"]["swapped"]
    found = lost("3_dropout", "uncertainty", wrong.code, DRAWS)
    assert {check: count for (check, text), count in found.items() if "changed places" in str(text)} == {
        "deviation": DRAWS,
        "mean_answer": DRAWS,
    }
