"""The queue of attempts: order, replacing, looks, bounds, and a process that is killed at any moment."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import SetupError
from autograder.practice.queue import DAY, Queue, QueueFull, QuotaSpent
from autograder.practice.rows import Attempt, Limits


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[Queue]:
    queue = Queue(tmp_path, Limits(cooldown=60, quota=3, waiting=6, keep=2), clock)
    yield queue
    queue.close()


def put(queue: Queue, student: str, notebook: str = "m", *, code: str = "", source: str | None = None) -> int | None:
    return queue.put((student, "mini", notebook), {"double": code, "": "rest"}, b"body", source)


def done(queue: Queue) -> str:
    """Look at the next one; whose it was."""
    attempt = queue.claim()
    assert attempt is not None
    queue.finish(attempt, "done", {})
    return f"{attempt.student}/{attempt.notebook}"


def test_a_newer_attempt_replaces_the_one_that_waits_and_keeps_its_place(queue: Queue, clock: Clock) -> None:
    first = put(queue, "ada", code="1")
    clock.now += 1
    put(queue, "bo")
    clock.now += 1
    newer = put(queue, "ada", code="2")
    assert first is not None
    assert newer is not None
    assert queue.ahead(newer) == 0
    assert queue.body(first) == b""
    attempt = queue.claim()
    assert attempt is not None
    assert (attempt.id, attempt.keys["double"]) == (newer, "2")
    assert queue.claim() is not None
    assert queue.claim() is None


def test_who_hands_in_much_does_not_go_before_the_others(queue: Queue, clock: Clock) -> None:
    for notebook in ("a", "b", "c"):
        put(queue, "ada", notebook)
    clock.now += 100
    put(queue, "bo", "a")
    clock.now += 100
    put(queue, "chloe", "a")
    assert [done(queue) for _ in range(5)] == ["ada/a", "bo/a", "chloe/a", "ada/b", "ada/c"]


def test_nobody_waits_for_ever_behind_those_who_come_later(queue: Queue, clock: Clock) -> None:
    put(queue, "ada", "a")
    put(queue, "ada", "b")
    clock.now += 700
    put(queue, "bo", "a")
    assert [done(queue) for _ in range(3)] == ["ada/a", "ada/b", "bo/a"]


def test_an_attempt_whose_student_has_another_one_running_comes_later(queue: Queue, clock: Clock) -> None:
    put(queue, "ada", "a")
    assert queue.claim() is not None
    put(queue, "ada", "b")
    clock.now += 1
    put(queue, "bo", "a")
    assert done(queue) == "bo/a"


def test_a_task_is_looked_at_again_only_after_a_while_other_tasks_at_once(queue: Queue, clock: Clock) -> None:
    put(queue, "ada", code="1")
    done(queue)
    clock.now += 10
    number = put(queue, "ada", code="2")
    assert number is not None
    assert queue.ahead(number) is None
    assert queue.claim() is None
    assert queue.put(("ada", "mini", "other"), {"double": "2"}, b"") is not None
    assert done(queue) == "ada/other"
    clock.now += 51
    assert done(queue) == "ada/m"


def test_the_same_code_costs_no_look_and_waits_for_none(queue: Queue, clock: Clock) -> None:
    for _ in range(10):
        put(queue, "ada", code="1")
        assert done(queue) == "ada/m"


def test_looks_at_a_task_have_a_number_a_day(queue: Queue, clock: Clock) -> None:
    for code in ("1", "2", "3"):
        put(queue, "ada", code=code)
        assert done(queue) == "ada/m"
        clock.now += 100
    with pytest.raises(QuotaSpent, match="double 3 times"):
        put(queue, "ada", code="4")
    put(queue, "bo", code="4")
    clock.now += DAY - 250
    assert put(queue, "ada", code="4") is not None


def test_code_outside_of_the_tasks_has_looks_of_its_own(queue: Queue, clock: Clock) -> None:
    for code in ("1", "2", "3"):
        queue.put(("ada", "mini", "m"), {"double": "same", "": code}, b"")
        done(queue)
        clock.now += 100
    with pytest.raises(QuotaSpent, match="outside of the tasks"):
        queue.put(("ada", "mini", "m"), {"double": "same", "": "4"}, b"")
    assert queue.put(("ada", "mini", "m"), {"double": "other", "": "3"}, b"") is not None


def test_an_attempt_that_broke_costs_nothing(queue: Queue, clock: Clock) -> None:
    for code in ("1", "2", "3", "4", "5"):
        put(queue, "ada", code=code)
        attempt = queue.claim()
        assert attempt is not None
        queue.finish(attempt, "broken", {})
    put(queue, "ada", code="6")
    assert done(queue) == "ada/m"


def test_so_many_wait_and_no_more_but_a_newer_one_is_always_taken(queue: Queue) -> None:
    for number in range(6):
        put(queue, f"s{number}")
    with pytest.raises(QueueFull):
        put(queue, "ada")
    assert put(queue, "s3", code="2") is not None


def test_a_students_latest_attempts_are_kept_and_no_others(queue: Queue, clock: Clock) -> None:
    gone: list[Attempt] = []
    for number in range(5):
        put(queue, "ada", code="1")
        attempt = queue.claim()
        assert attempt is not None
        gone += queue.finish(attempt, "done", {"n": number})
    assert [a.result["n"] for a in queue.latest("ada")] == [4, 3]
    assert len(gone) == 3


def test_another_students_attempt_is_not_found(queue: Queue) -> None:
    number = put(queue, "ada")
    assert number is not None
    assert queue.of("ada", number) is not None
    assert queue.of("bo", number) is None
    assert queue.latest("bo") == []


def test_a_folder_of_the_exchange_is_taken_once_and_an_older_one_never(queue: Queue) -> None:
    assert put(queue, "ada", source="ada+mini+2026-03-02 18:00:00 UTC+x")
    assert put(queue, "ada", source="ada+mini+2026-03-02 18:00:00 UTC+x") is None
    assert put(queue, "ada", source="ada+mini+2026-03-01 18:00:00 UTC+x") is None
    assert put(queue, "ada", source="ada+mini+2026-03-02 18:00:01 UTC+x")
    assert put(queue, "bo", source="bo+mini+2026-03-01 18:00:00 UTC+x")


def test_a_second_process_is_refused(queue: Queue, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="runs already"):
        Queue(tmp_path, Limits())


def test_what_was_being_looked_at_waits_again_and_is_broken_in_the_end(tmp_path: Path) -> None:
    for tries in range(3):
        queue = Queue(tmp_path, Limits())
        if tries == 0:
            put(queue, "ada")
        attempt = queue.claim()
        assert attempt is not None
        assert attempt.tries == tries + 1
        assert queue.body(attempt.id) == b"body"
        queue.close()
    queue = Queue(tmp_path, Limits())
    assert queue.claim() is None
    assert [a.state for a in queue.latest("ada")] == ["broken"]
    assert queue.rows("SELECT count(*) FROM look") == queue.rows("SELECT count(*) FROM work") == [(0,)]
    queue.close()


def test_one_given_back_waits_in_its_place_and_loses_nothing(queue: Queue) -> None:
    put(queue, "ada")
    put(queue, "bo")
    attempt = queue.claim()
    assert attempt is not None
    queue.give_back(attempt)
    assert queue.rows("SELECT count(*) FROM look") == [(0,)]
    again = queue.claim()
    assert again is not None
    assert (again.id, again.tries) == (attempt.id, 1)


@given(steps=st.lists(st.tuples(st.sampled_from("pppcfbg"), st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_whatever_happens_one_waits_per_notebook_and_what_was_promised_is_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    queue = Queue(tmp_path_factory.mktemp("queue"), Limits(cooldown=0, quota=1000, waiting=5, keep=100))
    promised, running = set(), []
    for what, student, notebook in steps:
        if what == "p":
            try:
                promised.add(put(queue, f"s{student}", f"n{notebook}", code=str(len(promised))))
            except QueueFull:
                continue
        elif what == "c" and (attempt := queue.claim()):
            running.append(attempt)
        elif running and what in "fb":
            queue.finish(running.pop(), "done" if what == "f" else "broken", {})
        elif running and what == "g":
            queue.give_back(running.pop())
    rows = queue.rows("SELECT id, student, notebook, state FROM attempt")
    waiting = [row[1:3] for row in rows if row[3] == "waiting"]
    assert len(waiting) == len(set(waiting))
    assert promised == {row[0] for row in rows}
    bodies = {row[0] for row in queue.rows("SELECT attempt FROM work")}
    assert bodies == {row[0] for row in rows if row[3] in ("waiting", "running")}
    queue.close()


KILLED = """
import random, sys
from pathlib import Path
from autograder.practice.queue import Limits, Queue
queue = Queue(Path(sys.argv[1]), Limits(cooldown=0, quota=10**6))
while True:
    number = queue.put((f"s{random.randrange(9)}", "mini", "m"), {"t": str(random.random())}, b"x" * 999)
    print("put", number, flush=True)
    attempt = queue.claim()
    if attempt:
        queue.finish(attempt, "done", {})
        print("done", attempt.id, flush=True)
"""


@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_killed_process_loses_nothing_and_nothing_is_done_twice(tmp_path: Path, kills: int) -> None:
    put_ones: set[int] = set()
    finished: list[int] = []
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(random.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        for line in (said + process.communicate()[0]).splitlines(keepends=True):
            what, _space, number = line.partition(" ")
            if line.endswith("\n"):
                put_ones.add(int(number)) if what == "put" else finished.append(int(number))
    queue = Queue(tmp_path, Limits(cooldown=0, keep=1))
    assert queue.rows("PRAGMA integrity_check") == [("ok",)]
    assert len(finished) == len(set(finished)) > 0
    kept = {row[0]: row[1] for row in queue.rows("SELECT id, state FROM attempt")}
    assert all(kept.get(number, "done") in ("done", "replaced") for number in finished)
    assert {row[0] for row in queue.rows("SELECT DISTINCT state FROM attempt")} <= {"waiting", "done", "replaced"}
    queue.close()
    with closing(sqlite3.connect(tmp_path / "queue.sqlite")) as db:
        assert json.loads(db.execute("SELECT result FROM attempt LIMIT 1").fetchone()[0]) == {}
