"""Official grading goes first: while a course is graded, its practice begins nothing new.

A run holds a shared lock on a file of the course; it is let go with the process, however that ends.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

FILE = Path(".autograder", "grading.lock")  # below the course's folder


class Grading:
    """Says that this course is being graded, until `end`."""

    def __init__(self, course: Path) -> None:
        self._descriptor = -1
        with suppress(OSError):  # a folder that cannot be written has no practice in it
            self._descriptor = _open(course)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def end(self) -> None:
        """It is graded. Twice does no harm."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def grading_goes_on(course: Path) -> bool:
    """Whether a course is being graded now."""
    descriptor = _open(course)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(course: Path) -> int:
    path = course / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
