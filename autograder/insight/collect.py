"""What is known of a class: scores from the gradebook, results from the autograded notebooks."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder.errors import SetupError
from autograder.grading.results import NOT_OURS, StoredResults, awaits_person, stored_results
from autograder.i18n import _
from autograder.insight.outline import Outline


@dataclass
class Work:
    """One notebook of one learner.

    `waiting`: the tasks that a person has to grade; `late`: points lost for handing in late; `results`: None when not
    stored.
    """

    student: str
    notebook: str
    submission_id: str
    score: float = 0.0
    waiting: list[str] = field(default_factory=list)
    late: float = 0.0
    results: StoredResults | None = None
    path: Path = field(default_factory=Path)


@dataclass(frozen=True)
class ClassData:
    """An assignment's submissions, by learner and notebook. `maximum`: points per notebook; `outline`: its titles."""

    assignment: str
    maximum: Mapping[str, float]
    works: Sequence[Work]
    outline: Outline = field(default_factory=Outline)

    @property
    def notebooks(self) -> dict[str, int]:
        """Learner → how many notebooks they handed in."""
        return {student: int(count) for student, count in self._sums(lambda work: 1).items()}

    @property
    def possible(self) -> dict[str, float]:
        """Learner → points that could be had in the notebooks they handed in."""
        return self._sums(lambda work: self.maximum[work.notebook])

    @property
    def earned(self) -> dict[str, float]:
        """Learner → points that the work of the whole assignment earned, as far as given."""
        return self._sums(lambda work: work.score)

    @property
    def totals(self) -> dict[str, float]:
        """Learner → points that count: what was earned, less the penalty for being late, never below 0."""
        late = self._sums(lambda work: work.late)
        return {student: max(0.0, score - late[student]) for student, score in self.earned.items()}

    @property
    def late(self) -> int:
        """How many learners lost points for handing in late."""
        return sum(lost > 0 for lost in self._sums(lambda work: work.late).values())

    @property
    def seconds(self) -> dict[str, float]:
        """Learner → seconds that grading took."""
        return self._sums(lambda work: work.results.seconds if work.results else 0.0)

    def _sums(self, value: Callable[[Work], float]) -> dict[str, float]:
        sums: dict[str, float] = defaultdict(float)
        for work in self.works:
            sums[work.student] += value(work)
        return dict(sums)


def collect(gradebook: Gradebook, assignment: str, autograded: Path, outline: Outline | None = None) -> ClassData:
    """Read everything of an assignment. `autograded`: nbgrader's folder of that name; `outline`: of its notebooks.

    Raises:
        SetupError: the gradebook has no such assignment.
    """
    try:
        gradebook.find_assignment(assignment)
    except MissingEntry as error:
        text = _("The gradebook has no assignment {name}. It has: {known}.")
        known = ", ".join(sorted(a.name for a in gradebook.assignments)) or "–"
        raise SetupError(text, name=assignment, known=known) from error
    works: dict[str, Work] = {}
    for row in _rows(gradebook, assignment):
        folder = autograded / row.student / assignment
        path = folder / f"{row.notebook}.ipynb"
        late = row.late_submission_penalty or 0.0
        work = works.setdefault(row.id, Work(row.student, row.notebook, row.id, late=late, path=path))
        waits = awaits_person(row)
        points = row.manual_score if row.manual_score is not None else row.auto_score or 0.0
        work.score += 0.0 if waits else points + (row.extra_credit or 0.0)
        work.waiting += [row.cell.removesuffix("_test")] if waits else []
    handed_in = [work for work in works.values() if work.path.exists()]
    for work in handed_in:
        try:
            work.results = stored_results(work.path)
        except NOT_OURS:
            work.results = StoredResults(flagged=True)  # one learner's file does not stop the report of the others
    return ClassData(assignment, _maximum(gradebook, assignment), handed_in, outline or Outline())


def _rows(gradebook: Gradebook, assignment: str) -> Iterator[Any]:
    """One row per learner and grade cell, in one query: nbgrader's own properties ask once per learner."""
    columns = (
        Student.id.label("student"), Notebook.name.label("notebook"), SubmittedNotebook.id.label("id"),
        GradeCell.name.label("cell"),
        SubmittedNotebook.late_submission_penalty,
        Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade, GradeCell.max_score,
    )  # fmt: skip
    query = (
        gradebook.db.query(*columns)
        .select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Student, SubmittedAssignment.student_id == Student.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(Assignment, Notebook.assignment_id == Assignment.id)
        .join(GradeCell, Grade.cell_id == GradeCell.id)
        .filter(Assignment.name == assignment)
        .order_by(Student.id, Notebook.name)
    )
    return iter(query)


def _maximum(gradebook: Gradebook, assignment: str) -> dict[str, float]:
    notebooks = sorted(gradebook.find_assignment(assignment).notebooks, key=lambda n: str(n.name))
    return {n.name: sum(c.max_score for c in n.grade_cells) for n in notebooks}
