"""The French and the English notebooks are the same lessons: cells, metadata, points and code."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

SOURCE = Path(__file__).parents[2] / "source"
FRENCH, ENGLISH = SOURCE / "regularisation", SOURCE / "regularization"
NAMES = sorted(path.name for path in FRENCH.glob("*.ipynb"))
NOTEBOOKS = sorted([*FRENCH.glob("*.ipynb"), *ENGLISH.glob("*.ipynb")])
SCHEMA = {"grade", "solution", "locked", "task", "grade_id", "schema_version", "cell_type"}


def read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_without_words(source):
    """The program alone: comments and docstrings are prose, and prose is translated."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def identity(path):
    return f"{path.parent.name}/{path.name}"


def test_both_folders_have_the_same_files():
    def files(folder):
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts}

    assert files(FRENCH) - files(ENGLISH) == {"labkit/messages.json"}
    assert files(ENGLISH) <= files(FRENCH)


def test_everything_beside_the_notebooks_is_a_link_to_one_source():
    for folder in (FRENCH, ENGLISH):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in {".ipynb", ".pyc"}:
                assert path.is_symlink(), path
                assert path.exists(), path


@pytest.mark.parametrize("name", NAMES)
def test_cells_and_metadata_are_the_same(name):
    french, english = read(FRENCH / name), read(ENGLISH / name)
    assert [c.id for c in french.cells] == [c.id for c in english.cells]
    assert [c.cell_type for c in french.cells] == [c.cell_type for c in english.cells]
    assert [c.metadata for c in french.cells] == [c.metadata for c in english.cells]
    assert french.metadata == english.metadata


@pytest.mark.parametrize("name", NAMES)
def test_code_is_the_same_program(name):
    for french, english in zip(read(FRENCH / name).cells, read(ENGLISH / name).cells, strict=True):
        if french.cell_type == "code":
            assert code_without_words(french.source) == code_without_words(english.source), french.id


@pytest.mark.parametrize("name", NAMES)
def test_prose_is_translated(name):
    for french, english in zip(read(FRENCH / name).cells, read(ENGLISH / name).cells, strict=True):
        if french.cell_type == "markdown":
            assert french.source != english.source, french.id


def calls_named(source):
    """The functions and classes that a text calls in its code, in order."""
    return re.findall(r"(\w+)\(", " ".join(re.findall(r"`[^`]+`", source)))


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_help_with_the_same_code(name):
    for french, english in zip(read(FRENCH / name).cells, read(ENGLISH / name).cells, strict=True):
        if french.cell_type == "markdown":
            assert sorted(calls_named(french.source)) == sorted(calls_named(english.source)), french.id
            assert french.source.count("<details>") == english.source.count("<details>"), french.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identity)
def test_every_cell_has_a_readable_id_of_its_own(path):
    ids = [cell.id for cell in read(path).cells]
    assert len(ids) == len(set(ids))
    assert not [cell_id for cell_id in ids if re.fullmatch("[0-9a-f]{6,}|[0-9]+", cell_id)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identity)
def test_grading_metadata_follow_nbgraders_schema_3(path):
    for cell in read(path).cells:
        if "nbgrader" not in cell.metadata:
            continue
        data = cell.metadata["nbgrader"]
        wanted = SCHEMA | {"points"} if data["grade"] else SCHEMA
        assert set(data) == wanted, cell.id
        assert data["schema_version"] == 3
        assert data["cell_type"] == cell.cell_type
        assert data["grade_id"] == cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identity)
def test_each_task_is_a_solution_cell_followed_by_its_test_cell(path):
    cells = [cell for cell in read(path).cells if "nbgrader" in cell.metadata]
    solutions = [c.id for c in cells if c.metadata.nbgrader.solution and not c.metadata.nbgrader.grade]
    tests = [c for c in cells if c.metadata.nbgrader.grade and not c.metadata.nbgrader.solution]
    assert [cell.id for cell in tests] == [f"{task}_test" for task in solutions]
    for cell in tests:
        assert cell.metadata.nbgrader.locked
        assert cell.metadata.nbgrader.points > 0
        (call,) = ast.parse(cell.source).body
        assert ast.unparse(call).startswith(f"lab.check_{cell.id.removesuffix('_test')}(")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identity)
def test_nothing_hidden_and_no_output_is_in_a_notebook(path):
    text = path.read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in text
    assert "autograder" not in text
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identity)
def test_every_solution_is_inside_a_region_that_the_release_clears(path):
    for cell in read(path).cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            lines = [line.strip() for line in cell.source.splitlines()]
            assert lines.count("### BEGIN SOLUTION") == lines.count("### END SOLUTION") > 0, cell.id
