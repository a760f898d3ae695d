"""The jobs of a course. What is the same for every learner is read once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import SetupError
from autograder.execution.demonstrations import NONE, Demonstrations, demonstrations_of, left_out
from autograder.execution.runner import Limits
from autograder.grading.job import Job
from autograder.grading.notebooks import canonical, course_files
from autograder.i18n import _
from autograder.records import Files, Submission
from autograder.scale import shown
from autograder.scale.settings import Course
from autograder.store import key_of
from autograder.unit import Unit


@dataclass
class Jobs:
    """Makes the jobs of a course.

    Arguments:
        course, sandbox: settings of `c.Course` and of `c.Sandbox`.
        secret: what hidden inputs and seeds derive from.
        folder: assignment → where the course's own files beside its notebooks lie.
        count: assignment → how many notebooks it has.
        released: assignment → where its notebooks lie as they were released.
    """

    unit: Unit
    course: Course
    sandbox: Mapping[str, Any]
    secret: str
    folder: Callable[[str], Path]
    count: Callable[[str], int]
    released: Callable[[str], Path]
    _files: dict[str, Files] = field(default_factory=dict)  # by assignment
    _parts: dict[str, int] = field(default_factory=dict)
    _demonstrations: dict[Path, Demonstrations] = field(default_factory=dict)

    def submission(self, assignment: str, student: str, notebook: str) -> Submission:
        """One notebook of one learner, with the language of its assignment."""
        return Submission(assignment, student, notebook, self.language(assignment))

    def language(self, assignment: str) -> str:
        """The language that learners of an assignment read."""
        return str(self.course.languages.get(assignment, "en"))

    def job(self, submission: Submission, nb: NotebookNode, beside: Callable[[Files], Mapping[str, bytes]]) -> Job:
        """Everything that grading a sanitized notebook needs.

        `beside`: the course's files → what the learner put beside the notebook, path → content.

        Raises:
            SetupError: the unit has no checks for this notebook.
        """
        self._require_checks(submission.notebook)
        own = self.files(submission.assignment)
        limits, sandbox = self._limits(submission.assignment), dict(self.sandbox)
        text, released = self.notebook(submission, nb), self.demonstrations(submission)
        return Job(submission, text, beside(own), self.unit.source, self.secret, limits, sandbox, own, released)

    def notebook(self, submission: Submission, nb: NotebookNode) -> str:
        """A sanitized notebook as a job has it."""
        return canonical(nb, left_out(nb.cells, self.demonstrations(submission).programs))

    def demonstrations(self, submission: Submission) -> Demonstrations:
        """Those of the notebook as it was released; none where nothing is released."""
        path = self.released(submission.assignment) / f"{submission.notebook}.ipynb"
        if path not in self._demonstrations:
            found = NONE
            if not self.course.execute_demonstrations and path.exists():
                found = demonstrations_of(nbformat.read(path, as_version=4).cells)
                found = replace(found, shown=shown.read(self.shown_file(submission), self.shown_key(submission, found)))
            self._demonstrations[path] = found
        return self._demonstrations[path]

    def shown_file(self, submission: Submission) -> Path:
        """Where it is kept what the demonstrations of its notebook show."""
        return self.unit.shown_file(submission.notebook, submission.language)

    def shown_key(self, submission: Submission, demonstrations: Demonstrations) -> str:
        """What decides what they show."""
        return key_of(demonstrations.given, self.files(submission.assignment).hashes, submission.language)

    def files(self, assignment: str) -> Files:
        """What the course puts beside the notebooks of an assignment."""
        if assignment not in self._files:
            self._files[assignment] = Files(course_files(self.folder(assignment)))
        return self._files[assignment]

    def _limits(self, assignment: str) -> Limits:
        """A notebook's limits: its part of the submission's time is the same for all, whatever else was handed in."""
        if assignment not in self._parts:
            self._parts[assignment] = max(1, self.count(assignment))
        seconds = self.course.submission_seconds / self._parts[assignment]
        return Limits(self.course.cell_seconds, self.course.notebook_seconds, seconds)

    def _require_checks(self, notebook: str) -> None:
        path = self.unit.checks_file(notebook)
        if not path.exists():
            text = _("There are no checks for the notebook {name}: {path} is missing.")
            raise SetupError(text, name=notebook, path=path)
