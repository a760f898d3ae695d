"""`nbgrader validate`, which learners may run before they hand in: words that help on a blank notebook."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

PROJECT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.relative_to(PROJECT / "source") for path in PROJECT.glob("source/*/*.ipynb"))
NOT_WRITTEN = {"regularisation": "pas encore écrit", "regularization": "not written yet"}
NO_ANSWER = "You did not provide a response."  # nbgrader's own, for a text that is as it was handed out

PATIENT = (
    "--Execute.timeout=900",
    "--Execute.iopub_timeout=120",
)  # of nbgrader: 30 and 4 s, too short on a busy machine

pytestmark = pytest.mark.slow


def validate(folder: Path, name: str, copy: Path) -> str:
    """What `nbgrader validate` says of the notebook in a copy of this folder."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    command = [sys.executable, "-m", "nbgrader", "validate", *PATIENT, name]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def graded_cells(path: Path) -> list[Any]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


@pytest.mark.parametrize("notebook", NOTEBOOKS[::2], ids=str)  # each in one language: their code is the same
def test_the_reference_passes(notebook: Path, tmp_path: Path) -> None:
    said = validate(PROJECT / "source" / notebook.parent, notebook.name, tmp_path / "copy")
    assert said == "Success! Your notebook passes all the tests.\n"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)
def test_the_blank_notebook_fails_with_a_whole_sentence_for_each_task(notebook: Path, tmp_path: Path) -> None:
    said = validate(PROJECT / "release" / notebook.parent, notebook.name, tmp_path / "copy")
    cells = graded_cells(PROJECT / "release" / notebook)
    assert said.startswith(f"VALIDATION FAILED ON {len(cells)} CELL(S)!")
    errors = [part.split("===")[0].strip() for part in said.split("The error was:\n")[1:]]
    for cell, error in zip(cells, errors, strict=True):
        sentence = " ".join(error.split())
        if cell.cell_type == "markdown":
            assert sentence == NO_ANSWER, cell.id
        else:
            assert sentence.startswith("✏️ "), cell.id
            assert NOT_WRITTEN[notebook.parent.name] in sentence, cell.id
            assert sentence.endswith("."), cell.id
            assert "..." not in sentence, cell.id
