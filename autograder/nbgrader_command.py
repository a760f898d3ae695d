"""Run the real `nbgrader` as a program of its own: it changes folders and settings of its whole process."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from autograder.errors import SetupError
from autograder.i18n import _

LAST = 40  # lines of what it said that are told of an error


def nbgrader(
    folder: Path, *words: str, seconds: float | None = None, on_line: Callable[[str], None] = lambda line: None
) -> None:
    """Run one command in a course's folder, quietly. `on_line` is called with each line that it says.

    Raises:
        SetupError: it ended with an error, or ran longer than `seconds`; the end of what it said is told.
    """
    said: deque[str] = deque(maxlen=LAST)
    process = subprocess.Popen(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder, env=environment(), text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    timer = Timer(seconds or 0.0, process.kill)
    if seconds:
        timer.start()
    with process:
        try:
            for line in process.stdout or ():
                said.append(line)
                on_line(line)
        except BaseException:  # Ctrl-C: it got that, too
            process.terminate()
            raise
        finally:
            timer.cancel()
    if process.returncode:
        text = _("`nbgrader {words}` ended with an error. {said}")
        raise SetupError(text, words=" ".join(words), said="".join(said))


def environment() -> dict[str, str]:
    """This process's environment; nbgrader calls alembic by name, so its own programs come first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}
