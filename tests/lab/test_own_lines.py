"""An error of a learner's own code, raised while a visible check calls it: the learner sees their own lines alone."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import nbformat
import pytest
from nbclient import NotebookClient

from autograder.grading.grader import Grader
from tests.lab.answers import penalised_model
from tests.lab.conftest import FOLDERS
from tests.mini.jobs import TRAINING, job, lab_files

IMPORT = "import lab"
CELL = """rate = 0.5
def build_l2_model():
    return scale(rate)
def scale(number):
    return number * undefined
lab.check_l2_layer(build_l2_model)
word = "right" """
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def lines_of(check: Callable[..., Any], *arguments: Any) -> list[str]:
    """The functions in the traceback of what `check` raises, behind the one that called it."""
    with pytest.raises((ZeroDivisionError, ValueError, AttributeError)) as caught:
        check(*arguments)
    (_here, *rest) = traceback.extract_tb(caught.value.__traceback__)
    return [line.name for line in rest]


def mistaken() -> Any:
    return penalised_model(1 / 0)


def test_the_learners_function_comes_first(labkit: ModuleType) -> None:
    assert lines_of(labkit.public["check_l2_layer"], mistaken) == ["mistaken"]


def test_what_the_learners_function_calls_is_kept(en: ModuleType) -> None:
    def asks_keras() -> Any:
        return keras.layers.Dense(-1)

    first, *keras_own = lines_of(en.public["check_l2_layer"], asks_keras)
    assert first == "asks_keras"
    assert keras_own


def test_keras_between_the_check_and_the_learners_code_is_left_out(en: ModuleType) -> None:
    class Strict(keras.regularizers.Regularizer):  # type: ignore[misc]
        def __init__(self, strength: float) -> None:
            if strength < 0:
                raise ValueError

        def __call__(self, w: Any) -> Any:
            return keras.ops.sum(w**2)

        def get_config(self) -> dict[str, Any]:
            return {"strength": -1.0}  # from which Keras makes another one

    assert lines_of(en.public["check_custom"], Strict) == ["__init__"]


def test_an_error_of_the_package_hides_nothing(en: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(en.checking, "np", None)
    lines = lines_of(en.public["check_l2_layer"], penalised_model)
    assert (lines[1], lines[-1]) == ("check_l2_layer", "_require_ten_probabilities")


def test_a_check_is_described_as_it_was(en: ModuleType) -> None:
    assert en.public["check_l2_layer"].__doc__ == en.checks_2_l1_l2.check_l2_layer.__doc__


def assert_own_lines_alone(error: Any) -> None:
    """A notebook's output: the lines of `CELL`, its last call first, then the learner's functions, and the error."""
    shown = COLOURS.sub("", "\n".join(error["traceback"]))
    assert "labkit" not in shown
    assert re.findall(r"^-+> *(\d+) ", shown, re.MULTILINE) == ["6", "3", "5"]
    assert shown.endswith("NameError: name 'undefined' is not defined")


def test_in_a_kernel_of_jupyter() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (IMPORT, CELL)])
    folder = {"metadata": {"path": str(FOLDERS["en"])}}
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, resources=folder).execute()
    (error,) = notebook.cells[1].outputs
    assert_own_lines_alone(error)


def test_in_the_gradings_kernel_and_the_line_that_stopped_the_cell_is_told(tmp_path: Path) -> None:
    grader = Grader(tmp_path)
    try:
        outcome = grader.grade(job([IMPORT, CELL, "# test: word"], unit=TRAINING, files=lab_files()))
    finally:
        grader.close()
    (error,) = outcome.outputs[1]
    assert_own_lines_alone(error)
    (told,) = outcome.grades["word"].results
    assert told.message is not None
    assert "`lab.check_l2_layer(build_l2_model)` stopped at this line with NameError" in told.message.render("en")
