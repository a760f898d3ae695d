"""What the grader sees while a run goes on: one line per notebook, and a summary at the end."""

import time
from logging import Logger

from autograder.grading.job import Outcome
from autograder.i18n import _, say
from autograder.records import Submission


class Progress:
    """Counts the notebooks of a run."""

    def __init__(self, log: Logger, total: int) -> None:
        """`total`: notebooks that are due."""
        self.log = log
        self.total = total
        self.count = 0
        self.began = time.monotonic()
        self.flagged: list[Submission] = []

    def done(self, submission: Submission, outcome: Outcome) -> None:
        """One more notebook is graded: say so."""
        self.count += 1
        if outcome.flagged:
            self.flagged.append(submission)
        earned = sum(g.score or 0.0 for g in outcome.grades.values())
        maximum = sum(g.maximum for g in outcome.grades.values())
        self._line(submission, earned, maximum, outcome)

    def _line(self, submission: Submission, earned: float, maximum: float, outcome: Outcome) -> None:
        spent = time.monotonic() - self.began
        left = spent / self.count * max(0, self.total - self.count)
        text = say(
            _("[{count}/{total}] {student}, {notebook}: {earned:g} of {maximum:g} points; about {left:.0f} s to go"),
            count=self.count, total=max(self.total, self.count), student=submission.student,
            notebook=submission.notebook, earned=earned, maximum=maximum, left=left,
        )  # fmt: skip
        self.log.info(text)
        if outcome.death:
            self.log.warning("%s, %s: %s", submission.student, submission.notebook, outcome.death)
        if outcome.fault:
            self.log.error("%s, %s: %s", submission.student, submission.notebook, outcome.fault)
