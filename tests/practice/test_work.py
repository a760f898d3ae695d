"""Attempts on a tiny course, with real workers: pages, what they say, known answers, faults, kills, priority."""

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from autograder.practice import work
from autograder.practice.attempts import Looked
from autograder.practice.queue import Attempt
from autograder.practice.service import Ready, Service
from autograder.scale.priority import Grading
from tests.mini.course import REFERENCE, MiniCourse
from tests.practice.attempts import SECONDS, hand_in, wait

OPEN = "c.Practice.cooldown_seconds = 0\n"
Take = Callable[..., Attempt]


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    course = MiniCourse(tmp_path_factory.mktemp("course"), extra=OPEN)
    (course.root / "gradebook.db").unlink()
    return course


@pytest.fixture(scope="module")
def ready(mini: MiniCourse) -> Iterator[Ready]:
    """A practice that runs."""
    service = Service(mini.root)
    assert service.open(), service.fault
    yield service.ready
    service.close()


def notebook(mini: MiniCourse, **cells: str) -> bytes:
    return (mini.hand_in("x", **cells) / "m.ipynb").read_bytes()


def until_begun(ready: Ready, student: str, number: int) -> None:
    """Wait until the attempt is being looked at, and its kernel runs."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        attempt = ready.queue.of(student, number)
        if attempt is not None and attempt.state != "waiting" and workers():
            time.sleep(0.5)
            return
        time.sleep(0.05)
    raise TimeoutError(number)


def look(ready: Ready, student: str, raw: bytes) -> tuple[Attempt, str]:
    """The attempt, and its page."""
    attempt = wait(ready, student, hand_in(ready, student, raw))
    return attempt, ready.pages.get(attempt.id) or ""


def test_an_attempt_gets_the_feedback_page_in_sentences_without_points(ready: Ready, mini: MiniCourse) -> None:
    attempt, html = look(ready, "ada", notebook(mini, double="def double(x):\n    return 3 * x"))
    assert attempt.state == "done"
    assert "`double` gives something else" in html.replace("<code>", "`").replace("</code>", "`")
    assert "This is practice, and no grade" in html
    assert "/ 8" not in html
    assert "3/3" not in html
    shown = html.partition("</style>")[2].replace('class="points"', "")
    assert set(re.findall(r"\w+ points", shown)) <= {"all points", "some points", "no points"}
    assert attempt.result["tasks"] == {"double": [0, 2, 0, 3], "word": [1, 1, 3, 3]}
    assert [row[:2] for row in attempt.result["said"]] == [["double", "doubled"]]


def test_a_thread_that_ends_too_late_leaves_its_attempt_to_the_next_start(
    mini: MiniCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, raw, go_on = tmp_path / "course", notebook(mini), threading.Event()
    shutil.copytree(mini.root, root, ignore=shutil.ignore_patterns(".autograder"))
    look_at = work.look

    def late(*arguments: Any) -> Looked:
        looked = look_at(*arguments)
        go_on.wait(SECONDS)
        return looked

    monkeypatch.setattr(work, "look", late)
    monkeypatch.setattr(work, "PATIENCE", 0.1)
    service = Service(root)
    assert service.open(), service.fault
    number, threads = hand_in(service.ready, "eve", raw), service.ready.work._threads
    until_begun(service.ready, "eve", number)
    service.close()
    go_on.set()
    for thread in threads:
        thread.join(SECONDS)  # it ends without an error, or pytest says so
    assert service.open(), service.fault
    assert wait(service.ready, "eve", number).state == "done"
    service.close()


def test_the_same_code_is_known_whatever_its_comments_and_prose(ready: Ready, mini: MiniCourse) -> None:
    shows = {"double": REFERENCE["double"] + "\nprint('shown', double(4))"}
    assert not look(ready, "bo", notebook(mini, **shows))[0].known
    nb = nbformat.reads(notebook(mini, double="# mine\n" + shows["double"], essay="So.").decode(), as_version=4)
    nb.cells.insert(1, nbformat.v4.new_markdown_cell("A note <script>x</script>"))
    attempt, html = look(ready, "bo", nbformat.writes(nb).encode())
    assert attempt.known
    assert "# mine" in html
    assert "shown 8" in html.replace("<span>", "").replace("</span>", "")
    assert "<script" not in html
    assert look(ready, "chloe", notebook(mini, **shows))[0].known  # one program is asked the same, whoever wrote it
    assert not look(ready, "bo", notebook(mini, double=shows["double"] + "\nprint('more')"))[0].known


def test_where_a_cell_raised_only_the_same_text_is_known(ready: Ready, mini: MiniCourse) -> None:
    broken = {"word": "word = wrong"}
    assert not look(ready, "dora", notebook(mini, **broken))[0].known
    assert not look(ready, "dora", notebook(mini, word="\n\nword = wrong"))[0].known


def test_hidden_inputs_are_not_those_of_the_grade(ready: Ready) -> None:
    assert ready.course.jobs.secret not in ("", ready.course.jobs.course.secret)


def test_a_hostile_notebook_is_looked_at_like_any_other(ready: Ready, mini: MiniCourse) -> None:
    attempt, _html = look(ready, "eve", notebook(mini, double="import os\nos._exit(0)"))
    assert attempt.state == "done"
    assert attempt.result["tasks"]["double"][0] == 0
    assert look(ready, "ada", notebook(mini))[0].result["tasks"]["double"] == [2, 2, 3, 3]


def test_while_the_class_is_graded_nothing_is_begun(ready: Ready, mini: MiniCourse) -> None:
    grading = Grading(mini.root)
    try:
        assert ready.work.paused
        time.sleep(0.2)  # one that was being asked for
        number = hand_in(ready, "finn", notebook(mini))
        time.sleep(1.5)
        attempt = ready.queue.of("finn", number)
        assert attempt is not None
        assert attempt.state == "waiting"
    finally:
        grading.end()
    assert wait(ready, "finn", number).state == "done"


def test_a_worker_that_is_killed_costs_nobody_an_attempt(ready: Ready, mini: MiniCourse) -> None:
    number = hand_in(ready, "gus", notebook(mini, double="import time\ntime.sleep(3)\n" + REFERENCE["double"]))
    until_begun(ready, "gus", number)
    for worker in workers():
        os.kill(worker.pid, signal.SIGKILL)
    attempt = wait(ready, "gus", number)
    assert attempt.state == "done"
    assert attempt.result["tasks"]["double"] == [2, 2, 3, 3]


def workers() -> list[psutil.Process]:
    """The processes that grade: those that have a kernel's or the checking process below them."""
    found = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
    return [p for p in found if p.children()]


def test_a_fault_of_ours_is_shown_as_one_and_does_not_count(
    ready: Ready, mini: MiniCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("of ours")

    monkeypatch.setattr("autograder.practice.work.look", broken)
    attempt, html = look(ready, "hana", notebook(mini))
    assert attempt.state == "broken"
    assert "not your fault" in attempt.result["why"]["text"]
    assert html == ""
    assert ready.queue.rows("SELECT count(*) FROM look WHERE student='hana'") == [(0,)]


def test_what_a_page_says_is_an_option(tmp_path: Path, mini: MiniCourse) -> None:
    course = MiniCourse(tmp_path, extra=OPEN + "c.Practice.says = {'points', 'curves'}\n")
    service = Service(course.root)
    assert service.open(), service.fault
    try:
        assert "3 of 8 points" in look(service.ready, "ada", notebook(course, word="word = 'left'"))[1]
        html = look(service.ready, "ada", notebook(course))[1]
    finally:
        service.close()
    assert "Since your last attempt: A tiny assignment 0 → <b>3</b>" in html


@pytest.mark.slow
def test_a_service_that_is_stopped_in_the_middle_takes_the_attempt_up_again(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path, extra=OPEN)
    service = Service(course.root)
    assert service.open(), service.fault
    number = hand_in(
        service.ready, "ada", notebook(course, double="import time\ntime.sleep(60)\n" + REFERENCE["double"])
    )
    until_begun(service.ready, "ada", number)
    work = service.ready.work
    service.close()
    assert not work.goes_on  # no thread is left that would start a worker again
    again = Service(course.root)
    assert again.open(), again.fault
    try:
        taken_up = again.ready.queue.of("ada", number)
        assert taken_up is not None
        assert taken_up.state in ("waiting", "running")
    finally:
        again.close()
