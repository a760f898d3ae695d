"""Reads a student's folder of the exchange, which they may change at any moment: one folder, its own files, no link.

The folder is opened once, and everything is read from it by that descriptor: what is put in its place meanwhile is not
looked at. A file counts when it is a plain one and belongs to the folder's owner.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import UnreadableNotebook
from autograder.grading.notebooks import NBGRADERS_OWN
from autograder.i18n import _

SECRET = "submission_secret.txt"  # noqa: S105  # written last by `nbgrader submit`: 128 hexadecimal digits
LONGEST_SECRET = 300  # bytes
MAX_FILES = 200
MAX_DEPTH = 8  # folders
HIDDEN = (".", "__pycache__")


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder that is no link.

    Raises:
        OSError: it is none, or cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def secret_of(folder: Path) -> str:
    """The secret of a submission.

    Raises:
        OSError, UnreadableNotebook, ValueError: there is none.
    """
    with opened(folder) as descriptor:
        secret = read(descriptor, SECRET, LONGEST_SECRET).decode("ascii")
    if not secret:
        raise ValueError(SECRET)
    return secret


def read(folder: int, name: str, limit: int) -> bytes:
    """The content of the folder's own plain file, up to `limit` bytes.

    Raises:
        OSError: there is none.
        UnreadableNotebook: it is not the owner's plain file, or larger.
    """
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        own = status.st_uid == os.fstat(folder).st_uid
        if not (stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and own):
            raise UnreadableNotebook(_("{name} is not a plain file."), name=name)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnreadableNotebook(_("The notebook {name} is too large to be graded."), name=name)
    return content


def beside(folder: int, limit: int) -> dict[str, bytes]:
    """What lies beside the notebooks, path → content: no notebooks, nothing hidden; what is left of `limit` bytes."""
    found: dict[str, bytes] = {}
    for root, folders, names, descriptor in os.fwalk(".", dir_fd=folder):
        deep = root.count("/") >= MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith(HIDDEN))
        for name in sorted(names):
            path = os.path.normpath(f"{root}/{name}")
            if name.startswith(HIDDEN) or name.endswith((".ipynb", ".pyc")) or name in NBGRADERS_OWN:
                continue
            if len(found) >= MAX_FILES:
                return found
            try:
                content = read(descriptor, name, limit)
            except (OSError, UnreadableNotebook):
                continue
            found[path] = content
            limit -= len(content)
    return found
