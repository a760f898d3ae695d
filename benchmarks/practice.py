"""Practice with real workers: how long an attempt takes, how many a machine carries, and a class that comes at once.

    python -m benchmarks.practice [--new 12] [--students 200] [--minutes 10] [--steady 30] [--workers 2]

`--new` students hand in one notebook, one after the other: their programs differ, and with them hidden inputs, so
all models are trained anew; each hands in once more, with a comment changed. Then `--students` come within `--minutes`,
and `--steady` of them at nine tenths of the rate that the workers were found to carry. Writes
`benchmarks/results/practice.json`. Run it on a machine that does nothing else.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil

from autograder.practice.rows import Attempt
from autograder.practice.service import Ready, Service
from autograder.practice.times import percentile
from benchmarks.classes import ASSIGNMENT, make_course, own_program
from benchmarks.grading import Memory
from benchmarks.machine import save

RESULT = Path(__file__).parent / "results" / "practice.json"
BUSY = 0.9  # share of the rate that the workers carry
LAST_HOUR = 800  # students, each of whom hands in once within the last hour
SETTINGS = "\nc.Practice.cooldown_seconds = 0\nc.Practice.workers = {workers}\n"


@dataclass
class Come:
    """An attempt of the class. `said`: what the queue expected when it came, s."""

    number: int
    student: str
    said: float


def answer(course: Path, notebook: str, student: str, remark: str = "") -> bytes:
    """The reference answers as this student's own program, with a remark in one of them."""
    nb = nbformat.read(course / "source" / ASSIGNMENT / f"{notebook}.ipynb", as_version=4)
    own_program(nb, student).source += f"\n# {remark}"
    return nbformat.writes(nb).encode()


def hand_in(ready: Ready, student: str, raw: bytes) -> int:
    """As the page does; the attempt's id."""
    number = ready.door.take(student, ASSIGNMENT, raw, {})
    assert number is not None  # noqa: S101
    ready.work.wake()
    return number


def ended(ready: Ready, student: str, number: int) -> Attempt:
    """The attempt, when it has its page."""
    while True:
        attempt = ready.queue.of(student, number)
        assert attempt is not None  # noqa: S101
        if attempt.state not in ("waiting", "running"):
            assert attempt.state == "done", attempt  # noqa: S101
            return attempt
        time.sleep(0.02)


def seconds(attempt: Attempt) -> float:
    """From bytes to page."""
    return (attempt.ended or 0.0) - attempt.put


def alone(ready: Ready, course: Path, notebook: str, count: int) -> tuple[list[float], list[float]]:
    """(s of new answers, s of known ones), of students who come one after the other; the workers are warm."""
    new, known = [], []
    for number in range(count + 1):
        student = f"alone-{number}"
        first = ended(ready, student, hand_in(ready, student, answer(course, notebook, student, "one")))
        again = ended(ready, student, hand_in(ready, student, answer(course, notebook, student, "two")))
        assert again.known  # noqa: S101
        if number:
            new.append(seconds(first))
            known.append(seconds(again))
    return sorted(new), sorted(known)


def come(ready: Ready, course: Path, notebook: str, students: Sequence[str], apart: float) -> list[Come]:
    """Hand in, a student every `apart` s."""
    came = []
    for student in students:
        began = time.monotonic()
        attempt = hand_in(ready, student, answer(course, notebook, student))
        found = ready.queue.of(student, attempt)
        came.append(Come(attempt, student, (ready.times.seconds(found) if found else None) or 0.0))
        time.sleep(max(0.0, apart - (time.monotonic() - began)))
    return came


def class_comes(ready: Ready, course: Path, notebook: str, students: int, minutes: float) -> tuple[list[Come], Memory]:
    """Hand in evenly spaced, watch memory, wait for the last page."""
    memory, over = Memory(), threading.Event()
    own = psutil.Process()

    def watch() -> None:
        while not over.wait(5):
            memory.look(own)

    watcher = threading.Thread(target=watch)
    watcher.start()
    names = [f"class-{number:03}" for number in range(students)]
    came = come(ready, course, notebook, names, minutes * 60 / students)
    for one in came:
        ended(ready, one.student, one.number)
    over.set()
    watcher.join()
    return came, memory


def steady(ready: Ready, course: Path, notebook: str, count: int) -> list[float]:
    """s to the page of students who come at nine tenths of the rate that the workers carry, sorted."""
    apart = ready.times.each() / ready.work.workers / BUSY
    came = come(ready, course, notebook, [f"steady-{number:03}" for number in range(count)], apart)
    return sorted(seconds(ended(ready, one.student, one.number)) for one in came)


def told(ready: Ready, came: Sequence[Come]) -> dict[str, Any]:
    """What the class saw."""
    done = [ended(ready, one.student, one.number) for one in came]
    took = [seconds(attempt) for attempt in done]
    factors = sorted(t / max(one.said, 0.1) for t, one in zip(took, came, strict=True))
    starts = [attempt.began or 0.0 for attempt in done]
    return {
        "served": len(done),
        "begun in the order of coming": starts == sorted(starts),
        "seconds to the page": spread(sorted(took)),
        "taken / expected": {**spread(factors), "min": round(factors[0], 2), "max": round(factors[-1], 2)},
    }


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Median and 95th percentile of sorted values."""
    return {name: round(found, 2) if (found := percentile(values, share)) is not None else None
            for name, share in (("p50", 0.5), ("p95", 0.95))}  # fmt: skip


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--new", type=int, default=12)
    parser.add_argument("--steady", type=int, default=30)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--notebook", default="2_l1_l2")
    parser.add_argument("--output", type=Path, default=RESULT)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder))
        with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(workers=chosen.workers))
        service = Service(course)
        assert service.open(), service.fault  # noqa: S101
        try:
            new, known = alone(service.ready, course, chosen.notebook, chosen.new)
            came, memory = class_comes(service.ready, course, chosen.notebook, chosen.students, chosen.minutes)
            of_class, each = told(service.ready, came), service.ready.times.each()
            carried = steady(service.ready, course, chosen.notebook, chosen.steady)
        finally:
            service.close()
    save(chosen.output, {
        "notebook": chosen.notebook, "workers": chosen.workers,
        "a new answer, nobody else there, s": spread(new), "a known answer, s": spread(known),
        "new answers a minute that the workers carry": round(60 * chosen.workers / each, 2),
        f"a new answer at {BUSY} of this rate, s": spread(carried),
        "class": {"students": chosen.students, "minutes": chosen.minutes, **of_class, **memory.told()},
        f"workers for {LAST_HOUR} students in an hour": -int(-LAST_HOUR * each // 3600),
        "mean s of work on one of the class": round(each, 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
