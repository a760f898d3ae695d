"""One rule for the names of files that learners hand in: which released notebook a file is, and what never counts."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath

_NEVER = ("__MACOSX", "__pycache__", "site-packages")
_COPY = re.compile(r"(\s*\((\d+|copy)\)|[-_ ]copy\d*|-\d+)+$", re.IGNORECASE)


def is_hidden(path: str | PurePath) -> bool:
    """Whether no learner meant to hand it in: `._x` and `__MACOSX` of macOS, checkpoints, an environment's packages."""
    return any(part.startswith(".") or part in _NEVER for part in PurePosixPath(path).parts)


def is_notebook(path: str | PurePath) -> bool:
    """Whether it is called like a notebook, in whatever case."""
    return PurePosixPath(path).suffix.lower() == ".ipynb"


def released_name(file: str, released: Iterable[str]) -> str:
    """The released notebook that `file` is a copy of; `file` itself when that is not certain.

    Browsers, platforms and people rename: "Week1 (1).ipynb", "week1-2.ipynb", "week1-Copy1.ipynb",
    "week1_surname.ipynb", "f/week1.IPYNB".
    """
    names = list(released)
    if file in names:
        return file
    stem = Path(file).stem
    for candidate in (stem, _COPY.sub("", stem)):
        fits = {name for name in names if _plain(Path(name).stem) == _plain(candidate)}
        if len(fits) == 1:
            return fits.pop()
    inside = {name for name in names if _words(Path(name).stem) in _words(stem)}
    longest = max(inside, key=len, default=file)
    return longest if all(_words(Path(name).stem) in _words(Path(longest).stem) for name in inside) else file


def _plain(stem: str) -> str:
    return re.sub(r"[\W_]+", "", stem).casefold()


def _words(stem: str) -> str:
    """The name's words, each between blanks: one name is looked for in another word by word."""
    return f" {re.sub(r'[^0-9a-z]+', ' ', stem.casefold()).strip()} "
