"""When something of a unit is corrected, only the tasks that can reach it are looked at again."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.records import Files
from autograder.trusted.plugin import tasks_of
from autograder.trusted.slices import programs
from autograder.unit import UnitSource, checks_module
from tests.mini.asked import asked_for
from tests.mini.jobs import CHECKS, KERAS, UNIT, job, with_checks

SOURCE = UNIT.files.content[CHECKS].decode()
TASKS = ("double", "word")
CELLS = ["def double(x):\n    return 2 * x", "# test: double", "word = 'wrong'", "# test: word"]


def differing(before: UnitSource, after: UnitSource, notebook: str, tasks: Sequence[str]) -> set[str]:
    """The tasks whose program is another one."""
    one, other = programs(before, notebook, tasks), programs(after, notebook, tasks)
    return {task for task in tasks if one[task] != other[task]}


@pytest.mark.parametrize(
    ("old", "new", "tasks"),
    [
        ("@word.check(points=3)", "# a remark\n\n@word.check(points=3)", set()),
        ("@word.check(points=3)", "@word.check(points=4)", {"word"}),
        ('"The word is another one."', '"Another word was asked for."', {"word"}),
        ('"""Nothing doubled is nothing."""', '"""Zero stays."""', {"double"}),
        ('word = Task("word")', 'word = Task("word", lesson="words")', {"word"}),
        ("[0.0]", "[1.0]", {"double"}),
        (
            "from autograder.checks.api import Task",
            "import math\nfrom autograder.checks.api import Task",
            {"double", "word"},
        ),
    ],
)
def test_a_program_changes_with_what_its_checks_mention(old: str, new: str, tasks: set[str]) -> None:
    assert old in SOURCE
    assert differing(UNIT, with_checks(SOURCE.replace(old, new)), "m", TASKS) == tasks


def test_a_check_of_an_unknown_task_belongs_to_all() -> None:
    shared = SOURCE + "\n\n@others.tasks[0].check(points=1)\ndef more():\n    '''More.'''\n"
    assert differing(UNIT, with_checks(shared), "m", TASKS) == set(TASKS)


@pytest.mark.parametrize("text", ["def (", "from .helpers import *", "import tests.mini.unit.m"])
def test_what_cannot_be_followed_makes_the_whole_unit_count(text: str) -> None:
    broken = with_checks(SOURCE + f"\n{text}\n")
    assert set(programs(broken, "m", TASKS).values()) == {broken.key}


NOTEBOOKS = ("1_gap", "2_l1_l2", "3_dropout", "4_challenge", "5_beyond")
TRAINED = {"capacity", "choose_lambda", "choose_rate", "dropout_gap", "challenge"}


@pytest.mark.parametrize(
    ("file", "old", "new", "tasks"),
    [
        ("l1_l2/formulas.py", "Your penalty is half of the expected one", "Half is missing", {"penalty"}),
        (
            "l1_l2/carried.py",
            "carries an L1 and an L2 penalty at once",
            "carries both",
            # the last two reach a function of the same name elsewhere: too much is looked at again, never too little
            {"l2_layer", "l1_layer", "elastic", "choose_lambda", "noise_layers"},
        ),
        ("gaps.py", "it makes things worse", "it makes it worse", {"choose_lambda", "dropout_gap"}),
        ("charts.py", "images kept for grading", "other images", set()),
        ("strengths.py", '"Dropout": ("rate",)', '"Dropout": ("rates",)', TRAINED),
    ],
)
def test_a_sentence_of_a_shared_helper_is_looked_at_again_where_it_can_be_said(
    file: str, old: str, new: str, tasks: set[str]
) -> None:
    text = KERAS.files.content[file].decode()
    assert old in text
    corrected = replace(KERAS, files=Files({**KERAS.files.content, file: text.replace(old, new).encode()}))
    found = {
        task for notebook in NOTEBOOKS for task in differing(KERAS, corrected, notebook, sorted(all_tasks(notebook)))
    }
    assert found == tasks


def all_tasks(notebook: str) -> set[str]:
    return set(tasks_of(importlib.import_module(checks_module(KERAS.package, notebook))))


class Spy:
    """The tasks that the trusted process was asked to check, one entry for each request."""

    def __init__(self, grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = asked_for(grader, "", monkeypatch)

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
    assert spy.grade(grader, job(CELLS, unit=with_checks(SOURCE + "# the end\n"))) == ([], {"double": 3.0, "word": 0.0})
    assert spy.grade(grader, job(CELLS, unit=with_checks(kind))) == ([{"word"}], {"double": 3.0, "word": 3.0})
    for _time in range(2):  # what has to be looked at by a person is not remembered
        assert spy.grade(grader, job(CELLS, unit=with_checks(broken))) == ([{"word"}], {"double": 3.0, "word": None})
    # the word is asked of everybody alike, while numbers to double are drawn for each program
    assert spy.grade(grader, job(CELLS, student="bo")) == ([], {"double": 3.0, "word": 0.0})
    assert spy.grade(grader, job(["mine = 1", *CELLS])) == ([{"double"}], {"double": 3.0, "word": 0.0})


def test_a_task_without_checks_is_left_for_a_person_each_time(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(grader, monkeypatch)
    bare = SOURCE[: SOURCE.index("@word.check")]
    for asked in ({"double", "word"}, {"word"}):
        assert spy.grade(grader, job(CELLS, unit=with_checks(bare))) == ([asked], {"double": 3.0, "word": None})
