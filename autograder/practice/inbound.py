"""Takes what students hand in with `nbgrader submit`: up to one attempt a notebook, the changed ones first."""

import logging
import os
import re
import threading
from collections.abc import Callable

from autograder.errors import AutograderError, SubmissionError
from autograder.i18n import Message, _
from autograder.practice.course import Released
from autograder.practice.door import Door
from autograder.practice.exchange import Exchange
from autograder.practice.folders import LONGEST_SECRET, SECRET, beside, opened, read
from autograder.wiring.exchange import problem_of

log = logging.getLogger("autograder.practice")
UNREADABLE = _("The notebook could not be read where you handed it in. Hand in once more.")
PAUSE = 1.0  # s between two looks into the exchange
# student+assignment+time, as nbgrader names it, with its seconds' parts, then twelve characters of chance
NAME = re.compile(
    r"([\w.@-]{1,64})\+([^+/]{1,64})\+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[ A-Za-z/_]{0,40})\+[\w-]{1,40}"
)


class Inbound:
    """Watches the exchange, from `start` to `stop`."""

    def __init__(self, exchange: Exchange, door: Door, wake: Callable[[], None]) -> None:
        self._exchange, self._door, self._wake = exchange, door, wake
        self._done: set[str] = set()  # names that were taken or refused; no more than there are folders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="practice-inbound", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._ended.wait(PAUSE):
            try:
                if self.scan():
                    self._wake()
            except Exception:
                log.exception("%s could not be looked through", self._exchange.inbound)

    def scan(self) -> int:
        """Take what is new: of each student and assignment the latest submission. How many attempts it made."""
        try:
            names = set(os.listdir(self._exchange.inbound))
        except FileNotFoundError:
            return 0
        self._done &= names
        latest: dict[tuple[str, str], tuple[str, str]] = {}  # student, assignment → time, name
        for name in names:
            if found := NAME.fullmatch(name):
                student, assignment, stamp = found.groups()
                if problem := self._problem(name, student):
                    self._refuse(name, problem)
                else:
                    latest[student, assignment] = max(latest.get((student, assignment), ("", "")), (stamp, name))
        new = sorted(item for item in latest.items() if item[1][1] not in self._done)
        return sum(self._take(student, assignment, name) for (student, assignment), (_stamp, name) in new)

    def _problem(self, name: str, student: str) -> str | None:
        """Why this folder does not count: one whose owner is another one may not hide the owner's own."""
        path = self._exchange.inbound / name
        try:
            return problem_of(str(path), os.lstat(path), student, check_owner=self._exchange.check_owner)
        except OSError as error:
            return f"{path}: {error}"

    def _refuse(self, name: str, problem: str) -> None:
        if name not in self._done:
            self._done.add(name)
            log.warning(problem)

    def _take(self, student: str, assignment: str, name: str) -> int:
        """The attempts of one submission; none before it is whole."""
        folder = self._exchange.inbound / name
        try:
            with opened(folder) as descriptor:
                if problem := problem_of(str(folder), os.fstat(descriptor), student,
                                         check_owner=self._exchange.check_owner):  # fmt: skip
                    raise PermissionError(problem)
                try:
                    read(descriptor, SECRET, LONGEST_SECRET)
                except FileNotFoundError:
                    return 0
                self._done.add(name)
                found = [(one, self._read(descriptor, student, one, name)) for one in self._of(assignment)]
                work = [(released, *handed_in) for released, handed_in in found if handed_in]
                work.sort(key=lambda one: not self._door.changed(student, one[0], one[1]))
                return sum(self._put(student, *one, name) for one in work)
        except (OSError, AutograderError) as error:
            self._refuse(name, f"{folder}: {error}")
            return 0

    def _of(self, assignment: str) -> list[Released]:
        return [released for released in self._door.course.released.values() if released.assignment == assignment]

    def _read(
        self, folder: int, student: str, released: Released, source: str
    ) -> tuple[bytes, dict[str, bytes]] | None:
        """A notebook's bytes and the files beside it; None when it was not handed in."""
        settings = self._door.course.settings
        try:
            raw = read(folder, f"{released.name}.ipynb", settings.max_notebook_bytes)
        except FileNotFoundError:
            return None
        except (OSError, SubmissionError) as error:
            self._say(student, released, source, error)
            return None
        own = self._door.course.jobs.files(released.assignment).content
        return raw, {n: c for n, c in beside(folder, settings.max_files_bytes).items() if n not in own}

    def _put(self, student: str, released: Released, raw: bytes, files: dict[str, bytes], source: str) -> int:
        """One notebook; whether it became an attempt. One that is refused stops no other."""
        try:
            return self._door.put(student, released, raw, files, source) is not None
        except SubmissionError as error:
            self._say(student, released, source, error)
            return 0

    def _say(self, student: str, released: Released, source: str, error: Exception) -> None:
        log.warning("%s, %s: %s", source, released.name, error)
        why = error.message if isinstance(error, SubmissionError) else Message(UNREADABLE)
        self._door.queue.refuse((student, released.assignment, released.name), source, why.to_json())
