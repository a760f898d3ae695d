"""What the queue expects: the time to the page, from what the latest new answers took."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.practice.queue import Queue
from autograder.practice.rows import Limits
from autograder.practice.times import UNKNOWN, Times, percentile


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[Queue]:
    queue = Queue(tmp_path, Limits(cooldown=0), clock)
    yield queue
    queue.close()


def put(queue: Queue, student: str, code: str = "1") -> int:
    number = queue.put((student, "mini", "m"), {"double": code}, b"")
    assert number is not None
    return number


def look(queue: Queue, clock: Clock, student: str, seconds: float, *, known: bool = False) -> None:
    put(queue, student)
    attempt = queue.claim()
    assert attempt is not None
    clock.now += seconds
    queue.finish(attempt, "done", {}, known=known)


def expected(queue: Queue, workers: int, student: str, number: int) -> float | None:
    attempt = queue.of(student, number)
    assert attempt is not None
    return Times(queue, workers).seconds(attempt)


def test_nothing_is_known_of_the_first_ones(queue: Queue) -> None:
    assert expected(queue, 2, "ada", put(queue, "ada")) == UNKNOWN


def test_a_known_answer_does_not_make_the_new_ones_look_fast(queue: Queue, clock: Clock) -> None:
    for number, (seconds, known) in enumerate([(20.0, False), (0.5, True), (40.0, False), (0.5, True)]):
        look(queue, clock, f"l{number}", seconds, known=known)
    assert Times(queue, 1).each() == 30.0


def test_the_start_of_a_worker_does_not_count(queue: Queue, clock: Clock) -> None:
    for number, seconds in enumerate([90.0, 20.0, 22.0, 24.0]):
        look(queue, clock, f"l{number}", seconds)
    assert Times(queue, 1).each() == 23.0


def test_the_expected_time_counts_who_goes_before_and_who_is_looked_at(queue: Queue, clock: Clock) -> None:
    look(queue, clock, "first", 30.0)
    numbers = {student: put(queue, student) for student in ("ada", "bo", "chloe", "dora")}
    assert [expected(queue, 2, s, n) for s, n in numbers.items()] == [30.0, 30.0, 60.0, 60.0]
    for _worker in range(2):
        assert queue.claim() is not None
    clock.now += 10
    assert expected(queue, 2, "ada", numbers["ada"]) == 20.0
    assert expected(queue, 2, "chloe", numbers["chloe"]) == 50.0
    clock.now += 60  # longer than the others took: it cannot be told
    assert expected(queue, 2, "ada", numbers["ada"]) == 1.0


def test_percentiles_of_sorted_values() -> None:
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([float(n) for n in range(100)], 0.95) == 95.0
