"""What the grader sees while a run goes on, and the summary at its end."""

import logging
import statistics
import sys

from autograder.grading.job import Graded
from autograder.i18n import _, say, say_count
from autograder.records import Submission
from autograder.scale.line import Line
from autograder.scale.quiet import SUMMARY

SLOWEST = 3  # named in the summary
SLOW_SECONDS = 5.0  # and only when they took longer than this
STRAYS = _(
    "NOT GRADED, because it is not certain which notebook of the assignment this is: {names}. Give them its name and "
    "grade again."
)


class Progress:
    """Counts the notebooks of a run: a bar in a terminal, else a line per notebook in the log."""

    def __init__(self, log: logging.Logger, total: int, *, terminal: bool | None = None) -> None:
        """`total`: notebooks that are due. `terminal`: whether standard error shows a bar; found out by default."""
        self.log = log
        self.total = total
        self.seconds: dict[Submission, float] = {}
        self.flagged: list[Submission] = []
        self.unreadable: list[Submission] = []
        self.died: list[Submission] = []
        self.strays: list[str] = []  # submitted notebooks that were not graded, learner/file
        self.timeless: list[str] = []  # learners
        self.line = Line(say(_("notebooks")), total, shown=sys.stderr.isatty() if terminal is None else terminal)

    @property
    def count(self) -> int:
        """Notebooks that are graded."""
        return len(self.seconds)

    def done(self, submission: Submission, outcome: Graded, *, readable: bool = True) -> None:
        """One more notebook is graded: say so."""
        self.seconds[submission] = outcome.seconds
        if outcome.flagged:
            self.flagged.append(submission)
        if outcome.death:
            self.died.append(submission)
        if not readable:
            self.unreadable.append(submission)
        self._show(submission, outcome)

    def _show(self, submission: Submission, outcome: Graded) -> None:
        text = say(
            _("[{count}/{total}] {student}, {notebook}: {earned:g} of {maximum:g} points; about {left:.0f} s to go"),
            count=self.count, total=max(self.total, self.count), student=submission.student,
            notebook=submission.notebook, earned=sum(g.score or 0.0 for g in outcome.grades.values()),
            maximum=sum(g.maximum for g in outcome.grades.values()), left=self.line.left(self.count),
        )  # fmt: skip
        self.log.info(text)
        if outcome.death:
            self.log.warning("%s, %s: %s", submission.student, submission.notebook, outcome.death)
        if outcome.fault:
            self.log.error("%s, %s: %s", submission.student, submission.notebook, outcome.fault)
        self.line.show(self.count)

    def finish(self) -> None:
        """The summary; a run without notebooks has none."""
        self.line.end()
        if not self.seconds:
            return
        notebooks = say_count("{count} notebook", "{count} notebooks", self.count)
        learners = say_count("{count} learner", "{count} learners", len({s.student for s in self.seconds}))
        text = _("{notebooks} of {learners} graded in {spent:.1f} s; a notebook took {median:.1f} s (median).")
        median = statistics.median(self.seconds.values())
        self._tell(
            logging.INFO, say(text, notebooks=notebooks, learners=learners, spent=self.line.spent, median=median)
        )
        slowest = sorted(self.seconds, key=lambda s: -self.seconds[s])[:SLOWEST]
        self._list(_("The slowest: {names}"), [s for s in slowest if self.seconds[s] > SLOW_SECONDS], times=True)
        self._list(_("The kernel ended before the notebook did: {names}"), self.died)
        self._list(_("Not readable, graded as empty: {names}"), self.unreadable)
        if self.timeless:
            text = _("Handed in at a time that cannot be read, not counted as late: {names}")
            self._tell(logging.WARNING, say(text, names=", ".join(self.timeless)))
        self._list(_("A PERSON HAS TO GRADE: {names}"), self.flagged)
        if self.strays:
            self._tell(logging.WARNING, say(STRAYS, names=", ".join(self.strays)))

    def _list(self, text: str, submissions: list[Submission], *, times: bool = False) -> None:
        names = [f"{s.student}/{s.notebook}" + (f" ({self.seconds[s]:.0f} s)" if times else "") for s in submissions]
        if names:
            self._tell(logging.INFO if times else logging.WARNING, say(text, names=", ".join(names)))

    def _tell(self, level: int, text: str) -> None:
        self.log.log(level, text, extra={SUMMARY: True})
