"""An attempt from its bytes to its page: the steps of `nbgrader autograde` and `generate_feedback`, at once.

What a page says is what the official one says, less what `c.Practice.says` does not name.
"""

import base64
import json
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nbformat import NotebookNode

from autograder.errors import CheckerError
from autograder.execution.runner import task_of
from autograder.feedback.exporter import page_in_time
from autograder.grading.job import Graded
from autograder.grading.notebooks import parse_notebook
from autograder.i18n import _
from autograder.practice.course import PracticeCourse
from autograder.practice.settings import CURVES, POINTS
from autograder.records import Outcome, TaskGrade
from autograder.scale.outcomes import Outcomes
from autograder.wiring.marking import marked

log = logging.getLogger("autograder.practice")


@dataclass(frozen=True)
class Looked:
    """What came of an attempt: its page as HTML; a summary for the history; whether the answer was known."""

    page: str
    summary: Mapping[str, Any]
    known: bool


def packed(notebook: bytes, files: Mapping[str, bytes]) -> bytes:
    """What was handed in, as the queue keeps it."""
    text = {name: base64.b64encode(content).decode() for name, content in files.items()}
    return zlib.compress(json.dumps([base64.b64encode(notebook).decode(), text]).encode(), level=1)


def unpacked(body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The inverse of `packed`."""
    notebook, files = json.loads(zlib.decompress(body))
    return base64.b64decode(notebook), {name: base64.b64decode(text) for name, text in files.items()}


def look(
    course: PracticeCourse, outcomes: Outcomes, key: tuple[str, str, str], body: bytes, before: Mapping[str, float]
) -> Looked:
    """Grade one attempt and write its page. `key`: student, assignment, notebook; `before`: task → points before it.

    Raises:
        CheckerError: something of ours broke.
        UnreadableNotebook: what was handed in is no notebook.
    """
    student, assignment, name = key
    submission = course.jobs.submission(assignment, student, name)
    raw, files = unpacked(body)
    nb = course.restored(parse_notebook(raw, f"{name}.ipynb"), submission)
    job = course.jobs.job(submission, nb, lambda own: {n: c for n, c in files.items() if n not in own.content})
    known = outcomes.submit(job)
    outcome = outcomes.of(job)
    if outcome.fault:
        raise CheckerError(_("An attempt could not be looked at: {reason}"), reason=outcome.fault)
    html = _page(course, marked(nb, _told(course, outcome), submission, log, raw, before), outcome, key)
    return Looked(html, summary(outcome), known)


def _told(course: PracticeCourse, outcome: Graded) -> Graded:
    """The outcome with what a page may say of it."""
    if CURVES in course.settings.says:
        return outcome
    plain = {
        task: TaskGrade(task, [replace(result, picture={}) for result in grade.results])
        for task, grade in outcome.grades.items()
    }
    return replace(outcome, grades=plain)


def _page(course: PracticeCourse, nb: NotebookNode, outcome: Graded, key: tuple[str, str, str]) -> str:
    """The page. A person grades what the program does not, after the deadline."""
    student, assignment, notebook = key
    about: dict[str, Any] = {"student": student, "assignment": assignment, "notebook": notebook, "late_penalty": 0,
                             "score": 0.0, "max_score": 0.0, "practice": True,
                             "contact": course.jobs.course.contact,
                             "points": POINTS in course.settings.says}  # fmt: skip
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not (meta.get("grade") or meta.get("task")):
            continue
        grade = outcome.grades.get(task_of(cell) or "")
        meta["score"] = (grade and grade.score) or 0.0
        meta["awaiting"] = grade is None or grade.score is None
        about["score"] += meta["score"]
        about["max_score"] += float(meta.get("points") or 0)
    limit = course.settings.max_page_bytes
    return page_in_time(nb, about, (course.unit_name, str(course.root)), log, limit)


def summary(outcome: Graded) -> dict[str, Any]:
    """What the history and the grader's page need.

    "tasks": task → [checks that hold, all checks, points earned, points there are]; "said": [task, check, message] of
    each check that failed; "flagged": whether something of ours broke.
    """
    tasks = {}
    said = []
    for task, grade in outcome.grades.items():
        held = sum(result.outcome is Outcome.PASSED for result in grade.results)
        tasks[task] = [held, len(grade.results), sum(r.earned for r in grade.results), grade.maximum]
        failed = [r for r in grade.results if r.outcome is Outcome.FAILED and r.message]
        said += [[task, r.name, r.message.to_json()] for r in failed if r.message]
    return {"tasks": tasks, "said": said, "flagged": outcome.flagged}
