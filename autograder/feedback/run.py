"""One `nbgrader generate_feedback`: which pages are to be made, how far it is, and what it made."""

import atexit
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.i18n import _, say, say_count
from autograder.scale import quiet
from autograder.scale.gradebook import share_engines
from autograder.scale.line import Line
from autograder.scale.quiet import SUMMARY

NOTHING = _(
    "No page was written: those that are there are newer than what was graded. After grading by hand, add `--force`."
)


class FeedbackRun:
    """Follows nbgrader's converter from one page to the next."""

    def __init__(self, converter: Any, extension: str) -> None:
        """`converter`: nbgrader's GenerateFeedback, which knows the submissions. `extension`: of a page's file."""
        share_engines()
        self.converter, self.extension = converter, extension
        self.pages = 0
        self.learners: set[str] = set()
        self._nbgraders_own = converter.init_destination
        converter.init_destination = self._is_due
        told = quiet.on_command_line(converter.parent)
        shown = quiet.begin(converter.parent, Path(converter.coursedir.root), "generate_feedback")
        self.line = Line(say(_("pages")), self._due() if told else 0, shown=shown)
        if told:
            atexit.register(self.end)

    def made(self, student: str) -> None:
        """One more page."""
        self.pages += 1
        self.learners.add(student)
        self.line.show(self.pages)

    def end(self) -> None:
        """The line goes, the sum stays."""
        self.line.end()
        text = ""  # where all failed nbgrader says so
        if self.pages:
            pages = say_count("{count} page", "{count} pages", self.pages)
            learners = say_count("{count} learner", "{count} learners", len(self.learners))
            folder, spent = self.converter.coursedir.feedback_directory, self.line.spent
            text = _("{pages} of {learners} in {folder}, written in {spent:.1f} s.")
            text = say(text, pages=pages, learners=learners, folder=f"{folder}/", spent=spent)
        elif not self.line.total:
            text = say(NOTHING)
        if text:
            self.converter.log.info(text, extra={SUMMARY: True})

    def _is_due(self, assignment: str, student: str) -> bool:
        """Take the place of nbgrader's `init_destination`, for which what was graded again is as old as it was."""
        forced = self.converter.force
        self.converter.force = forced or self._is_old(assignment, student)
        try:
            return bool(self._nbgraders_own(assignment, student))
        finally:
            self.converter.force = forced

    def _is_old(self, assignment: str, student: str) -> bool:
        """Whether a page is missing that nbgrader will make, or is older than the notebook that it is about."""
        return any(_time(page) < _time(graded) for graded, page in self._pairs(assignment, student))

    def _due(self) -> int:
        """How many pages nbgrader will make."""
        submissions = [(Path(f).name, Path(f).parent.name) for f in self.converter.assignments]
        excluded = self.converter.coursedir.student_id_exclude.split(",")
        return sum(
            len([*self._pairs(assignment, student)])
            for assignment, student in submissions
            if student not in excluded and (self.converter.force or self._is_old(assignment, student))
        )

    def _pairs(self, assignment: str, student: str) -> Iterable[tuple[Path, Path]]:
        """Each graded notebook that is asked for, and its page."""
        coursedir = self.converter.coursedir
        graded, pages = (
            Path(coursedir.format_path(folder, student, assignment))
            for folder in (coursedir.autograded_directory, coursedir.feedback_directory)
        )
        return ((n, pages / f"{n.stem}{self.extension}") for n in graded.glob(f"{coursedir.notebook_id}.ipynb"))


def _time(path: Path) -> float:
    """When a file was written, s; 0 for one that is not there."""
    return path.stat().st_mtime if path.exists() else 0.0
