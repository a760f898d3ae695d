"""When a check is corrected, only its task is looked at again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.job import Grader, Job
from autograder.trusted.slices import parts
from tests.mini.jobs import CHECKS, job

NAME, SOURCE = CHECKS
TASKS = ("double", "word")
CELLS = ["def double(x):\n    return 2 * x", "# test: double", "word = 'wrong'", "# test: word"]


def changed(old: str, new: str) -> set[str]:
    """The tasks whose part of the file is another one when `old` becomes `new`."""
    assert old in SOURCE
    before, after = parts(SOURCE, TASKS), parts(SOURCE.replace(old, new), TASKS)
    return {task for task in TASKS if before[task] != after[task]}


@pytest.mark.parametrize(
    ("old", "new", "tasks"),
    [
        ("@word.check(points=3)", "# a remark\n\n@word.check(points=3)", set()),
        ("@word.check(points=3)", "@word.check(points=4)", {"word"}),
        ('"The word is another one."', '"Another word was asked for."', {"word"}),
        ('"""Nothing doubled is nothing."""', '"""Zero stays."""', {"double"}),
        ('word = Task("word")', 'word = Task("word", lesson="words")', {"double", "word"}),
        ("[0.0]", "[1.0]", {"double", "word"}),
    ],
)
def test_a_part_changes_with_its_own_checks_and_with_what_all_share(old: str, new: str, tasks: set[str]) -> None:
    assert changed(old, new) == tasks


def test_a_check_of_an_unknown_task_belongs_to_all() -> None:
    shared = SOURCE + "\n\n@others.tasks[0].check(points=1)\ndef more():\n    '''More.'''\n"
    assert all("more" in part for part in parts(shared, TASKS).values())


def test_a_file_that_is_no_python_belongs_to_all() -> None:
    assert parts("def (", TASKS) == {"double": "def (", "word": "def ("}


class Spy:
    """The tasks that the trusted process was asked to check, one entry for each request."""

    def __init__(self, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[set[str]] = []
        ask = grader.trusted.ask

        async def told(request: dict[str, Any], seconds: float) -> dict[str, Any]:
            if request["do"] == "check":
                self.asked.append(set(request["evidence"]))
            return await ask(request, seconds)

        monkeypatch.setattr(grader.trusted, "ask", told)

    def grade(self, grader: Grader, what: Job) -> tuple[list[set[str]], dict[str, float | None]]:
        """What was asked for while this job was graded, and the scores."""
        self.asked.clear()
        outcome = grader.grade(what)
        assert outcome.fault == ""
        assert list(outcome.grades) == list(TASKS)
        return list(self.asked), {task: grade.score for task, grade in outcome.grades.items()}


@pytest.fixture
def grader(tmp_path: Path) -> Iterator[Grader]:
    grader = Grader(tmp_path)
    yield grader
    grader.close()


def test_only_the_task_of_a_corrected_check_is_looked_at_again(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(grader, monkeypatch)
    kind = SOURCE.replace('the_word == "right"', 'the_word in ("right", "wrong")')
    broken = SOURCE.replace('require(the_word == "right"', 'require(1 / 0 and the_word == "right"')
    assert spy.grade(grader, job(CELLS)) == ([{"double", "word"}], {"double": 3.0, "word": 0.0})
    assert spy.grade(grader, job(CELLS, checks=(NAME, SOURCE + "# the end\n"))) == ([], {"double": 3.0, "word": 0.0})
    assert spy.grade(grader, job(CELLS, checks=(NAME, kind))) == ([{"word"}], {"double": 3.0, "word": 3.0})
    for _time in range(2):  # what has to be looked at by a person is not remembered
        assert spy.grade(grader, job(CELLS, checks=(NAME, broken))) == ([{"word"}], {"double": 3.0, "word": None})
    assert spy.grade(grader, job(CELLS, student="bo")) == ([{"double", "word"}], {"double": 3.0, "word": 0.0})


def test_a_task_without_checks_is_left_for_a_person_each_time(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(grader, monkeypatch)
    bare = SOURCE[: SOURCE.index("@word.check")]
    for asked in ({"double", "word"}, {"word"}):
        assert spy.grade(grader, job(CELLS, checks=(NAME, bare))) == ([asked], {"double": 3.0, "word": None})
