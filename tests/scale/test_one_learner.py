"""Nothing that one learner hands in keeps the others from being graded."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.grading.test_links import DEEP
from tests.mini.course import REFERENCE, MiniCourse

FULL = {name: 3.0 for name in REFERENCE}


def text(value: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(value)


BAD_TIMES = {"garbage": text("yesterday, late"), "digits": text("1" * 23), "pipe": os.mkfifo, "long": text("9" * 200)}


def spoil(course: MiniCourse) -> None:
    for name, make in BAD_TIMES.items():
        path = course.root / "submitted" / name / "mini" / "timestamp.txt"
        path.unlink(missing_ok=True)
        make(path)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    """Four learners whose times cannot be read, and an honest one behind each way of being listed."""
    course = MiniCourse(tmp_path_factory.mktemp("course"))
    for name in (*BAD_TIMES, "ada", "zoe"):
        course.hand_in(name)
    spoil(course)
    (course.root / "submitted" / "zoe" / "mini" / "\x1b[2J\n[AutogradeApp | INFO] forged").symlink_to("m.ipynb")
    subprocess.run([sys.executable, "-c", DEEP], cwd=course.root / "submitted" / "long" / "mini", check=True)
    return course


def test_times_that_cannot_be_read_stop_nobody_and_are_told_at_the_end(course: MiniCourse) -> None:
    said = course.autograde()
    assert course.scores() == dict.fromkeys((*BAD_TIMES, "ada", "zoe"), FULL)
    assert "Handed in at a time that cannot be read, not counted as late: digits, garbage, long, pipe" in said
    assert "was not a plain file" in said
    assert "\x1b" not in said
    assert said.count("c.Course.secret is the one that everybody knows") == 1  # as in the project's own configuration
    assert not [line for line in said.splitlines() if line.startswith("[AutogradeApp | INFO] forged")]


def test_they_stop_nobody_either_once_they_are_graded(course: MiniCourse) -> None:
    spoil(course)
    course.hand_in("new")
    said = course.autograde()
    assert course.scores()["new"] == FULL
    assert said.count("when it was handed in cannot be read") == len(BAD_TIMES)
    assert {p.parent.name for p in (course.root / "autograded").glob("*/mini")} == {*BAD_TIMES, "ada", "zoe", "new"}


HOOK = """
from autograder.wiring.hooks import before_submission
def clears_nothing_of_one(assignment, student, notebooks):
    if "stuck" in notebooks[0]:
        raise OSError("cannot be cleared")
    before_submission(assignment, student, notebooks)
c.Autograde.pre_convert_hook = clears_nothing_of_one
"""


def test_nothing_is_copied_of_a_submission_that_our_hook_cannot_clear(course: MiniCourse) -> None:
    (course.hand_in("stuck") / "link.txt").symlink_to("/etc/passwd")
    course.hand_in("yan")
    course.configure(HOOK)
    said = course.autograde(status=1)
    assert "error processing assignment 'mini' for student 'stuck'" in said
    assert not (course.root / "autograded" / "stuck").exists() or not os.listdir(course.root / "autograded" / "stuck")
    assert course.scores()["yan"] == FULL
    assert "stuck" not in course.scores()
