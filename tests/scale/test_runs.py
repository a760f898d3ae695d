"""`nbgrader autograde` as a lecturer runs it, on a tiny course."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config, PyFileConfigLoader

from autograder.grading.results import stored_results
from tests.mini.course import MiniCourse, expected, own_unit


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[MiniCourse, str]:
    """A class of three, graded with two workers; and what was said. The checks are the course's own copy."""
    root = tmp_path_factory.mktemp("course")
    own_unit(root)
    course = MiniCourse(root, unit="own_unit")
    course.hand_in_class(3)
    return course, course.autograde()


@pytest.fixture
def with_check(graded: tuple[MiniCourse, str]) -> Iterator[Callable[[str, str], None]]:
    """Changes the file of checks for one test: `with_check(old, new)`."""
    path = graded[0].root / "own_unit" / "m" / "checks.py"
    text = path.read_text(encoding="utf-8")
    yield lambda old, new: path.write_text(text.replace(old, new), encoding="utf-8") and None
    path.write_text(text, encoding="utf-8")


def executions(course: MiniCourse) -> list[Path]:
    """What is remembered of learners' code that was run."""
    found = (course.root / ".autograder" / "executions").glob("??/*.json")
    return sorted(path for path in found if b'"evidence"' in path.read_bytes())


def test_every_learner_gets_what_the_work_is_worth(graded: tuple[MiniCourse, str]) -> None:
    assert graded[0].scores() == expected(3)


def test_what_is_prepared_ahead_is_what_nbgrader_asks_for(graded: tuple[MiniCourse, str]) -> None:
    found = (graded[0].root / ".autograder" / "outcomes").glob("??/*.json")
    assert sum(b'"grades"' in path.read_bytes() for path in found) == 3  # beside notes on what is the same program
    assert "not prepared" not in graded[1]


def test_the_log_names_each_notebook_and_sums_up(graded: tuple[MiniCourse, str]) -> None:
    assert "[1/3] l00, m: 6 of 6 points" in graded[1]
    assert "[3/3] l02, m: 0 of 6 points" in graded[1]
    assert "3 notebooks of 3 learners graded" in graded[1]


def test_nothing_is_left_behind(graded: tuple[MiniCourse, str]) -> None:
    assert list((graded[0].root / ".autograder" / "unfinished").iterdir()) == []
    assert processes_below(graded[0].root) == []


def processes_below(root: Path) -> list[str]:
    """Command lines of processes that work in the course folder or name it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(root)) or str(root) in " ".join(process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
def test_one_worker_gives_the_same_scores(graded: tuple[MiniCourse, str], tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "serial", workers=1, store="")
    course.hand_in_class(3)
    course.autograde()
    assert course.scores() == graded[0].scores()
    assert not (course.root / ".autograder" / "outcomes").exists()


def test_a_second_run_grades_nobody_again(graded: tuple[MiniCourse, str]) -> None:
    said = graded[0].autograde()
    assert said.count("Skipping existing assignment") == 3
    assert " graded in" not in said


def test_a_forced_run_takes_what_it_remembers(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    kept = executions(course)
    said = course.autograde("--force")
    assert "3 notebooks of 3 learners" in said
    assert course.scores() == expected(3)
    assert executions(course) == kept


def test_one_learner_alone_is_graded_again_after_handing_in_again(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    course.hand_in("l02", at="2026-03-02 19:00:00 UTC")
    assert "1 notebook of 1 learner graded" in course.autograde("--student", "l02")
    assert course.scores() == {**expected(3), "l02": {"double": 3.0, "word": 3.0}}
    course.hand_in("l02", at="2026-03-02 20:00:00 UTC", double="syntax error", word="word = 'left'")
    assert "1 notebook of 1 learner graded" in course.autograde()
    assert course.scores() == expected(3)


def test_the_attempt_before_is_known_also_when_the_last_one_is_graded_anew(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]

    def before() -> Mapping[str, float]:
        found = stored_results(course.root / "autograded" / "l01" / "mini" / "m.ipynb")
        assert found is not None
        return found.before

    assert before() == {}
    course.hand_in("l01", at="2026-03-02 19:00:00 UTC")
    course.autograde("--student", "l01")
    assert before() == {"double": 0.0, "word": 3.0}
    course.autograde("--force", "--student", "l01")
    assert before() == {"double": 0.0, "word": 3.0}
    course.hand_in("l01", at="2026-03-02 20:00:00 UTC", double="def double(x):\n    return 3 * x")
    course.autograde("--student", "l01")
    assert before() == {"double": 3.0, "word": 3.0}


def test_a_grade_given_by_hand_stays_and_is_flagged_for_another_look(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    with course.gradebook() as gradebook:
        for name, score in (("essay", 1.5), ("word_test", 2.0)):
            gradebook.find_grade(name, "m", "mini", "l00").manual_score = score
        gradebook.db.commit()
    course.autograde("--force", "--student", "l00")
    with course.gradebook() as gradebook:
        found = {n: gradebook.find_grade(n, "m", "mini", "l00") for n in ("essay", "word_test", "double_test")}
        assert {n: g.score for n, g in found.items()} == {"essay": 1.5, "word_test": 2.0, "double_test": 3.0}
        assert [n for n, g in found.items() if g.needs_manual_grade] == ["essay", "word_test"]


def test_late_penalties_are_nbgraders(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment("mini", duedate="2026-03-01 18:00:00 UTC")
    course.configure(extra="c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course.autograde("--force", "--student", "l00")
    with course.gradebook() as gradebook:
        late = gradebook.find_submission_notebook("m", "mini", "l00")
        assert late.late_submission_penalty == late.score > 0
        gradebook.update_or_create_assignment("mini", duedate=None)
    course.configure()


def test_a_corrected_check_is_graded_again_without_running_any_code(
    graded: tuple[MiniCourse, str], with_check: Callable[[str, str], None]
) -> None:
    course, kept = graded[0], executions(graded[0])
    with_check('"right"', '"rihgt"')
    course.autograde("--force")
    assert course.scores()["l00"] == {"double": 3.0, "word": 0.0}
    with_check("", "")
    course.autograde("--force")
    assert course.scores() == expected(3)
    assert executions(course) == kept


def test_a_broken_check_flags_the_notebook_and_shows_in_the_exit_status(
    graded: tuple[MiniCourse, str], with_check: Callable[[str, str], None]
) -> None:
    course = graded[0]
    with_check("the_word ==", "the_word.nothing ==")
    said = course.autograde("--force", "--student", "l00", status=3)
    assert "A PERSON HAS TO GRADE: l00/m" in said
    assert course.scores()["l00"] == {"double": 3.0, "word": None}
    assert (course.root / "autograded" / "l00" / "mini" / "m.ipynb").exists()
    with_check("", "")
    course.autograde("--force", "--student", "l00")
    assert course.scores() == expected(3)


def test_damaged_entries_of_the_store_are_computed_again(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    for path in (course.root / ".autograder").glob("*/??/*.json"):
        path.write_bytes(path.read_bytes()[:-9] + b"[1, 2, 3]")
    course.autograde("--force")
    assert course.scores() == expected(3)


def load_config(course: MiniCourse) -> Config:
    return PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()


def test_the_formgraders_api_grades_inside_a_running_event_loop(
    graded: tuple[MiniCourse, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = graded[0]
    monkeypatch.chdir(course.root)
    config = load_config(course)
    config.CourseDirectory.root = str(course.root)

    async def click() -> dict[str, Any]:
        return dict(NbGraderAPI(config=config).autograde("mini", "l01"))

    before = {p.pid for p in psutil.Process().children(recursive=True)}
    answer = asyncio.run(click())
    assert answer["success"], answer
    assert "[1/1] l01, m: 3 of 6 points" in answer["log"]
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert [p.cmdline() for p in left if "resource_tracker" not in " ".join(p.cmdline())] == []


def test_what_a_killed_run_left_half_written_is_graded_again(graded: tuple[MiniCourse, str]) -> None:
    course = graded[0]
    note = course.root / ".autograder" / "unfinished" / "note.json"
    note.write_text(json.dumps(["l01", "mini", ["m.ipynb"]]))
    half = course.root / "autograded" / "l01" / "mini" / "m.ipynb"
    os.chmod(half, 0o644)
    half.write_text("{")
    said = course.autograde()
    assert "l01, mini: an earlier run was stopped in the middle; it is graded again." in said
    assert "1 notebook of 1 learner graded" in said
    assert json.loads(half.read_text())["cells"]
    assert not note.exists()
