"""A learner who skips an exercise, or all of them: every given cell runs, in JupyterLab as in the grading.

Cells run in this process, and `lab.train` gives made-up curves: names flow between cells in the same way, in a
fraction of the time. `test_learner.py` runs blank notebooks in a kernel, with trainings.
"""

import re
import sys
import types
from collections.abc import Iterator
from typing import Any

import keras
import matplotlib.pyplot
import nbformat
import numpy as np
import pytest

from tests.lab.conftest import FOLDERS, load_labkit
from tests.lab.visible import SOLUTION

STUB = r"\1raise NotImplementedError()"
SAID = "✏️"

pytestmark = [pytest.mark.usefixtures("_in_the_folder"), pytest.mark.filterwarnings("ignore")]  # as a kernel does


def code_cells(name: str) -> list[Any]:
    cells: list[Any] = nbformat.read(FOLDERS["en"] / f"{name}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def role(cell: Any) -> str:
    """given, solution or test."""
    about = cell.metadata.get("nbgrader", {})
    return "test" if about.get("grade") else "solution" if about.get("solution") else "given"


NOTEBOOKS = sorted(path.stem for path in FOLDERS["en"].glob("*.ipynb"))
SKIPPED = [(name, cell.id) for name in NOTEBOOKS for cell in code_cells(name) if role(cell) == "solution"]


def made_up(model: Any, epochs: int = 40, **_settings: Any) -> Any:
    """What `lab.train` returns, without the training."""
    keys = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")
    history = keras.callbacks.History()
    history.history = {key: list(np.linspace(1, 0.6 if key.startswith("val") else 0.5, epochs)) for key in keys}
    history.epoch = list(range(epochs))
    return history


@pytest.fixture
def _in_the_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    labkit = load_labkit("en")
    (x_train, y_train), (x_val, y_val) = labkit.load_data()
    lab = types.ModuleType("lab")
    vars(lab).update(labkit.public, train=made_up)

    def few(flat: bool = False) -> Any:
        shape = (-1, 784) if flat else (-1, 28, 28)
        return (x_train[:64].reshape(shape), y_train[:64]), (x_val[:64].reshape(shape), y_val[:64])

    vars(lab)["load_data"] = few
    monkeypatch.setitem(sys.modules, "lab", lab)
    monkeypatch.chdir(FOLDERS["en"])
    yield
    matplotlib.pyplot.close("all")


def raised(name: str, skipped: set[str]) -> dict[str, str]:
    """Given cell → the error that it raised, with the exercises `skipped` as they were handed out."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    for cell in code_cells(name):
        if role(cell) == "test":
            continue
        source = SOLUTION.sub(STUB, cell.source) if cell.id in skipped else cell.source
        try:
            exec(re.sub(r"^### (BEGIN|END) SOLUTION\n?", "", source, flags=re.M), names)
        except Exception as error:
            if role(cell) == "given":
                found[cell.id] = repr(error)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), SKIPPED)
def test_a_skipped_exercise_stops_no_given_cell(name: str, task: str) -> None:
    assert raised(name, {task}) == {}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_blank_notebook_has_no_given_cell_that_fails(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert raised(name, {task for notebook, task in SKIPPED if notebook == name}) == {}
    assert SAID in capsys.readouterr().out
