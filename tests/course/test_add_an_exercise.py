"""docs/add-an-exercise.md, followed literally: an exercise is added to a copy of the course and graded there."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import authoring
from autograder.__main__ import main
from autograder.classroom import Typed, hand_in
from autograder.demo import lay_out
from autograder.errors import SetupError
from autograder.nbgrader_command import nbgrader
from autograder.scale.settings import configured_unit
from autograder.unit import load

PROJECT = Path(__file__).parents[2]
OURS = load("autograder.units.regularization")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course with a unit of its own, `added_unit`, that begins as ours."""
    lay_out(PROJECT, tmp_path / "course")
    shutil.copytree(
        OURS.folder, tmp_path / "course" / "added_unit", ignore=shutil.ignore_patterns("__pycache__", "lab")
    )
    for path in (tmp_path / "course" / "added_unit").rglob("*.py"):
        path.write_text(path.read_text(encoding="utf-8").replace(OURS.package, "added_unit"), encoding="utf-8")
    with (tmp_path / "course" / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write("\nc.Course.unit = 'added_unit'\n")
    return tmp_path / "course"


def command(course: Path, *words: str) -> int:
    return main([*words, "--course", str(course)])


@pytest.fixture(autouse=True)
def forget_the_unit() -> Iterator[None]:
    """Each test has a unit of this name."""
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name in [n for n in sys.modules if n.split(".")[0] == "added_unit"]:
        del sys.modules[name]


def test_new_task_adds_cells_in_both_languages_and_a_check(course: Path) -> None:
    assert command(course, "new-task", "2_l1_l2", "double") == 0
    for language in ("regularisation", "regularization"):
        nb = nbformat.read(course / "source" / language / "2_l1_l2.ipynb", as_version=4)
        ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in nb.cells]
        assert ids[-2:] == ["double", "double_test"]
    assert authoring.points(configured_unit(course), "2_l1_l2")["double"] == 1
    assert command(course, "sync", "--check") == 0


def test_sync_writes_the_points_of_the_checks_and_says_what_it_changed(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(course, "new-task", "2_l1_l2", "double")
    file = course / "added_unit" / "l1_l2" / "checks.py"
    file.write_text(file.read_text(encoding="utf-8").replace("@double.check(points=1)", "@double.check(points=3)"))
    assert command(course, "sync", "--check") == 1
    assert "double_test: 1 → 3 points" in capsys.readouterr().out
    assert command(course, "sync") == 0
    assert "2 notebooks were changed." in capsys.readouterr().out
    assert command(course, "sync", "--check") == 0
    assert "nothing to change" in capsys.readouterr().out
    nb = nbformat.read(course / "source" / "regularization" / "2_l1_l2.ipynb", as_version=4)
    assert nb.cells[-1].metadata.nbgrader.points == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("9_none", "double"), "no notebook 9_none"),
        (("2_l1_l2", "My Task"), "cannot name a task"),
        (("2_l1_l2", "penalty"), "exists already"),
    ],
)
def test_new_task_says_what_is_wrong(course: Path, words: tuple[str, str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        authoring.new_task(course, configured_unit(course), *words)


@pytest.mark.slow
def test_the_new_exercise_is_released_solved_and_graded(course: Path, tmp_path: Path) -> None:
    command(course, "new-task", "2_l1_l2", "double")
    command(course, "sync")
    nbgrader(course, "generate_assignment", "regularization")
    for student, code in (("right", "def double(x):\n    return x + x"), ("square", "def double(x):\n    return x**2")):
        folder = tmp_path / student
        folder.mkdir()
        (folder / "2_l1_l2.py").write_text(f"# %% double\n{code}\n", encoding="utf-8")
        hand_in(Typed(folder, "regularization", base="blank", hands_in=("2_l1_l2",)), course)
    nbgrader(course, "autograde", "regularization")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade = {s: gradebook.find_grade("double_test", "2_l1_l2", "regularization", s) for s in ("right", "square")}
        assert (grade["right"].auto_score, grade["square"].auto_score) == (1.0, 0.0)
    page = (course / "autograded" / "square" / "regularization" / "2_l1_l2.ipynb").read_text(encoding="utf-8")
    assert "Your result is the square" in page


UNIT = """from pathlib import Path

from autograder.unit import Unit

unit = Unit(package=__name__, folder=Path(__file__).parent)
"""


def empty_unit(course: Path) -> None:
    """A course with a new unit, `added_unit`, as the guide's second part begins: a notebook in two languages."""
    (course / "added_unit").mkdir(parents=True)
    (course / "added_unit" / "__init__.py").write_text(UNIT, encoding="utf-8")
    for language in ("premiers_pas", "first_steps"):
        (course / "source" / language).mkdir(parents=True)
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 1")])
        nbformat.write(nb, course / "source" / language / "1_start.ipynb")
    config = (PROJECT / "nbgrader_config.py").read_text(encoding="utf-8")
    config += "\nc.Course.unit = 'added_unit'\nc.Course.languages = {'premiers_pas': 'fr'}\nc.Scale.workers = 1\n"
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")


def test_a_new_unit_gets_its_first_task_and_the_task_runs_without_a_lab(tmp_path: Path) -> None:
    empty_unit(tmp_path / "new")
    assert command(tmp_path / "new", "new-task", "1_start", "double") == 0
    assert authoring.points(configured_unit(tmp_path / "new"), "1_start") == {"double": 1}
    assert command(tmp_path / "new", "sync", "--check") == 0
    for language in ("premiers_pas", "first_steps"):
        names: dict[str, object] = {}
        for cell in nbformat.read(tmp_path / "new" / "source" / language / "1_start.ipynb", as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
        assert "double" in names


@pytest.mark.slow
def test_the_first_task_of_a_new_unit_is_graded(tmp_path: Path) -> None:
    course = tmp_path / "new"
    empty_unit(course)
    command(course, "new-task", "1_start", "double")
    nbgrader(course, "generate_assignment", "premiers_pas")
    (tmp_path / "square").mkdir()
    (tmp_path / "square" / "1_start.py").write_text("# %% double\ndef double(x):\n    return x**2\n", encoding="utf-8")
    hand_in(Typed(tmp_path / "square", "premiers_pas"), course)
    nbgrader(course, "autograde", "premiers_pas")
    page = (course / "autograded" / "square" / "premiers_pas" / "1_start.ipynb").read_text(encoding="utf-8")
    assert "Your result is the square" in page
