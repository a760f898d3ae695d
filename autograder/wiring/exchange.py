"""nbgrader's exchange: each learner's own work is collected, no link followed, and nothing stops at one of them."""

import glob
import os
import pwd
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback

from autograder.files import is_plain, open_plain
from autograder.grading.notebooks import MAX_SUBMISSION, remove_links
from autograder.grading.times import set_aside_time
from autograder.i18n import _, say
from autograder.scale.logs import escape_names, few, plain_name

_FOLDER_NAME = re.compile(r"[^./\\][^/\\]*")
_NOBODY = ""  # whose the refused folders are, while nbgrader looks for each learner's latest one


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """`nbgrader collect`, which takes a folder's name for its learner's and copies what a link points to.

    Every learner may write into `inbound`, under any name. Here a folder is its owner's (the system's user), and one
    that claims another name is refused. With `c.ExchangeCollect.check_owner = False`, for hubs whose servers all run
    under one account, names are believed. What is wrong with one submission, its name, its time or its files, keeps no
    other from being collected.
    """

    src_records: list[dict[str, Any]]  # of ExchangeCollect

    def __init__(self, **kw: Any) -> None:
        """nbgrader makes it before it looks into the exchange."""
        super().__init__(**kw)
        escape_names()

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
            problem = problem_of(path, os.lstat(path), str(record["username"]), check_owner=self.check_owner)
        except Exception:  # dateutil raises whatever the name makes it meet
            problem = say(_("{folder} was not collected: its name says no time."), folder=path)
        if problem is None:
            return record
        self.log.error(problem)
        return {"username": _NOBODY, "filename": "", "timestamp": datetime.min}

    def copy_files(self) -> None:
        """Copy every submission; times that cannot be read are set aside first. Called by nbgrader."""
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
        except Exception as error:  # such as a folder in it that may not be read: the others are still collected
            text = _("{folder} was not collected: {reason}")
            self.log.error(say(text, folder=plain_name(src), reason=f"{type(error).__name__}: {error}"))

    def _copy(self, src: str, dest: str, log: Any) -> None:
        with tempfile.TemporaryDirectory(prefix="ag-collect-") as folder:
            plain = Path(folder, "submission")
            shutil.copytree(src, plain, symlinks=True, copy_function=_Copies().take)
            if set_aside_time(plain):
                self.log.warning("%s: timestamp.txt cannot be read", src)
            for name in few(remove_links(plain)):
                self.log.warning("%s: %s is not a plain file, or too large, and was not collected", src, name)
            super().do_copy(str(plain), dest, log)


def problem_of(path: str, status: os.stat_result, student: str, *, check_owner: bool) -> str | None:
    """Why a folder of `inbound` is not this student's, as a sentence; None when it is. `status`: of the folder."""
    if not stat.S_ISDIR(status.st_mode) or not _FOLDER_NAME.fullmatch(student):
        return say(_("{folder} was not collected: it is no folder of a learner's."), folder=path)
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    if check_owner and owner != student:
        text = _("{folder} was not collected: it claims to be {student}'s and belongs to {owner}.")
        return say(text, folder=path, student=student, owner=owner)
    return None


class SafeReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """`nbgrader release_feedback`, which ends at the first learner whose time or secret is missing.

    A time that could not be read has been set aside, and work that came another way than by `nbgrader submit` has no
    secret: that learner's pages stay here, with a sentence, and those of the others are released.
    """

    src_path: str  # of ExchangeReleaseFeedback

    def copy_files(self) -> None:
        """Copy every page but those of these learners. Called by nbgrader."""
        left_out = []
        for folder in (Path(name) for name in sorted(glob.glob(self.src_path))):
            missing = [name for name in ("timestamp.txt", "submission_secret.txt") if not is_plain(folder / name)]
            if missing:
                left_out.append(folder.parent.name)
                text = _("{folder}: its feedback was not released, because {missing} is missing.")
                self.log.error(say(text, folder=folder, missing=", ".join(missing)))
        excluded = self.coursedir.student_id_exclude
        self.coursedir.student_id_exclude = ",".join([*filter(None, [excluded]), *left_out])
        super().copy_files()
        self.coursedir.student_id_exclude = excluded


class _Copies:
    """Copies the plain files of one submission, as many bytes of them as a submission may have."""

    def __init__(self) -> None:
        self.left = MAX_SUBMISSION

    def take(self, source: str, target: str) -> None:
        """Copy a file's content and times; of what is not taken a link to nowhere, which is then named and removed."""
        try:
            file = open_plain(source)
        except OSError:
            os.symlink("nowhere", target)
            return
        with file:
            size = os.fstat(file.fileno()).st_size  # a file with holes is large, too, when it is copied
            if size > self.left:
                os.symlink("nowhere", target)
                return
            self.left -= size
            with open(target, "wb") as copy:
                shutil.copyfileobj(file, copy)
        shutil.copystat(source, target, follow_symlinks=False)
