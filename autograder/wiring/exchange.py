"""Collecting from nbgrader's exchange: each learner's own work, and no link of theirs followed."""

import os
import pwd
import re
import shutil
import stat
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.abc import ExchangeError
from nbgrader.exchange.default import ExchangeCollect

from autograder.grading.notebooks import remove_links
from autograder.i18n import _, say

_FOLDER_NAME = re.compile(r"[^./\\][^/\\]*")
_NOBODY = ""  # whose the refused folders are, while nbgrader looks for each learner's latest one


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """`nbgrader collect`, which takes a folder's name for its learner's and copies what a link points to.

    Every learner may write into `inbound`, under any name. Here a folder is its owner's (the system's user), and one
    that claims another name is refused. With `c.ExchangeCollect.check_owner = False`, for hubs whose servers all run
    under one account, names are believed.
    """

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        """Find each learner's latest submission among those that are theirs. Called by nbgrader."""
        if not self.check_owner:
            text = _("check_owner is off, so names are believed: whoever can write into inbound can hand in under "
                     "another learner's name, and replace their work.")  # fmt: skip
            self.log.warning(say(text))
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"] != _NOBODY]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Whose a folder of `inbound` is, and from when. Called by nbgrader for each, before it takes the latest."""
        try:
            record = dict(super()._path_to_record(path))
            problem = self._problem(path, str(record["username"]))
        except (ExchangeError, ValueError, OverflowError):
            problem = say(_("{folder} was not collected: its name says no time."), folder=path)
        if problem is None:
            return record
        self.log.error(problem)
        return {"username": _NOBODY, "filename": "", "timestamp": datetime.min}

    def _problem(self, path: str, student: str) -> str | None:
        """Why this folder is not this student's, as a sentence."""
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode) or not _FOLDER_NAME.fullmatch(student):
            return say(_("{folder} was not collected: it is no folder of a learner's."), folder=path)
        try:
            owner = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            owner = str(status.st_uid)
        if self.check_owner and owner != student:
            text = _("{folder} was not collected: it claims to be {student}'s and belongs to {owner}.")
            return say(text, folder=path, student=student, owner=owner)
        return None

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy one submission; links and special files stay behind, with a note in the log."""
        with tempfile.TemporaryDirectory(prefix="ag-collect-") as folder:
            plain = Path(folder, "submission")
            try:
                shutil.copytree(src, plain, symlinks=True, copy_function=_copy_plain)
            except OSError as error:  # a folder in it that may not be read: the others are still collected
                self.log.error(say(_("{folder} was not collected: {reason}"), folder=src, reason=error))
                return
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
