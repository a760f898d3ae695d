"""When a submission was handed in: the file `timestamp.txt`, which a stranger may have written.

nbgrader reads it in many places, for the whole class at once and outside of any `try`. So one that cannot be read is
taken away before nbgrader comes to it, and a note is left in its place: the work is graded, its time is unknown.
"""

import re
import shutil
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.errors import UnreadableNotebook
from autograder.grading.notebooks import TIME_FILES, read_plain

NAME, NOTE = TIME_FILES
_MAX = 100  # bytes
# what nbgrader and `lms collect` write, and a zone by its name: dateutil opens files for what else stands there
_TIME = re.compile(r"\s*[0-9A-Za-z :.,+-]+([A-Za-z](/[A-Za-z_]+)+)?\s*", re.ASCII)


def set_aside_time(folder: Path) -> bool:
    """Take a `timestamp.txt` away that cannot be read, or that is no plain file; whether there was one.

    Raises:
        OSError: it cannot be taken away.
    """
    path = folder / NAME
    if not path.is_symlink() and not path.exists():
        return False
    found = b""
    try:
        found = read_plain(path, _MAX)
        if _is_time(found.decode("utf-8", "replace")):
            return False
    except UnreadableNotebook:
        pass
    for taken in (path, folder / NOTE):  # a link in the note's place would be written through
        _remove(taken)
    (folder / NOTE).write_text(f"{NAME} could not be read: {ascii(found)[1:]}\n", encoding="utf-8")
    return True


def time_is_unknown(folder: Path) -> bool:
    """Whether a submission's time was set aside."""
    return (folder / NOTE).exists() and not (folder / NAME).exists()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_time(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text)) and parse_utc(text.strip()) is not None
    except Exception:  # dateutil raises whatever the digits make it meet
        return False
