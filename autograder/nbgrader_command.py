"""Run the real `nbgrader` as a program of its own: it changes folders and settings of its whole process."""

import os
import subprocess
import sys
from pathlib import Path

from autograder.errors import SetupError
from autograder.i18n import _

LAST = 3000  # characters of what it said that are told of an error


def nbgrader(folder: Path, *words: str, quiet: bool = False, seconds: float | None = None) -> None:
    """Run one command in a course's folder. `quiet`: what it says is not shown.

    Raises:
        SetupError: it ended with an error; the end of what it said is told, if it was not shown.
        subprocess.TimeoutExpired: it ran longer than `seconds`.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if quiet else {}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder, env=environment(), check=False, text=True, timeout=seconds, **streams,  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        text = _("`nbgrader {words}` ended with an error. {said}")
        raise SetupError(text, words=" ".join(words), said=(done.stdout or "")[-LAST:])


def environment() -> dict[str, str]:
    """This process's environment; nbgrader calls alembic by name, so its own programs come first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}
