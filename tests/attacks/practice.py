"""Send the hostile class through practice's door: nbgrader's exchange, the queue, the pages that students fetch.

    tests/guard.sh .venv/bin/python -m tests.attacks.practice [NAME ...]

Runs inside the guard only. The submissions are those of `tests.attacks.run`; the service is the one that a JupyterHub
starts, with the pages under its own names in the exchange.
"""

import argparse
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from autograder.classroom import Typed, read_class
from autograder.practice.service import Ready, Service
from autograder.scale.logs import escape_names
from tests.attacks.alive import alive_in
from tests.attacks.run import (
    ASSIGNMENT,
    BYSTANDER,
    HARMLESS,
    HONESTS,
    HOSTILE,
    LOG,
    OURS,
    STEERS,
    TRAINED,
    attack,
    earned_more,
    lay_out,
)
from tests.attacks.watch import Listener, processes

SECONDS = 1800
WHEN = "2026-03-02 18:00:00.000000 UTC"
SETTINGS = """
c.CourseDirectory.course_id = "attacked"
c.Exchange.root = {exchange!r}
c.ExchangeCollect.check_owner = False  # one account hands in for all of them
c.Practice.cooldown_seconds = 0
c.Practice.workers = 2
"""


def submit(typed: Typed, course: Path, inbound: Path) -> None:
    """Lay a submission into the exchange, as `nbgrader submit` does: last the file that says that it is whole."""
    attack(typed, course)
    folder = inbound / f"{typed.student}+{typed.assignment}+{WHEN}+{secrets.token_hex(6)}"
    (course / "submitted" / typed.student / typed.assignment).rename(folder)
    whole = folder / "submission_secret.txt"
    if whole.is_dir():
        shutil.rmtree(whole)
    whole.write_text(secrets.token_hex(64), encoding="ascii")


def wait(ready: Ready, students: list[str]) -> None:
    """Until each of them has an attempt, and none is left to look at."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        came = all(ready.queue.latest(student) for student in students)  # asked first: one that comes then is open
        if came and not ready.queue.rows("SELECT 1 FROM attempt WHERE state IN ('waiting', 'running')"):
            return
        time.sleep(0.5)
    raise TimeoutError(f"not every submission was looked at within {SECONDS} s")


def earned(ready: Ready, student: str) -> float:
    """The points of a student's latest attempt."""
    tasks = [task for attempt in ready.queue.latest(student, 1) for task in attempt.result.get("tasks", {}).values()]
    return float(sum(points for _held, _checks, points, _maximum in tasks))


def found_the_host(folder: Path) -> list[str]:
    """What attacks that read the host have printed, from the outcomes that practice remembers."""
    bodies = [p.read_bytes().split(b"\n", 2)[2] for p in sorted((folder / "outcomes").glob("??/*.json"))]
    texts = [text for body in bodies for text in _texts(json.loads(body))]
    return [line for text in texts for line in text.splitlines() if line.startswith("FOUND")]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def through_the_door(course: Path, submissions: list[Typed]) -> dict[str, Any]:
    """What each attack achieved."""
    exchange = course / "exchange"
    lay_out(course, OURS + SETTINGS.format(exchange=str(exchange)), ASSIGNMENT, TRAINED)
    (exchange / "attacked" / "inbound").mkdir(parents=True)
    logging.basicConfig(filename=course / LOG, level=logging.INFO, force=True)
    escape_names()
    os.environ["CANARY_SECRET"] = "CANARY"
    resource_tracker.ensure_running()  # Python's own, of processes that are started: it stays to the end
    listener, running = Listener(), processes()
    service = Service(course, watches=True)
    if not service.open():
        raise SystemExit(f"practice does not start: {service.fault}")
    try:
        found = _achieved(course, service.ready, submissions)
        found["goes_on"] = service.ready.work.goes_on
    finally:
        service.close()
    left = [command for pid, command in processes().items() if pid not in running]
    return {**found, "connections": listener.connections, "processes_left": left}


def _achieved(course: Path, ready: Ready, submissions: list[Typed]) -> dict[str, Any]:
    inbound, feedback = (course / "exchange" / "attacked" / name for name in ("inbound", "feedback"))
    own = [path for path in (*course.glob("source/**/*"), ready.course.folder / "secret") if path.is_file()]
    canaries = {path: path.read_bytes() for path in own}
    (bystander,) = (t for t in submissions if t.student == BYSTANDER)
    submit(bystander, course, inbound)
    wait(ready, [BYSTANDER])
    (theirs,) = feedback.glob("*.html")
    before = theirs.read_bytes()
    for typed in submissions:
        if typed is not bystander:
            submit(typed, course, inbound)
    wait(ready, [typed.student for typed in submissions])
    scores = {typed.student: earned(ready, typed.student) for typed in submissions}
    pages = {path.name: path.read_text(encoding="utf-8") for path in feedback.iterdir()}
    for attempt in (a for t in submissions for a in ready.queue.latest(t.student)):
        pages[f"{attempt.id}, {attempt.student}"] = ready.pages.get(attempt.id) or ""
    secret = _secrets(ready, inbound)
    return {
        "submissions": len(submissions),
        "earned_more": earned_more(submissions, scores),
        "without_answer": [t.student for t in submissions if not _is_answered(ready, t.student)],
        "alive": {name: tags[:5] for name, page in pages.items() if (tags := alive_in(page))},
        "told_secrets": [name for name, page in pages.items() if any(text in page for text in secret)],
        "log_steers": bool(STEERS.search((course / LOG).read_bytes())),
        "honest": {t.student: scores[t.student] for t in submissions if t.student in HONESTS},
        "bystander_unchanged": scores[BYSTANDER] == 10.0 and theirs.read_bytes() == before,
        "course_unchanged": all(path.read_bytes() == content for path, content in canaries.items()),
        "read_the_host": found_the_host(ready.course.folder),
    }


def _is_answered(ready: Ready, student: str) -> bool:
    """Whether a student got a page, or a sentence that says why there is none."""
    attempts = ready.queue.latest(student)
    return bool(attempts) and all(ready.pages.get(a.id) if a.state == "done" else a.result.get("why") for a in attempts)


def _secrets(ready: Ready, inbound: Path) -> list[str]:
    handed_in = [path.read_text(encoding="ascii") for path in inbound.glob("*/submission_secret.txt")]
    own = [(ready.course.folder / name).read_text(encoding="utf-8") for name in ("secret", "grader-token")]
    return [*own, *handed_in]


def holds(found: dict[str, Any]) -> bool:
    """Whether no attack achieved anything."""
    nothing = ("earned_more", "without_answer", "alive", "told_secrets", "log_steers", "connections", "read_the_host",
               "processes_left")  # fmt: skip
    whole = ("bystander_unchanged", "course_unchanged", "goes_on")
    return not any(found[key] for key in nothing) and all(found[key] for key in whole) and found["honest"] == HONESTS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="submissions to run; all of them when left out")
    names = set(parser.parse_args().names)
    if os.environ.get("GUARDED") != "1":
        raise SystemExit("hostile code runs inside the guard only: tests/guard.sh python -m tests.attacks.practice")
    submissions = [t for t in read_class(HOSTILE) if not names or t.student in names or t.student in HARMLESS]
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        course = Path(folder, "course")
        found = through_the_door(course, submissions)
        log = (course / LOG).read_text(encoding="utf-8", errors="replace")
    print(json.dumps(found, indent=2))
    held = holds(found)
    if not held:
        print(log[-20_000:], file=sys.stderr)
    count = len(submissions) - len(HARMLESS)
    print(f"{count} attacks through practice: {'the boundary holds' if held else 'THE BOUNDARY DOES NOT HOLD'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
