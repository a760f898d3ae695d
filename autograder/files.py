"""Files that strangers may have laid, taken plainly or not at all; files that are written whole or not at all.

A plain file is a regular one with one name: behind a link, or behind a second hard link, may stand a file of the
grader's own.
"""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def is_plain(path: Path) -> bool:
    """Whether there is a plain file now; only `open_plain` says so of what is read."""
    try:
        return _is_plain(path.lstat())
    except OSError:
        return False


def plain_files(folder: Path) -> Iterator[Path]:
    """Every plain file below a folder, in order; no link to a folder is followed."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if is_plain(path := Path(root, name)))


def open_plain(path: Path | str) -> BinaryIO:
    """A plain file, open for reading; never waits for the other end of a pipe.

    Raises:
        OSError: it is not one, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not _is_plain(os.fstat(descriptor)):
        os.close(descriptor)
        raise NotPlain(path)
    return os.fdopen(descriptor, "rb")


class NotPlain(OSError):
    """A link, a folder, a device, a pipe, or a file with several names."""


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, prefix: str = ".", durable: bool = False) -> None:
    """Replace a file in one step: a reader sees the old one or the new one, never a part.

    Arguments:
        prefix: how the name begins that it has until then, in the same folder.
        durable: wait until the disk has it.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def git_publishes(path: Path) -> bool:
    """Whether `git add .` takes this file up, which need not exist yet. Without git, or outside a repository: no."""
    command = ["git", "-C", str(path.resolve().parent), "check-ignore", "--quiet", "--", path.name]
    try:
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 1
    except FileNotFoundError:
        return False
