"""Locks between commands, on this machine and over NFS."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.errors import LmsError
from autograder.i18n import _


@contextmanager
def exclusive(path: Path, mode: int) -> Iterator[None]:
    """Hold the lock file `path`. Raises LmsError when another process does, or it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as error:
        raise LmsError(_("Cannot write {path}: {reason}."), path=path, reason=error.strerror) from error
    try:
        with suppress(PermissionError):  # another's file: made with the right mode by them
            os.fchmod(handle, mode)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = _("Another push of the same assignment is running ({path}): wait for its end.")
            raise LmsError(text, path=path) from error
        yield
    finally:
        os.close(handle)
