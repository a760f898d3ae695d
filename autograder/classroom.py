"""Make a class of submissions from what each learner typed: for the demonstration, the tests and the benchmarks.

A submission is a folder with

    submission.json     {"assignment": ..., "says": what it shows, "base": "reference" | "blank",
                         "hands_in": [notebooks], "loses": [tasks], "timestamp": when, UTC};
                         all but "assignment" may be left out
    <notebook>.py       what was typed into solution cells: `# %% <grade_id>` and then the cell's new text
    <notebook>.ipynb    a file handed in as it is, whatever it holds

Cells that it does not name hold the reference solution or the stub, by "base".
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.errors import SetupError
from autograder.i18n import _

_CELL = re.compile(r"^# %% *(\S+) *$", re.MULTILINE)
_SOLUTION_MARK = re.compile(r"^ *### (BEGIN|END) SOLUTION *\n?", re.MULTILINE)


@dataclass(frozen=True)
class Typed:
    """One learner's work: see the module's text. `folder` is named like the learner."""

    folder: Path
    assignment: str
    says: str = ""
    base: str = "reference"
    hands_in: tuple[str, ...] | None = None
    timestamp: str = "2026-03-02 18:00:00 UTC"
    loses: tuple[str, ...] = ()

    @property
    def student(self) -> str:
        """The learner's id."""
        return self.folder.name


def read(folder: Path) -> Typed:
    """One submission's description.

    Raises:
        SetupError: submission.json is missing or not understood.
    """
    try:
        about = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
        lists: dict[str, Any] = {key: tuple(about.pop(key)) for key in ("hands_in", "loses") if key in about}
        return Typed(folder, **lists, **about)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(_("{folder} holds no submission: {reason}"), folder=folder, reason=error) from error


def read_class(folder: Path) -> list[Typed]:
    """Every submission below `folder`, by name."""
    return [read(path.parent) for path in sorted(folder.glob("*/submission.json"))]


def answers(text: str) -> dict[str, str]:
    """grade_id → new text of the cell, from a file of `# %%` sections."""
    parts = _CELL.split(text)
    return {name: body.strip("\n") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def solutions(notebook: Path) -> dict[str, str]:
    """grade_id → text of every solution cell of an instructor's notebook, the delimiters taken out."""
    nb = nbformat.read(notebook, as_version=4)
    cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {c.metadata.nbgrader.grade_id: without_marks(c.source) for c in cells}


def without_marks(source: str) -> str:
    """A solution cell's text, the delimiters taken out."""
    return _SOLUTION_MARK.sub("", source)


def hand_in(typed: Typed, course: Path) -> Path:
    """Lay out the submission below `course`/submitted, from the course's release; returns its folder."""
    release = course / "release" / typed.assignment
    own_texts = {"submission.json", "attack.json", *(f"{p.stem}.py" for p in release.glob("*.ipynb"))}
    target = course / "submitted" / typed.student / typed.assignment
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(release, target)
    for path in sorted(target.glob("*.ipynb")):
        name = path.stem
        if typed.hands_in is not None and name not in typed.hands_in:
            path.unlink()
            continue
        reference = solutions(course / "source" / typed.assignment / path.name) if typed.base == "reference" else {}
        if (typed.folder / path.name).exists():
            continue  # handed in as it is, below
        own = typed.folder / f"{name}.py"
        _fill(path, reference | (answers(own.read_text(encoding="utf-8")) if own.exists() else {}))
    for extra in sorted(typed.folder.iterdir()):
        if extra.name not in own_texts and not extra.is_dir():
            shutil.copy(extra, target / extra.name)
    (target / "timestamp.txt").write_text(typed.timestamp, encoding="utf-8")
    return target


def _fill(path: Path, cells: Mapping[str, str]) -> None:
    """Put the given texts into a released notebook.

    Raises:
        SetupError: a cell that is named is not in the notebook.
    """
    nb: Any = nbformat.read(path, as_version=4)
    known = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in nb.cells}
    for name, text in cells.items():
        if name not in known:
            raise SetupError(_("{notebook} has no cell {name}."), notebook=path.name, name=name)
        known[name].source = text
    nbformat.write(nb, path)
