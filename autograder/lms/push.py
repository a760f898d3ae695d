"""Grades to the platform: look first, send only what differs, look again.

A platform is not a file: an answer can get lost after the grade was taken, a score can arrive late, a teacher
can change a grade there, and platforms differ in what they refuse. So every score is planned against what is
there, is sent with a time strictly after the last, is looked up before it is sent again, and is read back at
the end.
"""

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import LmsError
from autograder.i18n import Message, _, say
from autograder.lms.ags import LineItem, LineItems, Result, Score
from autograder.lms.grades import GradeRow, Grades, number
from autograder.lms.http import Clock, LmsRefused, LmsUnreachable
from autograder.lms.ledger import Ledger
from autograder.lms.matching import Problem

MOST_LOST = 3  # a platform that is down should not cost a minute for each learner
CLOCK_BEHIND = 60  # seconds that a push waits for the time of the last one to pass


class Action(enum.Enum):
    """What is to be done about one row, or why nothing is."""

    SEND = _("send")
    SAME = _("the same already")
    CHANGED = _("changed on the platform: kept (--overwrite sends)")
    REMOVED = _("removed on the platform: kept away (--overwrite sends)")
    NO_ID = _("no id of the platform: run “lms roster”")
    OVER = _("more than the maximum: not sent (--cap lowers)")

    @property
    def label(self) -> str:
        """What the person at the terminal reads."""
        return say(self.value)

    @property
    def is_problem(self) -> bool:
        """Whether a grade of ours is not on the platform because of it."""
        return self not in (Action.SEND, Action.SAME)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the plan; `found` is what the platform has now."""

    row: GradeRow
    score: Score
    action: Action
    found: Result | None


def make_plan(
    grades: Grades, item: LineItem, results: Mapping[str, Result], ledger: Ledger, *, overwrite: bool
) -> list[Step]:
    """What to do about each row. Raises LmsError when two students have one id of the platform."""
    steps = []
    for row in _one_owner_each(grades.rows):
        score = score_of(row, item)
        found = results.get(score.user)
        steps.append(Step(row, score, _action(row, score, found, ledger, overwrite), found))
    return steps


def first_plan(grades: Grades, item: LineItem) -> list[Step]:
    """What to do about each row when the platform has nothing of this assignment yet."""
    return [Step(row, score_of(row, item), _blocked(row) or Action.SEND, None) for row in _one_owner_each(grades.rows)]


def _one_owner_each(rows: Sequence[GradeRow]) -> Sequence[GradeRow]:
    owners: dict[str, str] = {}
    for row in rows:
        if row.lms_user_id and owners.setdefault(row.lms_user_id, row.student) != row.student:
            text = _("{first} and {second} have the same id of the platform: run “lms roster”.")
            raise LmsError(text, first=owners[row.lms_user_id], second=row.student)
    return rows


def score_of(row: GradeRow, item: LineItem) -> Score:
    """The row in points of the line item."""
    given = row.score
    if not math.isclose(item.maximum, row.maximum):
        given = round(row.score / row.maximum * item.maximum, 5)
    return Score(row.lms_user_id or "", given, item.maximum, row.feedback)


def _action(row: GradeRow, score: Score, found: Result | None, ledger: Ledger, overwrite: bool) -> Action:
    if blocked := _blocked(row):
        return blocked
    if found is None:
        return Action.REMOVED if ledger.knows(score.user) and not overwrite else Action.SEND
    if score.is_at(found) and score.says(found.comment):
        # where the platform does not tell its comment, what we know we sent decides
        known_other = found.comment is None and ledger.sent_comment(score) is False
        return Action.SEND if known_other else Action.SAME
    if overwrite or ledger.is_ours(score.user, found):
        return Action.SEND
    return Action.CHANGED


def _blocked(row: GradeRow) -> Action | None:
    if not row.lms_user_id:
        return Action.NO_ID
    return Action.OVER if row.score > row.maximum else None


class Pusher:
    """Sends the scores of one line item."""

    def __init__(self, items: LineItems, item: LineItem, ledger: Ledger, clock: Clock) -> None:
        self._items = items
        self._item = item
        self._ledger = ledger
        self._clock = clock

    def push(self, steps: Sequence[Step]) -> list[Problem]:
        """Send each step that says so, then read everything back; what is not as it should be, by student.

        Raises LmsError when the platform no longer lets us write at all.
        """
        problems: list[Problem] = []
        lost = 0  # students in a row for whom the platform could not be reached
        for step in (s for s in steps if s.action is Action.SEND):
            try:
                problem = self._send(step)
                lost = 0
            except LmsUnreachable as error:
                problem = Problem(step.row.student, error.message)
                lost += 1
                if lost == MOST_LOST:
                    raise
            if problem:
                problems.append(problem)
        failed = {p.student for p in problems}
        wanted = [s for s in steps if s.action in (Action.SEND, Action.SAME) and s.row.student not in failed]
        return problems + self._read_back(wanted)

    def _send(self, step: Step) -> Problem | None:
        """Send one score until the platform shows it, or refuses it twice.

        Raises LmsUnreachable when it cannot be known.
        """
        attempts, refused = 0, 0
        while True:
            attempts += 1
            try:
                self._items.send(self._item, step.score, self._stamp(step.score))
                self._ledger.confirm(step.score)
                return None
            except LmsUnreachable as error:
                last: LmsError = error
                if attempts < self._items.service.http.attempts:
                    self._items.service.http.pause(attempts, error)
            except LmsRefused as error:
                if error.status in (401, 403, 404):
                    raise
                last, refused = error, refused + 1
            found = self._items.result(self._item, step.score.user)
            if step.score.is_at(found) and step.score.says(found.comment if found else None):
                self._ledger.confirm(step.score)
                return None
            if found != step.found and not (found and self._ledger.is_ours(step.score.user, found)):
                return Problem(step.row.student, Message(_("changed on the platform during the push: kept")))
            if refused == 2:
                return Problem(step.row.student, last.message)
            if attempts >= self._items.service.http.attempts:
                raise last

    def _stamp(self, score: Score) -> int:
        """A time in whole seconds, after the last one and not in the future; written down before its use.

        A time in the future would block every later grade until then (seen on Moodle).
        """
        last = self._ledger.timestamp(score.user)
        ahead = last + 1 - self._clock.now()
        if ahead > CLOCK_BEHIND:
            text = _("The clock of this machine is {seconds} s behind the last push: set it first.")
            raise LmsError(text, seconds=round(ahead))
        while int(self._clock.now()) <= last:
            self._clock.sleep(max(0.01, last + 1 - self._clock.now()))
        stamp = int(self._clock.now())
        self._ledger.intend(score, stamp)
        return stamp

    def _read_back(self, steps: Sequence[Step]) -> list[Problem]:
        results = self._items.results(self._item) if steps else {}
        problems = []
        for step in steps:
            found = results.get(step.score.user)
            if step.score.is_at(found):
                continue
            has = "—" if found is None else f"{number(found.score)}/{number(found.maximum)}"
            values = {"sent": number(step.score.given), "has": has}
            text = _("sent {sent}, but the platform shows {has}")
            problems.append(Problem(step.row.student, Message(text, values)))
        return problems
