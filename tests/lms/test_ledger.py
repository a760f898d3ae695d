"""A ledger that is lost, damaged or another column's never makes a wrong push, and several people share one."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import LmsError
from autograder.lms.ags import LineItem, Result, Score
from autograder.lms.grades import GradeRow, Grades, State
from autograder.lms.ledger import Ledger
from autograder.lms.plan import Action, Wishes, make_plan

COURSE = "https://lms.example.org/items"
ITEM = LineItem("https://lms.example.org/items/1", "week1", 20)


def score(points: float, user: str = "u1") -> Score:
    return Score(user, points, 20, f"week1: {points}")


def result(points: float, comment: str | None = None) -> Result:
    return Result(points, 20, f"week1: {points}" if comment is None else comment)


def write(path: Path, *points: float, url: str = ITEM.url) -> None:
    """A ledger of pushes, each confirmed."""
    for moment, value in enumerate(points, start=1):
        with Ledger(path) as ledger:
            column = ledger.column(COURSE, "week1", url)
            column.intend([score(value)], moment)
            column.confirm([score(value)])


def plan(path: Path, wanted: float, found: Result | None, url: str = ITEM.url, **wishes: bool) -> Action:
    row = GradeRow("alice", "u1", wanted, 20, f"week1: {wanted}", State.GRADED)
    with Ledger(path) as ledger:
        column = ledger.column(COURSE, "week1", url)
        results = {"u1": found} if found else {}
        (step,) = make_plan(Grades("week1", 20, (row,), ()), ITEM, results, column, Wishes(**wishes))
    return step.action


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def test_a_grade_of_ours_is_replaced_and_a_teachers_is_not(path: Path) -> None:
    write(path, 10, 15)
    assert plan(path, 18, result(15)) is Action.SEND
    assert plan(path, 18, result(14)) is Action.CHANGED
    assert plan(path, 18, result(10)) is Action.CHANGED  # set back by a teacher to what we sent once
    assert plan(path, 18, result(15, "teacher says")) is Action.CHANGED
    assert plan(path, 15, result(15, "teacher says")) is Action.CHANGED
    assert plan(path, 15, result(15)) is Action.SAME
    assert plan(path, 18, None) is Action.REMOVED
    assert plan(path, 18, result(14), overwrite=True) is Action.REPLACE


def test_without_a_ledger_nothing_that_is_there_is_replaced_until_it_is_adopted(path: Path) -> None:
    assert plan(path, 18, result(15)) is Action.UNKNOWN
    assert plan(path, 18, None) is Action.SEND
    assert plan(path, 15, result(15)) is Action.SAME
    assert plan(path, 18, result(15), adopt=True) is Action.ADOPT


def test_adopting_takes_nothing_that_a_teacher_changed(path: Path) -> None:
    write(path, 10)
    assert plan(path, 18, result(15), adopt=True) is Action.CHANGED


def test_a_score_that_may_have_arrived_is_ours(path: Path) -> None:
    write(path, 10)
    with Ledger(path) as ledger:
        ledger.column(COURSE, "week1", ITEM.url).intend([score(15)], 5)  # and then the machine went down
    assert plan(path, 18, result(15)) is Action.SEND
    assert plan(path, 18, result(10)) is Action.SEND
    assert plan(path, 18, result(12)) is Action.CHANGED


def test_a_comment_the_platform_does_not_show_is_sent_when_it_changed(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.column(COURSE, "week1", ITEM.url).confirm([Score("u1", 15, 20, "old words")])
    silent = Result(15, 20, None)
    assert plan(path, 15, silent) is Action.SEND
    write(path, 15)
    assert plan(path, 15, silent) is Action.SAME


def test_what_the_platform_rounded_is_not_a_teachers_change(path: Path) -> None:
    write(path, 3.33333)
    comment = "week1: 3.33333"
    assert plan(path, 3.33333, Result(3.33, 20, comment)) is Action.SAME
    assert plan(path, 5, Result(3.33, 20, comment)) is Action.SEND
    assert plan(path, 5, Result(3.3, 20, comment)) is Action.CHANGED
    assert plan(path, 5, Result(3.33333, 20, comment)) is Action.SEND
    assert plan(path, 5, Result(3.33999, 20, comment)) is Action.CHANGED  # shown with five decimals: all of them count


@given(st.floats(0, 20), st.sampled_from([1.0, 20.0, 100.0]), st.sampled_from([2, 3, 5]))
def test_rounding_is_recognized_and_a_point_is_never_missed(given_: float, maximum: float, decimals: int) -> None:
    ours = Score("u", given_, 20, "")
    shown = round(given_ / 20 * maximum, decimals)
    if maximum >= 20:
        assert ours.is_at(Result(shown, maximum, None))
    assert not ours.is_at(Result(shown + 0.011 * maximum / 20 + 10.0**-decimals / 2, maximum, None))
    assert not ours.is_at(Result(float("nan"), maximum, None))


def test_another_columns_past_says_nothing_about_this_one(path: Path) -> None:
    write(path, 10)
    assert plan(path, 18, result(10), url="https://lms.example.org/items/2") is Action.UNKNOWN


@given(st.integers(0, 60_000), st.integers(1, 255))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_ledger_with_a_changed_byte_is_refused_or_still_right(tmp_path: Path, at: int, change: int) -> None:
    whole, path = tmp_path / "whole.sqlite3", tmp_path / "l.sqlite3"
    if not whole.exists():
        write(whole, 10, 15)
    data = bytearray(whole.read_bytes())
    used = [place for place, byte in enumerate(data) if byte]  # most of the file is empty
    data[used[at % len(used)]] ^= change
    path.write_bytes(bytes(data))
    try:
        action = plan(path, 18, result(3))
    except LmsError:
        return
    assert not action.sends


def test_a_file_that_is_no_ledger_is_left_alone_and_said(path: Path) -> None:
    path.write_bytes(b"not a ledger, but long enough to be one" * 100)
    with pytest.raises(LmsError, match=r"is damaged .*--adopt"):
        plan(path, 18, result(10))
    assert path.read_bytes().startswith(b"not a ledger")


def test_another_versions_ledger_is_refused(path: Path) -> None:
    write(path, 10)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(LmsError, match="another version"):
        plan(path, 18, result(10))


def test_a_full_disk_is_a_sentence_and_loses_nothing(path: Path) -> None:
    write(path, 10)
    with Ledger(path) as ledger:
        column = ledger.column(COURSE, "week1", ITEM.url)
        (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
        ledger._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says of a full disk
        with pytest.raises(LmsError, match=r"Cannot write .*full"):
            column.intend([score(1, f"u{n}") for n in range(2000)], 2)
    assert plan(path, 18, result(10)) is Action.SEND
    with Ledger(path) as ledger:
        assert ledger.column(COURSE, "week1", ITEM.url).timestamp("u7") == 0


def test_two_pushes_of_one_assignment_exclude_each_other(path: Path) -> None:
    with Ledger(path) as one, Ledger(path) as two, one.lock(COURSE, "week1"):
        with two.lock(COURSE, "week2"):
            pass
        with pytest.raises(LmsError, match="Another push"), two.lock(COURSE, "week1"):
            pass
    with Ledger(path) as two, two.lock(COURSE, "week1"):
        pass


WRITER = """
import sys
from pathlib import Path
from autograder.lms.ags import Score
from autograder.lms.ledger import Ledger
for n in range(25):
    with Ledger(Path(sys.argv[1])) as ledger:
        column = ledger.column("course", sys.argv[2], "url")
        column.intend([Score(f"u{n}", n, 20, "")], n)
        column.confirm([Score(f"u{n}", n, 20, "")])
"""


def test_several_assistants_write_at_the_same_time_and_nothing_is_lost(path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in ("week1", "week2", "week3")]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    with Ledger(path) as ledger:
        for name in ("week1", "week2", "week3"):
            column = ledger.column("course", name, "url")
            assert all(column.is_ours(f"u{n}", Result(n, 20, None)) for n in range(25))


def test_it_is_as_open_as_the_course_folder_and_holds_no_words(tmp_path: Path) -> None:
    for folder_mode, file_mode in ((0o700, 0o600), (0o755, 0o600), (0o770, 0o660)):
        folder = tmp_path / oct(folder_mode)
        folder.mkdir()
        folder.chmod(folder_mode)
        with Ledger(folder / "l.sqlite3") as ledger:
            ledger.column(COURSE, "week1", "url").intend([Score("u1", 3, 20, "Dear Alice, see me")], 1)
        assert (folder / "l.sqlite3").stat().st_mode & 0o777 == file_mode
        assert b"Alice" not in (folder / "l.sqlite3").read_bytes()


def test_a_student_is_forgotten_and_the_others_are_not(path: Path) -> None:
    with Ledger(path) as ledger:
        column = ledger.column(COURSE, "week1", ITEM.url)
        column.confirm([score(3, "user-one"), score(4, "user-two")])
        column.intend([score(5, "user-two")], 77)
        ledger.set_members(COURSE, ["user-one", "user-two"])
        assert ledger.forget("user-one") == 1
    assert b"user-one" not in path.read_bytes()
    with Ledger(path) as ledger:
        column = ledger.column(COURSE, "week1", ITEM.url)
        assert not column.knows("user-one")
        assert column.is_ours("user-two", result(4))
        assert column.is_ours("user-two", result(5))
        assert column.timestamp("user-two") == 77
        assert ledger.members(COURSE) == {"user-two"}
        assert ledger.forget("user-one") == 0


@pytest.mark.parametrize("graded", [("alice", "bob"), ("alice",)])
def test_two_students_with_one_id_of_the_platform_are_both_refused_and_the_rest_is_not(
    path: Path, graded: tuple[str, ...]
) -> None:
    """Even if only one of them has a grade now: it may be the other's place."""
    rows = tuple(
        GradeRow(name, user, 5, 20, "", State.GRADED)
        for name, user in (("alice", "u1"), ("bob", "u1"), ("carol", "u2"))
    )
    chosen = tuple(row for row in rows if row.student in (*graded, "carol"))
    with Ledger(path) as ledger:
        for column in (None, ledger.column(COURSE, "week1", ITEM.url)):
            steps = make_plan(Grades("week1", 20, chosen, (), rows), ITEM, {}, column, Wishes(overwrite=True))
            assert [s.action for s in steps] == [*[Action.SHARED] * len(graded), Action.SEND]
            assert "bob has the same id of the platform: run “lms roster --overwrite --yes”" in steps[0].label()
