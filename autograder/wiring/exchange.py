"""Collecting from nbgrader's exchange without following a learner's links, and without stopping at one of them."""

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from autograder.grading.notebooks import remove_links
from autograder.grading.times import set_aside_time
from autograder.i18n import _, say
from autograder.scale.logs import escape_names, plain_name


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """`nbgrader collect`, which would copy what a link in a submission points to: the grader's own files.

    What is wrong with one submission, its name, its time or its files, keeps no other from being collected.
    """

    src_records: list[dict[str, Any]]  # of ExchangeCollect

    def __init__(self, **kw: Any) -> None:
        """nbgrader makes it before it looks into the exchange."""
        super().__init__(**kw)
        escape_names()

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Who handed a folder in, and when; learners name these folders. Called by ExchangeCollect for each."""
        try:
            return dict(super()._path_to_record(path))
        except Exception as error:  # dateutil raises whatever the name makes it meet
            self.log.warning("%s was not collected: %r", path, error)
            return {"username": "", "filename": os.path.basename(path), "timestamp": datetime.min}

    def copy_files(self) -> None:
        """Copy every submission that can be told whose it is."""
        self.src_records = [r for r in self.src_records if r["username"] not in ("", ".", "..")]
        for record in self.src_records:
            student, assignment = record["username"], self.coursedir.assignment_id
            folder = self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment)
            with suppress(OSError):  # `do_copy` will say it
                set_aside_time(Path(folder))
        super().copy_files()

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy one submission; links and special files stay behind, with a note in the log."""
        try:
            self._copy(src, dest, log)
        except Exception as error:
            text = _("{folder} could not be collected: {reason}")
            self.log.error(say(text, folder=plain_name(src), reason=f"{type(error).__name__}: {error}"))

    def _copy(self, src: str, dest: str, log: Any) -> None:
        with tempfile.TemporaryDirectory(prefix="ag-collect-") as folder:
            plain = Path(folder, "submission")
            shutil.copytree(src, plain, symlinks=True, copy_function=_copy_plain)
            if set_aside_time(plain):
                self.log.warning("%s: timestamp.txt cannot be read", src)
            for name in remove_links(plain):
                self.log.warning("%s: %s is not a plain file and was not collected", src, name)
            super().do_copy(str(plain), dest, log)


def _copy_plain(source: str, target: str) -> None:
    """Copy a file's content and times; a link that took its place meanwhile is not followed but left out."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file, open(target, "wb") as copy:
        shutil.copyfileobj(file, copy)
    shutil.copystat(source, target, follow_symlinks=False)
