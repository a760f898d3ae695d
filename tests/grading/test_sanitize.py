"""What learners must not change comes back from the gradebook, exactly as nbgrader's own preprocessors would do it."""

import copy
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, OverwriteCells, OverwriteKernelspec
from traitlets.config import PyFileConfigLoader

from autograder.errors import SetupError, UnreadableNotebook
from autograder.grading.notebooks import files_beside, parse_notebook, read_notebook
from autograder.records import Submission
from autograder.scale.due import DueNotebook
from autograder.wiring.exporter import GradingExporter
from autograder.wiring.restore import KnownCell, KnownNotebook, known_notebook, released_notebook, restore
from autograder.wiring.sanitize import RestoreCells
from tests.mini.course import MiniCourse

ABOUT = {"student": "ada", "assignment": "mini", "notebook": "m"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    course = MiniCourse(tmp_path_factory.mktemp("course"))
    course.hand_in("ada")
    return course


def submitted(course: MiniCourse) -> Path:
    return course.root / "submitted" / "ada" / "mini" / "m.ipynb"


def cell(nb: Any, name: str) -> Any:
    return next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def other_text(nb: Any) -> None:
    cell(nb, "double_test").source = "double = right"


def other_kind(nb: Any) -> None:
    for name, kind in (("double", "markdown"), ("word_test", "raw"), ("essay", "code")):
        cell(nb, name).cell_type = kind


def other_metadata(nb: Any) -> None:
    for c in nb.cells:
        c.metadata = {"tags": ["skip-execution"], "nbgrader": {**c.metadata.get("nbgrader", {}), "locked": False}}
    cell(nb, "word_test").metadata["nbgrader"] |= {"points": 300, "schema_version": 9, "solution": True}


def strange_ids(nb: Any) -> None:
    cell(nb, "double").metadata["nbgrader"]["grade_id"] = ["double"]
    cell(nb, "word").metadata["nbgrader"]["grade_id"] = "unknown"


def deleted(nb: Any) -> None:
    nb.cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in ("double_test", "essay")]


def twice(nb: Any) -> None:
    nb.cells = [*nb.cells, *copy.deepcopy(nb.cells)]


def other_kernel(nb: Any) -> None:
    nb.metadata["kernelspec"] = {"name": "octave", "display_name": "Octave"}


def stripped(nb: Any) -> None:
    """An editor kept no metadata; the cells' own ids say which they are."""
    for c in nb.cells:
        if name := c.metadata.get("nbgrader", {}).get("grade_id"):
            c.id, c.metadata = name, {}


def nothing(nb: Any) -> None:
    """Handed in as it was released, but for the solutions."""


def restored(course: MiniCourse, change: Callable[[Any], None]) -> tuple[Any, dict[str, Any]]:
    """The notebook with a change, restored; and nbgrader's resources."""
    nb = read_notebook(submitted(course))
    change(nb)
    nb = parse_notebook(json.dumps(nb).encode(), "m.ipynb")
    resources = {"nbgrader": {**ABOUT, "db_url": f"sqlite:///{course.root / 'gradebook.db'}"}}
    nb, _resources = RestoreCells()(nb, resources)
    return nb, resources


CHANGES = (nothing, other_text, other_kind, other_metadata, strange_ids, deleted, twice, other_kernel, stripped)


@pytest.mark.parametrize("change", CHANGES)
def test_nbgraders_own_preprocessors_find_nothing_left_to_do(
    course: MiniCourse, change: Callable[[Any], None], caplog: pytest.LogCaptureFixture
) -> None:
    nb, resources = restored(course, change)
    before = json.loads(json.dumps(nb))
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        for preprocessor in (OverwriteKernelspec, OverwriteCells, CheckCellMetadata):
            nb, resources = preprocessor()(nb, resources)
    assert caplog.messages == []
    assert json.loads(json.dumps(nb)) == before
    nbformat.validate(nb)


def test_what_was_restored_is_named_with_the_learner_and_the_cell(
    course: MiniCourse, caplog: pytest.LogCaptureFixture
) -> None:
    for change in (nothing, other_text, other_kind, deleted):
        restored(course, change)
    assert caplog.messages == [
        "ada, m, cell double_test: its text had been changed and was restored",
        "ada, m, cell essay: its kind had been changed and was restored",
        "ada, m, cell word_test: its kind had been changed and was restored",
        "ada, m, cell double: its kind had been changed and was restored",
        "ada, m, cell double_test: it was missing and was put back",
        "ada, m, cell essay: it was missing and was put back",
    ]


def test_the_learners_own_text_and_cell_ids_stay(course: MiniCourse) -> None:
    before = read_notebook(submitted(course))
    ids = [c.id for c in before.cells]
    nb, _resources = restored(course, other_kind)
    assert [c.id for c in nb.cells] == ids
    assert cell(nb, "double").source == "def double(x):\n    return 2 * x"
    assert cell(nb, "double").cell_type == "code"


def test_a_gradebook_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course")
    with course.gradebook() as gradebook:
        gradebook.find_source_cell("double_test", "m", "mini").source = "something else"
        gradebook.db.commit()
    with pytest.raises(SetupError, match="cell double_test is not what was released"):
        known_notebook(f"sqlite:///{course.root / 'gradebook.db'}", "mini", "m")


def test_what_was_released_says_the_same_as_the_gradebook(course: MiniCourse) -> None:
    released = nbformat.read(course.root / "release" / "mini" / "m.ipynb", as_version=4)
    assert released_notebook(released) == known_notebook(f"sqlite:///{course.root / 'gradebook.db'}", "mini", "m")


def test_a_cell_that_lost_its_metadata_is_known_by_its_id(course: MiniCourse) -> None:
    nb, _resources = restored(course, stripped)
    assert len(nb.cells) == 6
    assert cell(nb, "double").source == "def double(x):\n    return 2 * x"
    assert cell(nb, "word_test").metadata["nbgrader"]["points"] == 3


def test_an_answer_that_a_person_grades_is_put_back_before_what_was_written_instead(course: MiniCourse) -> None:
    def retyped(nb: Any) -> None:
        nb.cells = [c for c in nb.cells if c is not cell(nb, "essay")]
        nb.cells[1:1] = [
            nbformat.v4.new_markdown_cell("Why? Say so.", id="essay-task"),
            nbformat.v4.new_markdown_cell("Because."),
        ]

    nb, _resources = restored(course, retyped)
    assert [c.source for c in nb.cells[1:4]] == ["Why? Say so.", "✏️ …", "Because."]
    assert nb.metadata["autograder_put_back"] == ["essay"]
    assert "autograder_put_back" not in restored(course, other_text)[0].metadata


def test_what_a_learner_added_to_given_code_is_kept_before_it(tmp_path: Path) -> None:
    given = KnownCell({"grade_id": "imports_given", "grade": False, "solution": False, "task": False, "locked": True,
                       "cell_type": "code", "schema_version": 3}, "import numpy as np")  # fmt: skip
    nb = parse_notebook(json.dumps({"nbformat": 4, "cells": [
        {"cell_type": "code", "id": "imports_given", "metadata": {}, "source": "from google.colab import drive"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": "b"},
    ]}).encode(), "m.ipynb")  # fmt: skip
    known, of = KnownNotebook({"imports_given": given}, {}), Submission("mini", "ada", "m")
    restore(nb, known, of, logging.getLogger())
    assert [c.source for c in nb.cells] == ["from google.colab import drive", "import numpy as np", "b"]
    assert [c.id for c in nb.cells][1:] == ["imports_given", "b"]
    nb.cells = nb.cells[2:]
    restore(nb, known, of, logging.getLogger())
    assert [c.source for c in nb.cells] == ["import numpy as np", "b"]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_of_json_is_read(course: MiniCourse, encoding: str) -> None:
    text = submitted(course).read_text().replace("2 * x", "2 * x  # é")
    nb = parse_notebook(text.encode(encoding), "m.ipynb")
    assert cell(nb, "double").source.endswith("# é")


BROKEN_CELLS: tuple[Any, ...] = (
    {"cell_type": "code", "source": "a = 1"},
    {"cell_type": "code", "source": ["a = ", None, "1"], "metadata": ["tags"], "outputs": None},
    {"cell_type": "markdown", "source": None, "metadata": None},
    {"cell_type": ["code"], "metadata": {"nbgrader": []}, "source": 3},
    {},
    None,
    "a cell",
)


def test_a_broken_cell_is_mended_and_the_others_stay(course: MiniCourse) -> None:
    data = json.loads(submitted(course).read_text())
    data["cells"][1:1] = BROKEN_CELLS
    nb = parse_notebook(json.dumps(data).encode(), "m.ipynb")
    nbformat.validate(nb)
    assert [c.source for c in nb.cells[1:8]] == ["a = 1", "a = 1", "", "", "", "", ""]
    assert cell(nb, "word").source == "word = 'right'"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("code")
KEYS = st.sampled_from(("cell_type", "source", "metadata", "nbgrader", "id", "x"))
PARTS = (
    LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(KEYS, LEAVES | st.dictionaries(KEYS, LEAVES, max_size=2))
)
CELLS = PARTS | st.lists(PARTS | st.dictionaries(KEYS, PARTS, max_size=6), max_size=4)


@given(cells=CELLS, number=LEAVES)
def test_any_cells_are_mended_or_refused(cells: Any, number: Any) -> None:
    raw = json.dumps({"cells": cells, "nbformat": number, "metadata": {}}).encode()
    if not isinstance(cells, list):
        with pytest.raises(UnreadableNotebook):
            parse_notebook(raw, "m.ipynb")
        return
    nb = parse_notebook(raw, "m.ipynb")
    nbformat.validate(nb)
    assert len(nb.cells) == len(cells)


@pytest.fixture
def exporter(course: MiniCourse, monkeypatch: pytest.MonkeyPatch) -> GradingExporter:
    """What nbgrader reads with, at the beginning of a run."""
    monkeypatch.chdir(course.root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    config.CourseDirectory.root = str(course.root)
    api = NbGraderAPI(config=config)
    api.coursedir.assignment_id = "mini"
    converter = Autograde(coursedir=api.coursedir, parent=api)
    converter.init_notebooks()
    converter.exporter = GradingExporter(parent=converter, config=converter.config)
    converter._init_preprocessors()
    return converter.exporter


def as_nbgrader_does(exporter: GradingExporter, file: Path) -> Any:
    resources = exporter.parent.init_single_notebook_resources(str(file))
    output, _resources = exporter.from_filename(str(file), resources=resources)
    return json.loads(output)


def test_what_was_prepared_is_what_nbgrader_would_have_made(course: MiniCourse, exporter: GradingExporter) -> None:
    file = submitted(course)
    plain = as_nbgrader_does(exporter, file)
    exporter.run._prepared[str(file)] = exporter.run._sanitized(DueNotebook(str(file.parent), str(file)))
    assert as_nbgrader_does(exporter, file) == plain
    assert exporter._preprocessors == []
    exporter.run.close()


def test_a_notebook_that_changed_meanwhile_is_prepared_anew(course: MiniCourse, exporter: GradingExporter) -> None:
    file = submitted(course)
    text = file.read_text()
    exporter.run._prepared[str(file)] = exporter.run._sanitized(DueNotebook(str(file.parent), str(file)))
    file.write_text(text.replace("'right'", "'left'"))
    assert "word = 'left'" in json.dumps(as_nbgrader_does(exporter, file))
    file.write_text(text)
    exporter.run.close()


def test_a_hard_link_is_not_read(course: MiniCourse, tmp_path: Path) -> None:
    secret = course.root / "secret.txt"
    secret.write_text("the grader's own")
    folder = course.root / "elsewhere"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "ours.txt").write_text("handed out with the notebooks")
    os.link(secret, folder / "theirs.txt")
    os.link(submitted(course), folder / "m.ipynb")
    assert files_beside(folder, {"ours.txt"}) == {"mine.txt": b"mine"}
    with pytest.raises(UnreadableNotebook, match="not a plain file"):
        read_notebook(folder / "m.ipynb")
    (folder / "m.ipynb").unlink()


def test_a_folder_in_a_notebooks_place_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "m.ipynb").mkdir()
    with pytest.raises(UnreadableNotebook):
        read_notebook(tmp_path / "m.ipynb")
