"""`nbgrader generate_feedback` with this course's configuration."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.feedback import exporter
from tests.feedback.graded import lay_out, notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one graded submission."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "source" / "unit").mkdir(parents=True)
    lay_out(tmp_path, notebook(language="fr"))
    return tmp_path


def generate(course: Path, *words: str, status: int = 0) -> str:
    """What `nbgrader generate_feedback` says, which ends with this status."""
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "unit", *words]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr


def test_nbgrader_writes_the_page_by_configuration_alone(course: Path) -> None:
    handed_in = course / "autograded" / "ada" / "unit"
    (handed_in / "2_another.html").write_text("<script>alert(1)</script>")
    (handed_in / "timestamp.txt").write_text("2026-03-02 18:00:00 UTC")
    (handed_in / "submission_secret.txt").mkdir()
    assert "1 page of 1 learner in feedback/" in generate(course)
    written = sorted(path.name for path in (course / "feedback" / "ada" / "unit").iterdir())
    assert written == ["1_penalties.html", "timestamp.txt"]  # no page of the learner's own
    html = (course / "feedback" / "ada" / "unit" / "1_penalties.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in html
    assert "2 / 6" in html
    assert "– / 4" in html  # a person has not graded it yet


def test_pages_are_written_again_when_the_work_was_graded_again_or_somebody_insists(course: Path) -> None:
    generate(course)
    page = course / "feedback" / "ada" / "unit" / "1_penalties.html"
    page.write_text("a page of before")
    assert "No page was written" in generate(course)
    assert page.read_text() == "a page of before"
    assert "1 page of 1 learner" in generate(course, "--force")
    now = page.stat().st_mtime + 10
    os.utime(course / "autograded" / "ada" / "unit" / "1_penalties.ipynb", (now, now))
    page.write_text("a page of before")
    assert "1 page of 1 learner" in generate(course)
    assert "2 / 6" in page.read_text(encoding="utf-8")


def test_a_page_that_fails_is_not_said_to_be_there(course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.remove_submission_notebook("1_penalties", "unit", "ada")
    assert "No page was written" not in generate(course, status=1)


def test_a_notebook_whose_texts_take_for_ever_gets_a_page_of_its_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "SECONDS", 1.0)
    nb = notebook("\n " * 10_000)  # Pygments needs the square of it
    nb.cells[2:2] = [nbformat.v4.new_code_cell("\n " * 10_000) for _ in range(20)]
    about = {"assignment": "unit", "student": "ada", "notebook": "m", "score": 2.0, "max_score": 10.0}
    converter = GenerateFeedback(coursedir=CourseDirectory(), config=Config({"Course": {"unit": "tests.mini.unit"}}))
    own = exporter.FeedbackExporter(parent=converter)
    html, _resources = own.from_notebook_node(nb, {"nbgrader": {**about, "late_penalty": 0}})
    assert "could not be shown in time" in html
    assert "The check passes holds." in html


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's own
def test_a_chapter_that_was_not_handed_in_has_no_points(tmp_path: Path) -> None:
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("unit")
        for name in ("1_penalties", "2_more"):
            gradebook.add_notebook(name, "unit")
            gradebook.add_grade_cell("task", name, "unit", max_score=4, cell_type="code")
        gradebook.add_student("ada")
        submission = gradebook.add_submission("unit", "ada")
        for handed_in in submission.notebooks:
            handed_in.grades[0].auto_score = 0  # nbgrader gives it to missing notebooks, too
        gradebook.db.commit()
        (tmp_path / "1_penalties.ipynb").write_text("")
        found = exporter.chapters(gradebook, "unit", "ada", tmp_path)
    assert [(c.name, c.score, c.maximum) for c in found] == [("1_penalties", 0, 4), ("2_more", None, 4)]
