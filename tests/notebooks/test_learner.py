"""A learner who has the released folder and `pip install tensorflow matplotlib jupyterlab`, and nothing of the project.

Twice: with the newest Keras, and with the oldest that the notebooks support.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.classroom import solutions

PROJECT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.name for path in (PROJECT / "source" / "regularisation").glob("*.ipynb"))
WHAT_A_LEARNER_TYPES = ("tensorflow", "matplotlib", "jupyterlab")  # docs/student.md
ENVIRONMENTS = {
    "newest": ("regularisation", ()),
    "keras-3.10": ("regularization", ("keras==3.10.*",)),
}
# what tells of the project or of its environment
OURS = ("PYTHON", "JUPYTER", "IPYTHON", "VIRTUAL_ENV", "KERAS", "TF_", "LAB_", "PYTEST")

PATIENT = "--ExecutePreprocessor.iopub_timeout=120"  # outputs must not be lost where the machine is busy

pytestmark = pytest.mark.slow


class Learner:
    """A home, a virtual environment in it, and the released folder."""

    def __init__(self, home: Path, assignment: str, constraints: tuple[str, ...]) -> None:
        self.home, self.assignment = home, assignment
        self.python = home / "venv" / "bin" / "python"
        uv = [sys.executable, "-m", "uv", "--quiet"]
        _done([*uv, "venv", "--python", sys.executable, str(home / "venv")])
        packages = [*WHAT_A_LEARNER_TYPES, *constraints]
        _done([*uv, "pip", "install", "--python", str(self.python), *packages])
        shutil.copytree(PROJECT / "release" / assignment, home / "course")

    def run(self, *words: str) -> str:
        """Run Python with these arguments in the folder; what it says."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = os.pathsep.join([str(self.python.parent), kept["PATH"]])
        return _done(
            [str(self.python), *words], cwd=self.home / "course", env={**kept, "PATH": path, "HOME": str(self.home)}
        )

    def execute(self, notebook: Any, name: str) -> Any:
        """The notebook after “Run All Cells”, cells that raise included."""
        nbformat.write(notebook, self.home / "course" / name)
        self.run("-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--inplace", PATIENT, name)
        return nbformat.read(self.home / "course" / name, as_version=4)

    def released(self, name: str) -> Any:
        """The notebook as it was handed out."""
        return nbformat.read(PROJECT / "release" / self.assignment / name, as_version=4)


def _done(command: list[str], **where: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, **where)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def learner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    home = tmp_path_factory.mktemp("learner")
    yield Learner(home, *ENVIRONMENTS[request.param])
    shutil.rmtree(home / "venv")  # 2 GB


def outputs(notebook: Any, kind: str) -> list[tuple[str, Any]]:
    """(cell id, output) of every output of this type."""
    return [(c.id, o) for c in notebook.cells for o in c.get("outputs", []) if o.output_type == kind]


def on_stderr(notebook: Any) -> list[tuple[str, str]]:
    return [(cell, o.text) for cell, o in outputs(notebook, "stream") if o.name == "stderr"]


def test_the_project_is_not_there(learner: Learner) -> None:
    assert learner.run("-c", "import importlib.util as u; print(u.find_spec('autograder'))").strip() == "None"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_solved_notebook_runs_without_error_or_warning(learner: Learner, name: str) -> None:
    notebook = learner.released(name)
    answers = solutions(PROJECT / "source" / learner.assignment / name)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    done = learner.execute(notebook, f"solved_{name}")
    assert [(cell, o.evalue) for cell, o in outputs(done, "error")] == []
    assert on_stderr(done) == []
    passed = {cell for cell, o in outputs(done, "stream") if o.text.startswith("✓")}
    assert passed >= {c.id for c in done.cells if c.id.removesuffix("_test") in answers and c.id not in answers}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_blank_notebook_stops_at_nothing_but_its_own_tasks(learner: Learner, name: str) -> None:
    done = learner.execute(learner.released(name), name)
    assert on_stderr(done) == []
    errors = dict(outputs(done, "error"))
    tests = {c.id for c in done.cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("grade")}
    assert {cell for cell, error in errors.items() if error.ename == "NotYet"} == tests
    assert [error.traceback for cell, error in errors.items() if cell in tests and len(error.traceback) > 1] == []
    assert {error.ename for cell, error in errors.items() if cell not in tests} <= {"NotImplementedError"}
    solutions_of = {c.id for c in done.cells if c.metadata.get("nbgrader", {}).get("solution")}
    assert errors.keys() <= tests | solutions_of  # no given cell fails
