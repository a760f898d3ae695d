"""`python -m autograder solutions`, and solutions on feedback pages: after the deadline, and nowhere before."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.classroom import solutions
from autograder.execution.runner import task_of
from autograder.feedback import exporter
from autograder.unit import folder_of
from autograder.units.regularization.worked import WORKED
from tests.feedback.graded import notebook

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "source"
DAY = timedelta(days=1)
ASSIGNMENT = "regularisation"

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A course with a gradebook whose deadline is given, as time from now, with an extension for ada."""

    def lay_out(due: timedelta | None, extension: timedelta | None = None) -> Path:
        shutil.copy(PROJECT / "nbgrader_config.py", tmp_path)
        folder = tmp_path / "source" / ASSIGNMENT
        folder.mkdir(parents=True)
        for path in (SOURCE / ASSIGNMENT).glob("*.ipynb"):
            shutil.copy(path, folder)
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
            gradebook.add_assignment(ASSIGNMENT, duedate=due and datetime.now(UTC).replace(tzinfo=None) + due)
            gradebook.add_student("ada")
            if extension is not None:
                gradebook.add_submission(ASSIGNMENT, "ada")
                gradebook.grant_extension(ASSIGNMENT, "ada", days=extension.days)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("LANGUAGE", "en")
        return tmp_path

    return lay_out


@pytest.mark.parametrize(
    ("due", "extension", "word"),
    [(None, None, "no deadline"), (DAY, None, "until"), (-DAY, 3 * DAY, "until")],
    ids=["without a deadline", "before it", "while somebody has an extension"],
)
def test_solutions_are_refused_while_somebody_can_hand_in(
    course: Callable[..., Path], due: timedelta | None, extension: timedelta | None, word: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = course(due, extension)
    assert main(["solutions", ASSIGNMENT]) == 1
    said = capsys.readouterr().err
    assert word in said
    assert "--now" in said
    assert not (folder / "solutions").exists()
    assert main(["solutions", ASSIGNMENT, "--now"]) == 0
    assert len(list((folder / "solutions" / ASSIGNMENT).glob("*.ipynb"))) == 5


def test_after_the_deadline_each_task_has_its_solution_the_reason_and_likely_mistakes(
    course: Callable[..., Path],
) -> None:
    folder = course(-3 * DAY, DAY)
    assert main(["solutions", ASSIGNMENT]) == 0
    for path in sorted((folder / "solutions" / ASSIGNMENT).glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        assert "SOLUTION" not in text
        assert '"nbgrader"' not in text
        assert "💡" not in text
        cells = nbformat.read(path, as_version=4).cells
        sources = {cell.id: cell.source for cell in cells}
        for name, code in solutions(SOURCE / ASSIGNMENT / path.name).items():
            assert sources[name] == code
            below = sources[f"{name}-worked" if name == "explain" else f"{name}_test-worked"]
            assert below.startswith("Ceci est un" if name == "explain" else "**Pourquoi c’est juste**")


def test_every_task_of_the_unit_is_explained() -> None:
    for path in sorted((SOURCE / ASSIGNMENT).glob("*.ipynb")):
        tasks = {task_of(cell) for cell in nbformat.read(path, as_version=4).cells} - {None}
        assert WORKED[folder_of(path.stem)].keys() == tasks
        assert all(len(texts) > 1 for texts in WORKED[folder_of(path.stem)].values())


@pytest.mark.parametrize("folder", ["release", "source/x"])
def test_solutions_never_go_where_learners_receive_their_notebooks(
    course: Callable[..., Path], folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = course(-DAY)
    assert main(["solutions", ASSIGNMENT, "--to", folder]) == 1
    assert "write elsewhere" in capsys.readouterr().err
    assert not (root / "release").exists()


@pytest.mark.parametrize("shown", [True, False])
def test_a_feedback_page_shows_a_solution_where_it_is_given_one(shown: bool) -> None:
    nb = notebook(language="fr")
    about = {"assignment": "unit", "student": "ada", "notebook": "2_l1_l2", "score": 2.0, "max_score": 10.0}
    about |= {"late_penalty": 0.0, "solved": str(SOURCE / ASSIGNMENT / "2_l1_l2.ipynb") if shown else ""}
    html = exporter.page(nbformat.writes(nb), about, "autograder.units.regularization", str(PROJECT))
    assert ("Une solution commentée" in html) == shown
    assert ("Pourquoi c’est juste" in html) == shown
