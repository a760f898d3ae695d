"""A class's work on one assignment, read from nbgrader's database in three statements.

nbgrader's own objects ask the database again for each submission, notebook and grade: 24,000 times for a
class of 1,000.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Text, and_, cast, func, literal, null, select, union_all

from autograder.errors import LmsError
from autograder.i18n import _


@dataclass(frozen=True, slots=True)
class Cell:
    """A graded cell of the assignment; `id` is the database's, `name` its grade_id."""

    id: str
    name: str
    notebook: str
    maximum: float


@dataclass(frozen=True, slots=True)
class CellGrade:
    """What one learner has for one cell; `waits`: a person has to grade it."""

    score: float
    waits: bool


@dataclass(frozen=True, slots=True)
class Learner:
    """A student of the gradebook; `penalty` in points, over all notebooks."""

    id: str
    lms_user_id: str | None
    email: str | None = field(repr=False)
    submitted: bool
    penalty: float


@dataclass(frozen=True, slots=True)
class ClassWork:
    """Cells by id; grades by student and cell; what graders wrote by student and notebook's name."""

    maximum: float
    cells: Mapping[str, Cell]
    students: tuple[Learner, ...]
    grades: Mapping[str, Mapping[str, CellGrade]]
    comments: Mapping[str, Mapping[str, list[str]]]


def read_class(gradebook: Gradebook, assignment: str) -> ClassWork:
    """Everything about `assignment`. Raises LmsError when there is none of this name, or it has no points."""
    cells, assignment_id = _cells(gradebook, assignment)
    maximum = sum(cell.maximum for cell in cells.values())
    if not maximum > 0:
        raise LmsError(_("The assignment “{assignment}” has no points: nothing to send."), assignment=assignment)
    grades: dict[str, dict[str, CellGrade]] = defaultdict(dict)
    comments: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for student, notebook, cell, comment, score, auto, manual, flagged in gradebook.db.execute(_marks(assignment_id)):
        if cell is None:
            comments[student][notebook].append(comment)
        else:
            grades[student][cell] = CellGrade(score, bool(flagged) or (auto is None and manual is None))
    return ClassWork(maximum, cells, _students(gradebook, assignment_id), grades, comments)


def _cells(gradebook: Gradebook, assignment: str) -> tuple[dict[str, Cell], str]:
    points = func.coalesce(GradeCell.__table__.c.max_score, TaskCell.__table__.c.max_score)
    base = BaseCell.__table__
    statement = (
        select(Assignment.id, base.c.id, base.c.name, Notebook.name, points)
        .select_from(Assignment)
        .outerjoin(Notebook, Notebook.assignment_id == Assignment.id)
        .outerjoin(base, base.c.notebook_id == Notebook.id)
        .outerjoin(GradeCell.__table__, GradeCell.__table__.c.id == base.c.id)
        .outerjoin(TaskCell.__table__, TaskCell.__table__.c.id == base.c.id)
        .where(Assignment.name == assignment)
    )
    rows = gradebook.db.execute(statement).all()
    if not rows:
        known = ", ".join(sorted(a.name for a in gradebook.assignments)) or "—"
        text = _("The gradebook has no assignment “{assignment}”. It has: {known}.")
        raise LmsError(text, assignment=assignment, known=known)
    cells = {row[1]: Cell(row[1], row[2], row[3], float(row[4])) for row in rows if row[4] is not None}
    return cells, rows[0][0]


def _students(gradebook: Gradebook, assignment_id: str) -> tuple[Learner, ...]:
    submission = SubmittedAssignment.__table__
    notebook = SubmittedNotebook.__table__
    statement = (
        select(
            Student.id,
            Student.lms_user_id,
            Student.email,
            func.max(submission.c.id),
            func.coalesce(func.sum(notebook.c.late_submission_penalty), 0.0),
        )
        .select_from(Student)
        .outerjoin(submission, and_(submission.c.student_id == Student.id, submission.c.assignment_id == assignment_id))
        .outerjoin(notebook, notebook.c.assignment_id == submission.c.id)
        .group_by(Student.id, Student.lms_user_id, Student.email)
    )
    return tuple(
        Learner(name, lms or None, email or None, submitted is not None, float(penalty))
        for name, lms, email, submitted, penalty in gradebook.db.execute(statement)
    )


def _marks(assignment_id: str) -> Any:
    """(student, notebook, cell, comment, score, auto, manual, needs a person): grades, then graders' comments."""
    submission, notebook = SubmittedAssignment.__table__, SubmittedNotebook.__table__

    def of(table: Any, *columns: Any) -> Any:
        return (
            select(submission.c.student_id, Notebook.name.label("notebook"), *columns)
            .select_from(table)
            .join(notebook, notebook.c.id == table.notebook_id)
            .join(submission, submission.c.id == notebook.c.assignment_id)
            .join(Notebook, Notebook.id == notebook.c.notebook_id)
            .where(submission.c.assignment_id == assignment_id)
        )

    blank = cast(null(), Text)
    grades = of(
        Grade,
        Grade.cell_id,
        blank.label("comment"),
        Grade.score.label("score"),
        Grade.auto_score,
        Grade.manual_score,
        Grade.needs_manual_grade,
    )
    written = of(Comment, blank, Comment.manual_comment, literal(0.0), null(), null(), literal(False)).where(
        Comment.manual_comment.is_not(None), Comment.manual_comment != ""
    )
    return union_all(grades, written)
