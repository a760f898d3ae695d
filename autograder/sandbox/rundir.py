"""The host's side of one kernel: a private folder, the files the learner may see, a uid of its own."""

import fcntl
import os
import random
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import IsolationError, SubmissionError
from autograder.files import NotPlain, open_plain
from autograder.i18n import _
from autograder.sandbox.jail import UNUSED_UID

PREFIX = "autograder-"
LONGEST_FOLDER = 60  # a unix socket's path has 107 bytes (unix(7))
LONGEST_START = 60.0  # s: a folder younger than this may still be about to be locked
UIDS = 3000  # how many kernels of one machine can have a uid of their own at a time


class RunFolder:
    """A folder under the temporary directory, 0700, removed by `remove` or by the next process that looks.

    The lock on it is held as long as this process lives, so that what a killed grader left is known.
    """

    def __init__(self) -> None:
        base = tempfile.gettempdir()
        base = base if len(base) <= LONGEST_FOLDER else "/tmp"  # noqa: S108  # mkdtemp makes it private
        sweep(Path(base))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._turn = threading.Lock()

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.remove()

    def forget(self) -> None:
        """In a fork: the folder stays the parent's."""
        if self._lock >= 0:  # no thread of the parent's goes on here, whatever it was about to do
            os.close(self._lock)
            self._lock = -1

    def remove(self) -> None:
        """Remove the folder; twice does no harm, from two threads neither: a worker's end can come from two sides."""
        with self._turn:
            if self._lock >= 0:
                shutil.rmtree(self.path, ignore_errors=True)
                os.close(self._lock)
                self._lock = -1


def sweep(base: Path) -> None:
    """Remove the run folders in `base` whose owner died without removing them."""
    for folder in base.glob(f"{PREFIX}*"):
        try:
            old = time.time() - folder.lstat().st_mtime > LONGEST_START
            if not old or folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # gone meanwhile, or not one of ours
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # its owner lives
        finally:
            os.close(lock)


class UidLease:
    """A uid that no other kernel of this machine has at the time: limits on processes count per uid.

    The lock is an abstract unix socket's name, which the system frees when this process ends.
    """

    def __init__(self) -> None:
        self._lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for uid in random.sample(range(UNUSED_UID + 1, UNUSED_UID + 1 + UIDS), UIDS):
            try:
                self._lock.bind(f"\0autograder-uid-{uid}")
            except OSError:
                continue
            self.uid = uid
            return
        self._lock.close()
        raise IsolationError(_("All {count} user numbers for kernels are in use on this machine."), count=UIDS)

    def release(self) -> None:
        """Let another kernel have it."""
        self._lock.close()


def copy_inputs(workdir: Path, target: Path, limit_bytes: int) -> list[Path]:
    """Copy what a learner's code may see of `workdir` to `target`: plain files other than notebooks.

    Copies, because the originals may be readable by the grader only, and because nobody can exchange them
    afterwards. Links, devices, sockets, notebooks and hidden files stay out. Returns the entries of `target`.
    Raises SubmissionError when the files have more than `limit_bytes` together.
    """
    target.mkdir(mode=0o755)
    left = _copy_folder(workdir, target, limit_bytes)
    if left < 0:
        raise SubmissionError(
            _("The files beside the notebook are larger than {limit:.0f} MB together: remove some."),
            limit=limit_bytes / 1e6,
        )
    return sorted(target.iterdir())


def _copy_folder(source: Path, target: Path, left: int) -> int:
    for entry in os.scandir(source):
        if left < 0:
            break
        if entry.name.startswith(".") or entry.name.endswith(".ipynb"):
            continue
        if entry.is_dir(follow_symlinks=False):
            (target / entry.name).mkdir(mode=0o755)
            left = _copy_folder(Path(entry.path), target / entry.name, left)
        elif entry.is_file(follow_symlinks=False):
            left = _copy_file(entry.path, target / entry.name, left)
    return left


def _copy_file(source: str, target: Path, left: int) -> int:
    try:
        file = open_plain(source)
    except NotPlain:
        return left
    with file:
        left -= os.fstat(file.fileno()).st_size
        if left >= 0:
            with target.open("xb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
            target.chmod(0o644)
    return left


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Lay out `files` below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
