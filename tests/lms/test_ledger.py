"""A ledger that is torn, older or another course's never makes a wrong push."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import LmsError
from autograder.lms.ags import LineItem, Result, Score
from autograder.lms.grades import GradeRow, Grades, State
from autograder.lms.ledger import Ledger, forget_everywhere, ledger_path
from autograder.lms.push import Action, make_plan

COURSE = "course A"
ITEM = LineItem("https://lms.example.org/items/1", "week1", 20)


def score(points: float, user: str = "u1") -> Score:
    return Score(user, points, 20, f"week1: {points}")


def result(points: float, comment: str | None = None) -> Result:
    return Result(points, 20, f"week1: {points}" if comment is None else comment)


def write(path: Path, *points: float) -> None:
    """A ledger of pushes, each confirmed."""
    for moment, value in enumerate(points, start=1):
        with Ledger(path, COURSE) as ledger:
            ledger.intend(score(value), moment)
            ledger.confirm(score(value))


def plan(path: Path, wanted: float, found: Result | None, course: str = COURSE) -> Action:
    row = GradeRow("alice", "u1", wanted, 20, f"week1: {wanted}", State.GRADED)
    with Ledger(path, course) as ledger:
        results = {"u1": found} if found else {}
        (step,) = make_plan(Grades("week1", 20, (row,), ()), ITEM, results, ledger, overwrite=False)
    return step.action


def test_a_grade_of_ours_is_replaced_and_a_teachers_is_not(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10, 15)
    assert plan(path, 18, result(15)) is Action.SEND
    assert plan(path, 18, result(14)) is Action.CHANGED
    assert plan(path, 18, result(10)) is Action.CHANGED  # set back by a teacher to what we sent once
    assert plan(path, 18, result(15, "teacher says")) is Action.CHANGED
    assert plan(path, 15, result(15, "teacher says")) is Action.CHANGED
    assert plan(path, 15, result(15)) is Action.SAME
    assert plan(path, 18, None) is Action.REMOVED


def test_without_a_ledger_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    assert plan(path, 18, result(15)) is Action.CHANGED
    assert plan(path, 18, None) is Action.SEND
    assert plan(path, 15, result(15)) is Action.SAME


def test_a_score_that_may_have_arrived_is_ours(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    with Ledger(path, COURSE) as ledger:
        ledger.intend(score(15), 5)  # and then the machine went down
    assert plan(path, 18, result(15)) is Action.SEND
    assert plan(path, 18, result(10)) is Action.SEND
    assert plan(path, 18, result(12)) is Action.CHANGED


def test_a_comment_the_platform_does_not_show_is_sent_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    with Ledger(path, COURSE) as ledger:
        ledger.confirm(Score("u1", 15, 20, "old words"))
    silent = Result(15, 20, None)
    assert plan(path, 15, silent) is Action.SEND
    write(path, 15)
    assert plan(path, 15, silent) is Action.SAME


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of three pushes of one grade: 10, 15 and again 10."""
    path = tmp_path_factory.mktemp("full") / "l.jsonl"
    write(path, 10, 15, 12)
    return path


def copy(full: Path, folder: Path) -> Path:
    path = folder / "l.jsonl"
    shutil.copy(full, path)
    shutil.copy(full.with_suffix(".head"), path.with_suffix(".head"))
    return path


# what a teacher may have put there; 12 is what we sent last, the others we sent before, or never
@pytest.mark.parametrize("there", [10.0, 15.0, 3.0])
def test_a_ledger_torn_at_any_byte_never_replaces_a_teachers_grade(full: Path, tmp_path: Path, there: float) -> None:
    data = full.read_bytes()
    for length in range(0, len(data), 7):
        path = copy(full, tmp_path)
        path.write_bytes(data[:length])
        assert plan(path, 18, result(there)) is Action.CHANGED, length


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_ledger_with_a_changed_byte_never_replaces_a_teachers_grade(
    full: Path, tmp_path: Path, at: int, change: int
) -> None:
    path = copy(full, tmp_path)
    data = bytearray(full.read_bytes())
    data[at % len(data)] ^= change
    path.write_bytes(bytes(data))
    try:
        action = plan(path, 18, result(15))
    except LmsError:
        return  # the first line no longer names this course: refused
    assert action is Action.CHANGED


def test_an_older_ledger_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    old = path.read_bytes()
    write(path, 15)
    path.write_bytes(old)  # a copy put back
    # 10 is what the old ledger takes for ours; on the platform a teacher may have set it
    assert plan(path, 18, result(10)) is Action.CHANGED
    assert plan(path, 18, result(15)) is Action.CHANGED


def test_an_older_ledger_with_its_witness_still_minds_the_comment(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    old = [(p, p.read_bytes()) for p in (path, path.with_suffix(".head"))]
    write(path, 15)
    for file, data in old:
        file.write_bytes(data)
    # a teacher set 15 back to 10; the comment is still that of 15
    assert plan(path, 18, result(10, "week1: 15")) is Action.CHANGED


def test_a_ledger_without_its_witness_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    path.with_suffix(".head").unlink()
    assert plan(path, 18, result(10)) is Action.CHANGED


def test_a_crash_between_line_and_witness_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    behind = path.with_suffix(".head").read_bytes()
    with Ledger(path, COURSE) as ledger:
        ledger.intend(score(15), 9)
    path.with_suffix(".head").write_bytes(behind)
    assert plan(path, 18, result(15)) is Action.SEND


def test_a_crash_within_a_line_loses_only_that_line(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    with path.open("ab") as file:
        file.write(b'{"intend": "u1", "sen')  # nothing was sent yet
    assert plan(path, 18, result(10)) is Action.SEND
    write(path, 15)
    assert plan(path, 18, result(15)) is Action.SEND


def test_a_ledger_of_another_course_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    write(path, 10)
    before = path.read_bytes()
    with pytest.raises(LmsError, match="belongs to another course"):
        plan(path, 18, result(10), course="course B")
    assert path.read_bytes() == before


def test_looking_does_not_change_a_damaged_ledger(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(b"not a ledger\n")
    plan(path, 18, result(10))
    assert path.read_bytes() == b"not a ledger\n"


def test_two_pushes_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    with Ledger(path, COURSE), pytest.raises(LmsError, match="Another push"):
        Ledger(path, COURSE)


def test_only_the_owner_can_read_it_and_it_holds_no_words(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "l.jsonl"
    with Ledger(path, COURSE) as ledger:
        ledger.intend(Score("u1", 3, 20, "Dear Alice, see me"), 1)
    for file in (path, path.with_suffix(".head")):
        assert file.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert b"Alice" not in path.read_bytes()


def test_a_student_is_forgotten_and_the_others_are_not(tmp_path: Path) -> None:
    path = ledger_path(tmp_path, "https://lms.example.org/items", "week1")
    with Ledger(path, COURSE) as ledger:
        ledger.confirm(score(3, "u1"))
        ledger.confirm(score(4, "u2"))
        ledger.intend(score(5, "u2"), 77)
    (tmp_path / "broken.jsonl").write_bytes(b"?")
    assert forget_everywhere(tmp_path, "u1") == 2
    assert b"u1" not in path.read_bytes()
    assert not (tmp_path / "broken.jsonl").exists()
    with Ledger(path, COURSE) as ledger:
        assert not ledger.knows("u1")
        assert ledger.is_ours("u2", result(4))
        assert ledger.is_ours("u2", result(5))
        assert ledger.timestamp("u2") == 77
    assert forget_everywhere(tmp_path, "u1") == 0


def test_two_courses_have_two_ledgers(tmp_path: Path) -> None:
    assert ledger_path(tmp_path, "https://a.example.org", "week1") != ledger_path(
        tmp_path, "https://b.example.org", "week1"
    )
