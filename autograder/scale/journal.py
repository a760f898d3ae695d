"""Knows which submission nbgrader was writing when a run was killed.

nbgrader takes a submission for graded as soon as its folder exists in autograded/. What a killed run left
there half-written would be skipped for ever; so each submission is noted before nbgrader begins with it,
and the next run removes what belongs to a note whose writer is gone. The lock on a note says whether it is.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from autograder.i18n import _, say
from autograder.scale.quiet import NOW

log = logging.getLogger("autograder")
NOTES = Path(".autograder", "unfinished")  # below the course's folder


class Journal:
    """The notes of one process: at most one submission is being written at a time."""

    def __init__(self) -> None:
        self._note: Path | None = None
        self._lock = -1
        self.failures = 0  # submissions that nbgrader gave up

    def begin(self, course: Path, student: str, assignment: str, notebooks: Sequence[str]) -> None:
        """nbgrader is about to write this submission; the one before is done with.

        While another run writes the same submission, this one waits for it: the note stays that run's until then.
        """
        self.end(failed=True)
        folder = course / NOTES
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{student}/{assignment}".encode()).hexdigest()[:32]
        note = folder / f"{name}.json"
        self._lock = _locked(note, f"{student}, {assignment}")
        self._note = note  # only now is there something to close
        os.truncate(self._lock, 0)
        os.write(self._lock, json.dumps([student, assignment, list(notebooks)]).encode())

    def end(self, *, failed: bool = False) -> None:
        """The submission is written; or, `failed`, nbgrader gave it up, and the next run looks after it."""
        if self._note is None:
            return
        self.failures += failed
        note, lock = self._note, self._lock
        self._note, self._lock = None, -1
        try:
            if not failed:
                note.unlink(missing_ok=True)
        finally:
            os.close(lock)


def _locked(note: Path, what: str) -> int:
    """A descriptor of the note with its lock; says so when it has to wait."""
    while True:
        handle = os.open(note, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.warning(say(_("Another run is grading {what}: waiting for its end."), what=what), extra={NOW: True})
                fcntl.flock(handle, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), note.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # the other run removed this note at its end


def unfinished(course: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(student, assignment, notebooks) of every submission whose run ended in the middle; each is told once."""
    for note in sorted((course / NOTES).glob("*.json")):
        try:
            lock = os.open(note, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            student, assignment, notebooks = json.loads(note.read_text())
            yield student, assignment, notebooks
        except BlockingIOError:
            continue  # its writer lives
        except ValueError:
            pass  # killed before a word was written, and so before nbgrader began
        finally:
            os.close(lock)
        note.unlink(missing_ok=True)


def remove_half_written(graded: Path, notebooks: Sequence[str]) -> bool:
    """Remove a submission's half-written notebooks, and its folder when no other is left; whether there were any."""
    found = [path for name in notebooks if (path := graded / name).exists()]
    for path in found:
        path.unlink()
    if graded.exists() and not any(graded.glob("*.ipynb")):
        shutil.rmtree(graded)
        return True
    return bool(found)
