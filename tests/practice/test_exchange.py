"""Practice through nbgrader's exchange: what is taken, whose it is, where the page is laid, and what is refused."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.utils import get_username, notebook_hash

from autograder.practice.exchange import Exchange, Feedback
from autograder.practice.folders import beside, opened, read
from autograder.practice.inbound import Inbound
from autograder.practice.queue import Queue
from autograder.practice.rows import Attempt, Limits
from autograder.practice.service import Ready, Service
from tests.mini.course import MiniCourse

EXCHANGE = """
c.Exchange.root = {root!r}
c.CourseDirectory.course_id = "mini101"
c.Practice.cooldown_seconds = 0
"""
ME = get_username()
TIME = "2026-03-02 18:00:0{}.123456 UTC"
SECONDS = 240


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    root = tmp_path_factory.mktemp("course")
    exchange = root.parent / f"{root.name}-exchange"
    (exchange / "mini101" / "inbound").mkdir(parents=True)
    return MiniCourse(root, extra=EXCHANGE.format(root=str(exchange)))


@pytest.fixture(scope="module")
def ready(course: MiniCourse) -> Iterator[Ready]:
    """A practice whose exchange is looked into by the tests themselves."""
    service = Service(course.root)
    assert service.open(), service.fault
    yield service.ready
    service.close()


@pytest.fixture
def exchange(ready: Ready) -> Iterator[Exchange]:
    exchange = Exchange(ready.course)
    yield exchange
    for path in exchange.inbound.iterdir():
        path.unlink() if path.is_symlink() else shutil.rmtree(path)


@pytest.fixture
def inbound(ready: Ready, exchange: Exchange) -> Inbound:
    return Inbound(exchange, ready.door, ready.work.wake)


def submit(course: MiniCourse, exchange: Exchange, second: int, *, student: str = ME, **cells: str) -> Path:
    """A folder as `nbgrader submit` leaves it."""
    folder = exchange.inbound / f"{student}+mini+{TIME.format(second)}+abcdefghijkl"
    shutil.copytree(course.hand_in("x", **cells), folder)
    (folder / "submission_secret.txt").write_text(f"{second:0128d}")
    return folder


def page(exchange: Exchange, second: int) -> Path:
    return exchange.feedback / (notebook_hash(secret=f"{second:0128d}", notebook_id="m") + ".html")


def latest(ready: Ready, student: str = ME) -> Attempt:
    """The student's latest attempt, when it has ended."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        attempt = ready.queue.latest(student)[0]
        if attempt.state not in ("waiting", "running"):
            return attempt
        time.sleep(0.1)
    raise TimeoutError


def test_a_submission_gets_its_page_where_fetch_feedback_looks(
    course: MiniCourse, ready: Ready, exchange: Exchange, inbound: Inbound
) -> None:
    folder = submit(course, exchange, 1, word="word = 'left'")
    secret = (folder / "submission_secret.txt").read_text()
    (folder / "submission_secret.txt").unlink()
    assert inbound.scan() == 0  # not whole yet
    (folder / "submission_secret.txt").write_text(secret)
    assert inbound.scan() == 1
    assert inbound.scan() == 0
    assert latest(ready).state == "done"
    laid = page(exchange, 1)
    assert "The word is another one." in laid.read_text()
    assert laid.stat().st_mode & 0o777 == 0o644
    assert exchange.feedback.stat().st_mode & 0o777 == 0o711
    assert [p.name for p in exchange.feedback.iterdir()] == [laid.name]
    again = Inbound(exchange, ready.door, ready.work.wake)  # after a start, nothing is taken twice
    assert again.scan() == 0


def test_an_official_page_is_never_written_over(
    course: MiniCourse, ready: Ready, exchange: Exchange, inbound: Inbound
) -> None:
    exchange.feedback.mkdir(exist_ok=True)
    page(exchange, 2).write_text("official")
    submit(course, exchange, 2)
    assert inbound.scan() == 1
    attempt = latest(ready)
    assert attempt.state == "done"
    assert "placed" not in attempt.result
    assert page(exchange, 2).read_text() == "official"


def test_only_our_own_page_is_removed(course: MiniCourse, ready: Ready, exchange: Exchange, inbound: Inbound) -> None:
    submit(course, exchange, 3)
    inbound.scan()
    attempt = latest(ready)
    feedback = Feedback(exchange)
    kept = page(exchange, 3).read_bytes()
    official = exchange.feedback / "new"
    official.write_text("official")
    official.replace(page(exchange, 3))
    feedback.forget([attempt])
    assert page(exchange, 3).read_text() == "official"
    page(exchange, 3).unlink()
    assert feedback.release(attempt, kept.decode()) is not None
    placed = Attempt(
        **{**vars(attempt), "result": {"placed": feedback.release(attempt, "x") or attempt.result["placed"]}}
    )
    feedback.forget([placed])
    assert page(exchange, 3).exists()  # it is another file than the one that was noted


def test_a_folder_under_anothers_name_hides_nothing_and_gets_nothing(
    course: MiniCourse, ready: Ready, exchange: Exchange, inbound: Inbound, caplog: pytest.LogCaptureFixture
) -> None:
    submit(course, exchange, 9, student="victim")
    submit(course, exchange, 4)
    (exchange.inbound / f"{ME}+mini+{TIME.format(5)}+abcdefghijkl").symlink_to(course.root / "source" / "mini")
    for strange in ("+mini+x+y", f"{ME}+mini+never+abc", f"{ME}+../mini+{TIME.format(6)}+abc".replace("/", "%"), "a"):
        (exchange.inbound / strange).mkdir()
    assert inbound.scan() == 1
    assert inbound.scan() == 0
    assert latest(ready).source == f"{ME}+mini+{TIME.format(4)}+abcdefghijkl"
    assert ready.queue.latest("victim") == []
    assert f"it claims to be victim's and belongs to {ME}" in caplog.text
    assert caplog.text.count("victim's") == 1  # told once


def test_what_is_refused_is_said_on_the_students_page(
    course: MiniCourse, ready: Ready, exchange: Exchange, inbound: Inbound
) -> None:
    folder = submit(course, exchange, 7)
    (folder / "m.ipynb").write_bytes(b" " * (3 << 20))
    assert inbound.scan() == 0
    assert latest(ready).state == "broken"
    assert "too large" in latest(ready).result["why"]["text"]


def test_no_link_leads_out_of_a_submission(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the grader's own")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "own.csv").write_text("1")
    (folder / "sub" / "own.csv").write_text("2")
    (folder / "link.txt").symlink_to(secret)
    os.link(secret, folder / "hard.txt")
    os.mkfifo(folder / "pipe")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "timestamp.txt").write_text("never")
    (folder / ".hidden").write_text("x")
    with opened(folder) as descriptor:
        moved = folder.rename(tmp_path / "moved")
        folder.symlink_to(tmp_path)  # what is put in its place meanwhile is not looked at
        assert beside(descriptor, 100) == {"own.csv": b"1", "sub/own.csv": b"2"}
        assert beside(descriptor, 1) == {"own.csv": b"1"}
        for name in ("link.txt", "hard.txt", "pipe", "folder"):
            with pytest.raises(Exception, match=r"plain|symbolic|Is a directory"):
                read(descriptor, name, 100)
    with pytest.raises(OSError, match="Not a directory"), opened(folder):
        pass
    assert moved.is_dir()


def test_changed_notebooks_go_before_those_that_did_not_change(
    tmp_path: Path, ready: Ready, course: MiniCourse
) -> None:
    queue = Queue(tmp_path, Limits())
    key = (ME, "mini", "m")
    queue.put(key, {"double": "1"}, b"")
    attempt = queue.claim()
    assert attempt is not None
    queue.finish(attempt, "done", {})
    assert not queue.changed(key, {"double": "1"})
    assert queue.changed(key, {"double": "2"})
    queue.close()
