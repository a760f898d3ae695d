"""A course folder with a tiny assignment, graded by the real nbgrader in seconds.

    course = MiniCourse(tmp_path)
    course.hand_in("ada", double="def double(x):\\n    return 2 * x", word="word = 'right'")
    course.autograde()
    assert course.scores() == {"ada": {"double": 3.0, "word": 3.0}}

The notebook `m` has the tasks `double` (3 points, two checks), `word` (3) and `essay` (2, graded by a person).
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

PROJECT = Path(__file__).parents[2]
UNIT = Path(__file__).parent / "unit"
REFERENCE = {"double": "def double(x):\n    return 2 * x", "word": "word = 'right'"}
SECONDS = 300  # for one command, on a busy machine
GRADEBOOK = "c.CourseDirectory."  # settings of what the release and the gradebook depend on
_released: dict[str, Path] = {}  # these settings → what nbgrader made with them in this process


def _cell(name: str, source: str, *, points: float | None = None, solution: bool, kind: str = "code") -> Any:
    cell = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
    meta = {"schema_version": 3, "grade_id": name, "grade": points is not None, "solution": solution,
            "locked": not solution, "task": False}  # fmt: skip
    cell.metadata["nbgrader"] = meta if points is None else {**meta, "points": points}
    return cell


def source_notebook() -> Any:
    """The instructor's notebook."""
    cells = [nbformat.v4.new_markdown_cell("# A tiny assignment")]
    for name, points in (("double", 3), ("word", 3)):
        cells.append(_cell(name, f"### BEGIN SOLUTION\n{REFERENCE[name]}\n### END SOLUTION", solution=True))
        cells.append(_cell(f"{name}_test", "# graded when handed in", points=points, solution=False))
    cells.append(_cell("essay", "Why?", points=2, solution=True, kind="markdown"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _copy(course: Path, to: Path) -> None:
    """The release and the gradebook, unless that is on a server."""
    shutil.copytree(course / "release", to / "release")
    if (course / "gradebook.db").exists():
        shutil.copy(course / "gradebook.db", to)


def own_unit(root: Path) -> Path:
    """A copy of the tiny unit in the course's folder, to be changed by a test: the package `own_unit`. Its checks."""
    shutil.copytree(UNIT, root / "own_unit", ignore=shutil.ignore_patterns("__pycache__"))
    return root / "own_unit" / "m" / "checks.py"


class MiniCourse:
    """The course folder at `root`, which is made."""

    def __init__(self, root: Path, *, unit: str = "tests.mini.unit", extra: str = "", **settings: Any) -> None:
        """`settings`: of `c.Scale`, such as `workers=1`; `extra`: lines of `nbgrader_config.py`."""
        self.root = root
        self.unit = unit
        folder = root / "source" / "mini"
        folder.mkdir(parents=True)
        nbformat.write(source_notebook(), folder / "m.ipynb")
        self.configure(extra, **settings)
        self.release("\n".join(line for line in extra.splitlines() if line.startswith(GRADEBOOK)))

    def configure(self, extra: str = "", **settings: Any) -> None:
        """Write `nbgrader_config.py`: the project's own, the tiny unit, two workers, these settings and lines."""
        text = (PROJECT / "nbgrader_config.py").read_text(encoding="utf-8")
        text += f"\nc.Course.unit = {self.unit!r}\n"
        for name, value in {"workers": 2, **settings}.items():
            text += f"c.Scale.{name} = {value!r}\n"
        (self.root / "nbgrader_config.py").write_text(text + extra, encoding="utf-8")

    def release(self, settings: str) -> None:
        """`nbgrader generate_assignment mini`: run once in a process for courses of equal `settings`, then copied."""
        if settings in _released:
            _copy(_released[settings], self.root)
            return
        self.nbgrader("generate_assignment", "mini")
        _released[settings] = Path(tempfile.mkdtemp(prefix="mini-"))
        atexit.register(shutil.rmtree, _released[settings], ignore_errors=True)
        _copy(self.root, _released[settings])

    def hand_in(self, student: str, *, at: str = "2026-03-02 18:00:00 UTC", **cells: str) -> Path:
        """A submission: the reference solution, but for the cells that are given."""
        nb = nbformat.read(self.root / "release" / "mini" / "m.ipynb", as_version=4)
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in REFERENCE or name in cells:
                cell.source = cells.get(name, REFERENCE.get(name, ""))
        folder = self.root / "submitted" / student / "mini"
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, folder / "m.ipynb")
        (folder / "timestamp.txt").write_text(at, encoding="utf-8")
        return folder

    def hand_in_class(self, count: int = 3) -> None:
        """Learners l00, l01 and so on: right, wrong, broken, and so on again."""
        ways = [{}, {"double": "def double(x):\n    return 3 * x"}, {"double": "syntax error", "word": "word = 'left'"}]
        for number in range(count):
            self.hand_in(f"l{number:02}", **ways[number % 3])

    def environment(self) -> dict[str, str]:
        """A terminal in English, where `autograder` is this project."""
        return {**os.environ, "PYTHONPATH": str(PROJECT), "LANGUAGE": "en", "LANG": "C.UTF-8"}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Begin an nbgrader command in the course folder, its output together in a pipe."""
        return subprocess.Popen(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=self.root, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def nbgrader(self, *words: str, status: int = 0) -> str:
        """Run an nbgrader command to its end; returns what it said, and fails unless it ends with `status`."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == status, said
        return said

    def autograde(self, *words: str, status: int = 0) -> str:
        """`nbgrader autograde mini …`."""
        return self.nbgrader("autograde", "mini", *words, status=status)

    def gradebook(self) -> Gradebook:
        """To be used as a context manager."""
        return Gradebook(f"sqlite:///{self.root / 'gradebook.db'}")

    def scores(self, url: str = "") -> dict[str, dict[str, float | None]]:
        """Learner → task → automatic score, of everybody who was graded."""
        found: dict[str, dict[str, float | None]] = {}
        with Gradebook(url) if url else self.gradebook() as gradebook:
            for submission in gradebook.assignment_submissions("mini"):
                grades = {g.name.removesuffix("_test"): g for nb in submission.notebooks for g in nb.grades}
                found[submission.student.id] = {n: grades[n].auto_score for n in REFERENCE}
        return found


def expected(count: int) -> Mapping[str, Mapping[str, float]]:
    """The scores of `hand_in_class(count)`."""
    ways = [{"double": 3.0, "word": 3.0}, {"double": 0.0, "word": 3.0}, {"double": 0.0, "word": 0.0}]
    return {f"l{number:02}": ways[number % 3] for number in range(count)}
