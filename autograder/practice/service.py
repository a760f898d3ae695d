"""The parts of a running practice, and its life: its port opens before anything that can fail; faults are shown."""

import logging
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError
from autograder.i18n import Message, _
from autograder.practice.course import PracticeCourse, drawn
from autograder.practice.door import Door
from autograder.practice.exchange import Exchange, Feedback
from autograder.practice.inbound import Inbound
from autograder.practice.queue import Queue
from autograder.practice.rows import Limits
from autograder.practice.times import Times
from autograder.practice.work import Pages, Work
from autograder.sandbox.isolation import isolation_problem
from autograder.scale.in_time import stop

log = logging.getLogger("autograder.practice")
TOKEN = "grader-token"  # noqa: S105  # its file
FAULT = _("Practice cannot start ({reason}). Tell your teacher.")


@dataclass(frozen=True)
class Ready:
    """What works once the course was read."""

    course: PracticeCourse
    queue: Queue
    pages: Pages
    door: Door
    work: Work
    times: Times
    token: str  # of the grader
    inbound: Inbound | None = None


class Service:
    """Practice of the course in a folder, below an address `prefix`."""

    def __init__(self, root: Path, prefix: str = "/", *, watches: bool = False) -> None:
        """`watches`: whether it takes what is handed in through nbgrader's exchange."""
        self.root, self.prefix, self._watches = root, prefix, watches
        self._ready: Ready | None = None
        self.fault: Message | None = None

    @property
    def work(self) -> Work | None:
        """What looks at attempts; None before it was begun."""
        return self._ready.work if self._ready else None

    @property
    def ready(self) -> Ready:
        """The parts; asked for only when `work` is there."""
        assert self._ready is not None  # noqa: S101
        return self._ready

    def open(self) -> bool:
        """Read the course and begin; takes seconds. Whether it works: `fault` says why it does not."""
        try:
            if (problem := isolation_problem()) is not None:
                self.fault = problem
                return False
            self._ready = _parts(self.root, self._watches)
            self.fault = None
        except Exception as error:
            log.exception("Practice cannot start")
            self.fault = (
                error.message if isinstance(error, AutograderError) else Message(FAULT, {"reason": repr(error)})
            )
            return False
        self._ready.work.start()
        if self._ready.inbound is not None:
            self._ready.inbound.start()
        return True

    def close(self) -> None:
        """End; what was not finished waits for the next start."""
        ready, self._ready = self._ready, None
        if ready is not None:
            if ready.inbound is not None:
                ready.inbound.stop()
            ready.work.stop()
            ready.queue.close()
        stop()


def _parts(root: Path, watch: bool) -> Ready:
    course = PracticeCourse(root)
    settings = course.settings
    limits = Limits(settings.cooldown_seconds, settings.daily_quota, settings.max_waiting, settings.keep)
    exchange = Exchange(course)
    token = drawn(course.folder / TOKEN)
    queue = Queue(course.folder, limits)  # from here on nothing fails: this process has it
    pages = Pages(course.folder / "pages")
    door = Door(course, queue)
    work = Work(course, queue, pages, Feedback(exchange))
    inbound = Inbound(exchange, door, work.wake) if watch else None
    return Ready(course, queue, pages, door, work, Times(queue, settings.workers), token, inbound)
