"""What learners receive is made from source/ by nbgrader, is current, and gives nothing away."""

import argparse
import ast
import filecmp
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder import authoring, release
from autograder.classroom import solutions
from autograder.execution.demonstrations import TAG
from autograder.execution.programs import program_of
from autograder.scale.settings import configured_unit
from autograder.units.regularization import datasets
from autograder.wiring.released import GOES_ON

PROJECT = Path(__file__).parents[2]
RELEASE = PROJECT / "release"
ASSIGNMENTS = sorted(p.name for p in (PROJECT / "source").iterdir() if p.is_dir())


def files(folder: Path) -> dict[str, Path]:
    return {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("release")
    release.run(argparse.Namespace(course=PROJECT, to=target))
    return target


def test_the_release_is_what_nbgrader_makes_of_the_source_now(fresh: Path) -> None:
    made, committed = files(fresh), files(RELEASE)
    assert made.keys() == committed.keys()
    assert [n for n, p in made.items() if not filecmp.cmp(p, committed[n], shallow=False)] == []


def test_points_in_the_notebooks_are_those_of_the_checks() -> None:
    assert [
        c.metadata.nbgrader.grade_id for _p, _n, c, _r in authoring.differences(PROJECT, configured_unit(PROJECT))
    ] == []


def test_what_demonstrations_show_is_current() -> None:
    found = list(release.demonstrating(PROJECT, configured_unit(PROJECT)))
    assert len(found) == len(list(RELEASE.glob("*/*.ipynb")))
    missing = [str(f.path) for f in found if f.job.demonstrations.shown is None]
    assert missing == [], "python -m autograder release draws them"
    for one in found:
        given, outputs = one.job.demonstrations.given, one.job.demonstrations.shown
        assert outputs
        assert all(program_of(given[int(index)]) in one.job.demonstrations.programs for index in outputs)
        assert [o for shown in outputs.values() for o in shown if o["output_type"] == "error"] == []
        assert "image/png" in str(outputs)


def released_texts() -> Iterator[tuple[str, str]]:
    for name, path in files(RELEASE).items():
        if path.suffix in (".py", ".ipynb", ".json", ".txt", ".md"):
            yield name, path.read_text(encoding="utf-8")


FORBIDDEN = [
    r"BEGIN SOLUTION",
    r"END SOLUTION",
    r"HIDDEN TEST",
    r"fashion_mnist_hidden",
    r"x_hidden",
    r"autograder\.(checks|trusted|grading|execution|sandbox)",
    r"Course\.secret",
    r"check_(1_gap|2_l1_l2|3_dropout|4_challenge|5_beyond)\.py",
]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_the_release_names_nothing_that_is_hidden(pattern: str) -> None:
    assert [name for name, text in released_texts() if re.search(pattern, text)] == []


def test_no_hidden_image_is_among_what_learners_receive() -> None:
    hidden = {x.tobytes() for x in datasets.load("hidden").x}
    with np.load(RELEASE / ASSIGNMENTS[0] / "labkit" / "fashion_mnist_learners.npz") as arrays:
        seen = {
            (x.astype("float32") / np.float32(255)).tobytes() for part in ("train", "val") for x in arrays[f"x_{part}"]
        }
    assert not hidden & seen
    assert not [n for n in files(RELEASE) if "hidden" in n]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_solution_is_left_in_a_released_notebook(assignment: str) -> None:
    for path in sorted((PROJECT / "source" / assignment).glob("*.ipynb")):
        released = nbformat.read(RELEASE / assignment / path.name, as_version=4)
        stubs = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in released.cells}
        for task, text in solutions(path).items():
            assert text != stubs[task], task
            if text.lstrip().startswith(("def ", "import ")):
                assert "NotImplementedError" in stubs[task], task


def test_run_all_goes_on_after_an_error_in_the_release_alone(fresh: Path) -> None:
    """JupyterLab and nbclient go on after a cell with this tag: what is seen is what the grading sees."""

    def tags(folder: Path) -> list[set[str]]:
        cells = [c for path in sorted(folder.glob("*/*.ipynb")) for c in nbformat.read(path, as_version=4).cells]
        return [set(c.metadata.get("tags", ())) for c in cells if c.cell_type == "code"]

    own = tags(PROJECT / "source")
    assert tags(fresh) == [{GOES_ON} | marks for marks in own]
    assert {mark for marks in own for mark in marks} == {TAG}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_released_code_cells_are_valid_python_without_outputs(assignment: str) -> None:
    for path in sorted((RELEASE / assignment).glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                ast.parse(cell.source)
                assert cell.outputs == []
