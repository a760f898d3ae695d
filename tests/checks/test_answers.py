"""Every right answer earns everything, every likely mistake loses one check, with its diagnosis."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.records import Outcome
from autograder.trusted import plugin
from tests.checks.harness import Wrong, checks_of, grade

NOTEBOOKS = sorted(p.stem.removeprefix("answers_") for p in Path(__file__).parent.glob("answers_*.py"))


def trains(notebook: str, task: str) -> bool:
    """Whether the checks of a task train models, which takes seconds for each answer."""
    found = plugin.tasks_of(checks_of(notebook))[task]
    return any("trainer" in check.arguments for check in found.checks)


def case(notebook: str, task: str, label: str, answer: object) -> object:
    marks = [pytest.mark.slow] if trains(notebook, task) else []
    return pytest.param(notebook, task, answer, id=f"{task}-{label}", marks=marks)


def right() -> Iterator[object]:
    for notebook in NOTEBOOKS:
        corpus = importlib.import_module(f"tests.checks.answers_{notebook}")
        for task, answers in corpus.RIGHT.items():
            for label, code in answers.items():
                yield case(notebook, task, label, code)


def wrong() -> Iterator[object]:
    for notebook in NOTEBOOKS:
        corpus = importlib.import_module(f"tests.checks.answers_{notebook}")
        for task, answers in corpus.WRONG.items():
            for label, answer in answers.items():
                yield case(notebook, task, label, answer)


@pytest.mark.parametrize(("notebook", "task", "code"), list(right()))
def test_a_right_answer_earns_every_point(notebook: str, task: str, code: str) -> None:
    results = grade(notebook, task, code)
    assert results
    assert [(r.name, r.message, r.detail) for r in results if r.outcome is not Outcome.PASSED] == []


@pytest.mark.parametrize(("notebook", "task", "answer"), list(wrong()))
def test_a_mistake_loses_its_check_and_is_named(notebook: str, task: str, answer: Wrong) -> None:
    results = grade(notebook, task, answer.code)
    lost = {r.name: r for r in results if r.outcome in (Outcome.FAILED, Outcome.ERROR)}
    assert set(lost) == {answer.check, *answer.too}, {n: (r.message, r.detail) for n, r in lost.items()}
    message = lost[answer.check].message
    assert message is not None
    assert message.render("en").startswith(answer.diagnosis)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_task_has_three_right_answers_written_differently(notebook: str) -> None:
    corpus = importlib.import_module(f"tests.checks.answers_{notebook}")
    assert {task: len(answers) for task, answers in corpus.RIGHT.items() if len(answers) < 3} == {}
