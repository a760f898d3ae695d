"""Grades as they leave the gradebook: one immutable row per learner.

Everything that sends grades somewhere (a sheet, LTI) reads them here and only here, so that the same rules
hold everywhere: only submitted and fully graded work leaves, a missing submission is no row unless it is
asked for as zero, and work that waits for a person is held back and listed.
"""

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.errors import LmsError
from autograder.i18n import _, environment_language, say, translate

DECIMALS = 5  # what Moodle stores (grade_grades.finalgrade is NUMERIC(10,5)); removes binary noise of sums


class State(enum.Enum):
    """How far a learner's work has come."""

    GRADED = "graded"
    NOT_SUBMITTED = "not submitted"
    NEEDS_MANUAL_GRADE = "needs manual grade"
    INCOMPLETE = "incomplete"  # graded before the assignment got its present cells

    @property
    def label(self) -> str:
        """What the person at the terminal reads."""
        return say(_LABELS[self])


_LABELS = {
    State.GRADED: _("graded"),
    State.NOT_SUBMITTED: _("not submitted"),
    State.NEEDS_MANUAL_GRADE: _("needs manual grading"),
    State.INCOMPLETE: _("not graded with the present version of the assignment"),
}


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One learner's grade for one assignment.

    `student` is nbgrader's id, `lms_user_id` the platform's (None when the roster was not read yet), `score`
    is in points after late penalties, 0 ≤ score, `maximum` the assignment's points, `feedback` plain text.
    `email` is for opt-in matching only and never shown.
    """

    student: str
    lms_user_id: str | None
    score: float
    maximum: float
    feedback: str
    state: State
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Grades:
    """The rows that may leave, and those that may not (`held`), each sorted by student."""

    assignment: str
    maximum: float
    rows: tuple[GradeRow, ...]
    held: tuple[GradeRow, ...]

    def over_maximum(self) -> tuple[GradeRow, ...]:
        """Rows that no platform takes as they are: Moodle skips or clips them without a word."""
        return tuple(row for row in self.rows if row.score > self.maximum)


def read_grades(
    gradebook: Gradebook,
    assignment: str,
    *,
    missing_as_zero: bool = False,
    cap: bool = False,
    students: Iterable[str] = (),
    language: str | None = None,
) -> Grades:
    """All grades of `assignment`.

    `missing_as_zero` turns a missing submission into a score of 0; `cap` lowers scores above the maximum
    (bonus points) to it; `students` limits the rows; `language` is that of the feedback text.
    Raises LmsError for an unknown assignment, or one without points.
    """
    found = _assignment(gradebook, assignment)
    submissions = {s.student_id: s for s in gradebook.assignment_submissions(assignment)}
    rows = [
        _row(student, submissions.get(student.id), found, language or environment_language())
        for student in _students(gradebook, set(students))
    ]
    if missing_as_zero:
        rows = [replace(r, state=State.GRADED) if r.state is State.NOT_SUBMITTED else r for r in rows]
    if cap:
        rows = [replace(r, score=min(r.score, r.maximum)) for r in rows]
    return Grades(
        assignment,
        float(found.max_score),
        tuple(r for r in rows if r.state is State.GRADED),
        tuple(r for r in rows if r.state is not State.GRADED),
    )


def _assignment(gradebook: Gradebook, name: str) -> Any:
    try:
        found = gradebook.find_assignment(name)
    except MissingEntry:
        known = ", ".join(sorted(a.name for a in gradebook.assignments)) or "—"
        text = _("The gradebook has no assignment “{assignment}”. It has: {known}.")
        raise LmsError(text, assignment=name, known=known) from None
    if not found.max_score > 0:
        raise LmsError(_("The assignment “{assignment}” has no points: nothing to send."), assignment=name)
    return found


def _students(gradebook: Gradebook, only: set[str]) -> list[Any]:
    everyone = sorted(gradebook.students, key=lambda s: str(s.id))
    if unknown := only - {s.id for s in everyone}:
        listed = ", ".join(sorted(unknown))
        raise LmsError(_("The gradebook has no student with the id: {listed}."), listed=listed)
    return [s for s in everyone if not only or s.id in only]


def _row(student: Any, submission: Any, assignment: Any, language: str) -> GradeRow:
    state = _state(submission, assignment)
    score, feedback = 0.0, ""
    if state is State.GRADED:
        score = round(max(0.0, submission.score - submission.late_submission_penalty), DECIMALS)
        feedback = _feedback(submission, language)
        if not math.isfinite(score):
            text = _("The gradebook's score of “{student}” is not a number: grade this submission again.")
            raise LmsError(text, student=student.id)
    return GradeRow(
        student=student.id,
        lms_user_id=student.lms_user_id or None,
        score=score,
        maximum=float(assignment.max_score),
        feedback=feedback,
        state=state,
        email=student.email or None,
    )


def _state(submission: Any, assignment: Any) -> State:
    if submission is None:
        return State.NOT_SUBMITTED
    if submission.needs_manual_grade:
        return State.NEEDS_MANUAL_GRADE
    wanted = {c.id for n in assignment.notebooks for c in (*n.grade_cells, *n.task_cells)}
    graded = {g.cell_id for n in submission.notebooks for g in n.grades}
    return State.GRADED if wanted <= graded else State.INCOMPLETE


def _feedback(submission: Any, language: str) -> str:
    """Points per notebook, the late penalty, and what graders wrote; no names."""
    lines: list[str] = []
    for notebook in sorted(submission.notebooks, key=lambda n: str(n.name)):
        lines.append(f"{notebook.name}: {number(notebook.score)}/{number(notebook.max_score)}")
        comments = sorted((c.name, c.manual_comment) for c in notebook.comments if c.manual_comment)
        lines.extend(f"  {text.strip()}" for _name, text in comments)
    if submission.late_submission_penalty:
        penalty = number(submission.late_submission_penalty)
        lines.append(translate(_("late penalty: −{penalty}"), language, penalty=penalty))
    return "\n".join(lines)


def number(value: float, decimals: int = DECIMALS) -> str:
    """`value` in its shortest decimal form, with a point: 17.5, 0, 3.33333. Never an exponent or "-0".

    >>> number(17.50), number(0.0), number(10 / 3)
    ('17.5', '0', '3.33333')
    """
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
