"""A course with one graded submission, made without running anything: what `nbgrader autograde` leaves behind."""

import math
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from autograder.grading.job import Graded
from autograder.grading.report import html_report
from autograder.grading.results import pack
from autograder.i18n import Message
from autograder.records import CheckResult, Outcome, TaskGrade

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
LESSON = """## 1.1 · What a weight costs

$$\\Omega(w)=\\lambda\\sum_i w_i^2, \\qquad \\arg\\min_w L(w)$$

| argument | what pays |
|---|---|
| `kernel_regularizer` | the weights |

<details><summary>Hint</summary>

Read from right to left.

</details>
"""
GIVEN = {
    "train": [2 * math.exp(-i / 9) + 0.07 for i in range(40)],
    "held_out": [0.62 + math.exp(-i / 4) for i in range(40)],
}
THEIRS = {
    "train": [2 * math.exp(-i / 9) + 0.2 for i in range(40)],
    "held_out": [0.53 + math.exp(-i / 4) for i in range(40)],
}
PICTURE = {"given": GIVEN, "theirs": THEIRS, "reduction": [0.25, 0.29, 0.32]}


def result(name: str, outcome: Outcome, earned: float = 0.0, **more: Any) -> CheckResult:
    """One check of the task `penalty`, worth 2 points."""
    return CheckResult("penalty", name, f"The check {name} holds.", 2, outcome, earned, lesson="penalty-lesson", **more)


def results() -> list[CheckResult]:
    """One of each kind."""
    half = Message("Your penalty is half of the expected one: look at the factor in `{name}`.", {"name": "<b>l2</b>"})
    return [
        result("passes", Outcome.PASSED, 2, picture=PICTURE),
        result("fails", Outcome.FAILED, message=half, detail="Traceback: expected 0.12345"),
        result("waits", Outcome.SKIPPED, waits_for="The check fails holds."),
    ]


def meta(grade_id: str, **more: Any) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    base = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": {**base, **more}}


def notebook(answer: str = "def l2_penalty(w, lam):\n    return lam * (w**2).sum() / 2", **extra: Any) -> NotebookNode:
    """A graded notebook: a lesson, a task, its test cell with the report, and a text that a person grades."""
    grade = TaskGrade("penalty", results())
    cells = [
        new_markdown_cell("# 1 · Penalties\n\nWelcome.", id="title"),
        new_markdown_cell(LESSON, id="penalty-lesson"),
        new_code_cell(
            "lab.picture()", outputs=[new_output("display_data", {"image/png": PIXEL, "text/plain": "Two ellipses."})]
        ),
        new_markdown_cell("### ✏️ Exercise 1.1 — By hand (6 points)\n\nWrite it.", id="penalty-task"),
        new_code_cell(answer, metadata=meta("penalty", solution=True), outputs=extra.get("outputs", [])),
        new_code_cell(
            "lab.check()",
            metadata=meta("penalty_test", grade=True, locked=True, points=6),
            outputs=[new_output("display_data", {"text/html": html_report(grade, "en")})],
        ),
        new_markdown_cell("## 1.2 · Justify\n\n### ✏️ Exercise 1.2 (4 points)", id="explain-task"),
        new_markdown_cell(
            extra.get("essay", "Because **it works**."), metadata=meta("explain", solution=True, grade=True, points=4)
        ),
    ]
    return new_notebook(
        cells=cells, metadata={"autograder": extra.get("stored") or stored(grade, extra.get("language", "en"))}
    )


def stored(grade: TaskGrade, language: str) -> dict[str, Any]:
    """The metadata that grading leaves."""
    return pack(Graded(grades={"penalty": grade}, seconds=12.5), language)


def lay_out(
    course: Path, nb: NotebookNode, student: str = "ada", scores: Mapping[str, float | None] | None = None
) -> None:
    """Write the autograded notebook, the gradebook and the project's configuration."""
    shutil.copy(Path(__file__).parents[2] / "nbgrader_config.py", course)
    folder = course / "autograded" / student / "unit"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, folder / "1_penalties.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-02 18:00:00 UTC")
    fill_gradebook(course, [(student, scores or {"penalty_test": 2.0, "explain": None})])


def fill_gradebook(course: Path, students: Sequence[tuple[str, Mapping[str, float | None]]]) -> None:
    """One assignment with one notebook, and for each learner a score per grade cell; None: a person grades it."""
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{course / 'gradebook.db'}", "course") as book:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
        book.update_or_create_assignment("unit")
        book.update_or_create_notebook("1_penalties", "unit")
        for name, points, kind in (("penalty_test", 6, "code"), ("explain", 4, "markdown")):
            book.update_or_create_grade_cell(name, "1_penalties", "unit", max_score=points, cell_type=kind)
            book.update_or_create_source_cell(name, "1_penalties", "unit", cell_type=kind)
        for name in ("penalty", "explain"):
            book.update_or_create_solution_cell(name, "1_penalties", "unit")
        for student, scores in students:
            book.update_or_create_student(student)
            book.update_or_create_submission("unit", student)
            for name, score in scores.items():
                grade = book.find_grade(name, "1_penalties", "unit", student)
                grade.auto_score, grade.needs_manual_grade = score, score is None
        book.db.commit()
