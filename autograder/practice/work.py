"""Looks at the attempts of the queue: threads, each with one worker process that stays.

A worker that is lost concerns its own attempt alone. While `nbgrader autograde` runs in this course, nothing new is
begun: official grading goes first.
"""

import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.errors import SubmissionError
from autograder.files import write_whole
from autograder.i18n import Message, _
from autograder.practice.attempts import Looked, look
from autograder.practice.course import PracticeCourse
from autograder.practice.exchange import Feedback
from autograder.practice.history import before
from autograder.practice.queue import Queue
from autograder.practice.rows import Attempt
from autograder.scale.outcomes import Outcomes, Workers
from autograder.scale.priority import grading_goes_on
from autograder.scale.settings import Scale
from autograder.store import trim

log = logging.getLogger("autograder.practice")
PAUSE = 0.5  # s between two looks at an empty queue
PATIENCE = 30.0  # s that a thread may take to end
TRIM_EVERY = 50  # attempts
BROKEN = _("Our program broke while it looked at this attempt; this is not your fault, and it does not count. Hand in "
           "once more; when it breaks again, tell your teacher the number of the attempt.")  # fmt: skip
LATE = _("Practice had ended when the turn of this attempt came.")
GONE = _("This notebook is not part of the course any longer.")


class Pages:
    """The pages of a course's attempts: files named after the attempt's id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.html"

    def put(self, number: int, html: str) -> None:
        """Write an attempt's page; it is on the disk before this returns."""
        write_whole(self._path(number), html.encode(), durable=True)

    def get(self, number: int) -> str | None:
        """An attempt's page; None when it has none."""
        try:
            return self._path(number).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def forget(self, attempts: Sequence[Attempt]) -> None:
        """Remove the pages of attempts that are not kept."""
        for attempt in attempts:
            self._path(attempt.id).unlink(missing_ok=True)


class Work:
    """The threads that look at attempts, from `start` to `stop`."""

    def __init__(self, course: PracticeCourse, queue: Queue, pages: Pages, exchange: Feedback) -> None:
        self.course, self.queue, self.pages, self.exchange = course, queue, pages, exchange
        self.finished = 0  # attempts, since the start
        self._bell, self._ended = threading.Condition(), threading.Event()
        scale = Scale(config=Config({"Scale": {**course.config.get("Scale", {}), "workers": 1}}))
        family = course.jobs.unit.family
        self._workers = [Workers(scale, family) for _slot in range(course.settings.workers)]
        self._threads = [
            threading.Thread(target=self._run, args=(workers,), name=f"practice-{number}", daemon=True)
            for number, workers in enumerate(self._workers)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something new in the queue."""
        with self._bell:
            self._bell.notify_all()

    def stop(self) -> None:
        """End now. Attempts that are being looked at wait again, and lose nothing by it."""
        self._ended.set()
        self.wake()
        for workers in self._workers:
            workers.close()
        for thread in self._threads:
            thread.join(timeout=PATIENCE)

    @property
    def workers(self) -> int:
        """How many attempts can be looked at at a time."""
        return len(self._threads)

    @property
    def goes_on(self) -> bool:
        """Whether a thread is still there."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def paused(self) -> bool:
        """Whether official grading goes on."""
        return grading_goes_on(self.course.root)

    def _run(self, workers: Workers) -> None:
        try:
            self._look_at_all(Outcomes(workers, self.course.folder, log))
        except sqlite3.ProgrammingError:  # the queue is closed: at its next start it takes the attempt up
            if not self._ended.is_set():
                raise

    def _look_at_all(self, outcomes: Outcomes) -> None:
        while not self._ended.is_set():
            attempt = None if self.paused else self.queue.claim()
            if attempt is None:
                with self._bell:
                    self._bell.wait(PAUSE)
            else:
                self._look(outcomes, attempt)

    def _look(self, outcomes: Outcomes, attempt: Attempt) -> None:
        """One attempt, to its end. Whatever goes wrong is this attempt's alone."""
        try:
            if not self.course.settings.is_open(attempt.assignment, attempt.student):
                self._end(attempt, "late", Message(LATE))
                return
            if attempt.key[1:] not in self.course.released:
                self._end(attempt, "broken", Message(GONE))
                return
            looked = look(self.course, outcomes, attempt.key, self.queue.body(attempt.id), self._before(attempt))
        except Exception as error:
            if self._ended.is_set():  # its worker was given up
                self.queue.give_back(attempt)
                return
            log.exception("Attempt %s, %s broke", attempt.id, attempt.key)
            self._end(attempt, "broken", error.message if isinstance(error, SubmissionError) else Message(BROKEN))
            return
        self._keep(attempt, looked)

    def _before(self, attempt: Attempt) -> Mapping[str, float]:
        """Task → points of the attempt before."""
        older = before(self.queue.latest(attempt.student), attempt)
        return {task: row[2] for task, row in older.result["tasks"].items()} if older else {}

    def _keep(self, attempt: Attempt, looked: Looked) -> None:
        self.pages.put(attempt.id, looked.page)
        result = dict(looked.summary)
        if attempt.source is not None and (placed := self.exchange.release(attempt, looked.page)):
            result["placed"] = placed
        self._finish(attempt, "done", result, known=looked.known)
        self.finished += 1
        if self.finished % TRIM_EVERY == 0:
            trim(self.course.folder, self.course.settings.store_bytes)

    def _end(self, attempt: Attempt, state: str, why: Message) -> None:
        self._finish(attempt, state, {"why": why.to_json()})

    def _finish(self, attempt: Attempt, state: str, result: Mapping[str, Any], *, known: bool = False) -> None:
        gone = self.queue.finish(attempt, state, result, known=known)
        self.pages.forget(gone)
        self.exchange.forget(gone)
