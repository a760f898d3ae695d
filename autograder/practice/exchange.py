"""nbgrader's exchange as practice sees it: where students hand in, and where pages are laid that they fetch.

A page's name is a hash of the submission's secret and of the notebook's name (`nbgrader.utils.notebook_hash`), for an
official page, too. So a page of practice is laid only where nothing is, and only ours is ever removed.
"""

import logging
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import notebook_hash

from autograder.errors import UnreadableNotebook
from autograder.files import open_plain
from autograder.practice.course import PracticeCourse
from autograder.practice.folders import SECRET, secret_of
from autograder.practice.rows import Attempt

log = logging.getLogger("autograder.practice")
MODE = 0o644  # of a page: its name is the secret


class Exchange:
    """The folders of a course in nbgrader's exchange, as its configuration names them."""

    def __init__(self, course: PracticeCourse) -> None:
        self.course = course
        nbgraders = ExchangeCollect(coursedir=course.directory, config=course.config)
        self.check_owner: bool = nbgraders.check_owner
        folder = Path(nbgraders.root) / str(course.directory.course_id)
        self.inbound, self.feedback = folder / "inbound", folder / "feedback"


class Feedback:
    """Lays pages where "Fetch Feedback" finds them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def release(self, attempt: Attempt, html: str) -> list[Any] | None:
        """Lay an attempt's page, unless there is one; what was laid, for `forget`."""
        try:
            secret = secret_of(self._exchange.inbound / str(attempt.source))
        except (OSError, UnreadableNotebook, ValueError) as error:
            log.warning("%s: no %s (%r)", attempt.source, SECRET, error)
            return None
        name = notebook_hash(secret=secret, notebook_id=attempt.notebook) + ".html"
        try:
            return _lay(self._exchange.feedback / name, html.encode())
        except FileExistsError:
            return None
        except OSError as error:
            log.warning("%s cannot be laid into the exchange: %r", name, error)
            return None

    def forget(self, attempts: Sequence[Attempt]) -> None:
        """Remove the pages of attempts that are not kept, where they are still ours."""
        for name, inode, written in (a.result["placed"] for a in attempts if "placed" in a.result):
            path = self._exchange.feedback / name
            with suppress(OSError):
                with open_plain(path) as file:
                    status = os.fstat(file.fileno())
                if [status.st_ino, status.st_mtime_ns] == [inode, written]:
                    path.unlink()


def _lay(path: Path, content: bytes) -> list[Any]:
    """Write a file that is not there yet, whole: [name, inode, time of writing in ns].

    Raises:
        FileExistsError: it is there.
    """
    path.parent.mkdir(mode=0o711, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".practice-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, MODE)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            status = os.fstat(descriptor)
        os.link(temporary, path)  # fails where a page is, however late that came
    finally:
        os.unlink(temporary)
    return [path.name, status.st_ino, status.st_mtime_ns]
