"""Grades as they leave the gradebook: one immutable row per learner.

Everything that sends grades somewhere (a sheet, LTI) reads them here and only here, so that the same rules
hold everywhere: only submitted and fully graded work leaves, a missing submission is no row unless it is
asked for as zero, and work that waits for a person is held back and listed.
"""

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nbgrader.api import Gradebook

from autograder.errors import LmsError
from autograder.i18n import _, environment_language, say
from autograder.lms.classwork import ClassWork, Learner, read_class
from autograder.lms.words import DECIMALS, Tasks, Writer, number

__all__ = ["GradeRow", "Grades", "State", "number", "read_grades"]


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
    everyone: tuple[GradeRow, ...] = ()  # every student of the gradebook, chosen or not

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
    tasks: Tasks | None = None,
) -> Grades:
    """All grades of `assignment`, in three statements of SQL.

    `missing_as_zero` turns a missing submission into a score of 0; `cap` lowers scores above the maximum
    (bonus points) to it; `students` limits the rows; `language` and `tasks` are for the text of the feedback.
    Raises LmsError for an unknown assignment or student, or an assignment without points.
    """
    work = read_class(gradebook, assignment)
    writer = Writer(work.cells, tasks or Tasks({}), language or environment_language())
    everyone = [_row(student, work, writer) for student in sorted(work.students, key=lambda s: str(s.id))]
    rows = _chosen(everyone, set(students))
    if missing_as_zero:
        rows = [replace(r, state=State.GRADED) if r.state is State.NOT_SUBMITTED else r for r in rows]
    if cap:
        rows = [replace(r, score=min(r.score, r.maximum)) for r in rows]
    return Grades(
        assignment,
        work.maximum,
        tuple(r for r in rows if r.state is State.GRADED),
        tuple(r for r in rows if r.state is not State.GRADED),
        tuple(everyone),
    )


def _chosen(rows: list[GradeRow], only: set[str]) -> list[GradeRow]:
    if unknown := only - {r.student for r in rows}:
        listed = ", ".join(sorted(unknown))
        raise LmsError(_("The gradebook has no student with the id: {listed}."), listed=listed)
    return [r for r in rows if not only or r.student in only]


def _row(student: Learner, work: ClassWork, writer: Writer) -> GradeRow:
    state, grades = _state(student, work), work.grades.get(student.id, {})
    score, feedback = 0.0, ""
    if state is State.GRADED:
        score = round(max(0.0, sum(g.score for g in grades.values()) - student.penalty), DECIMALS)
        feedback = writer.text(grades, work.comments.get(student.id, {}), student.penalty)
        if not math.isfinite(score):
            text = _("The gradebook's score of “{student}” is not a number: grade this submission again.")
            raise LmsError(text, student=student.id)
    return GradeRow(student.id, student.lms_user_id, score, work.maximum, feedback, state, student.email)


def _state(student: Learner, work: ClassWork) -> State:
    if not student.submitted:
        return State.NOT_SUBMITTED
    grades = work.grades.get(student.id, {})
    if any(grade.waits for grade in grades.values()):
        return State.NEEDS_MANUAL_GRADE
    return State.GRADED if work.cells.keys() <= grades.keys() else State.INCOMPLETE
