"""What a push would do about each grade, decided before anything is sent."""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.i18n import Message, _, say
from autograder.lms.ags import LineItem, Result, Score
from autograder.lms.grades import GradeRow, Grades
from autograder.lms.ledger import Column
from autograder.lms.matching import normal, shared_ids


class Action(enum.Enum):
    """What is to be done about one row, or why nothing is."""

    SEND = _("send")
    REPLACE = _("replace what others changed")
    SAME = _("the same already")
    ADOPT = _("take for our own; not sent now")
    CHANGED = _("changed on the platform: kept (--overwrite sends)")
    UNKNOWN = _("on the platform already, and not by us: kept (--adopt takes it for ours, --overwrite sends)")
    REMOVED = _("removed on the platform: kept away (--overwrite sends)")
    NO_ID = _("no id of the platform: run “lms roster”")
    SHARED = _("{others} has the same id of the platform: run “lms roster --overwrite --yes”")
    OVER = _("more than the maximum: not sent (--cap lowers)")

    @property
    def sends(self) -> bool:
        return self in (Action.SEND, Action.REPLACE)

    @property
    def is_problem(self) -> bool:
        """Whether a grade of ours is not on the platform because of it."""
        return self not in (Action.SEND, Action.REPLACE, Action.SAME)


DONE = {Action.SEND: _("sent"), Action.REPLACE: _("replaced"), Action.ADOPT: _("taken for our own; not sent")}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the plan; `found` is what the platform has now, `others` students with the same id there."""

    row: GradeRow
    score: Score
    action: Action
    found: Result | None
    others: str = ""

    def label(self, done: bool = False) -> str:
        """What the person at the terminal reads: what is to be done, or what was."""
        return say(DONE.get(self.action, self.action.value) if done else self.action.value, others=self.others)

    @property
    def why(self) -> Message:
        return Message(self.action.value, {"others": self.others})


@dataclass(frozen=True, slots=True)
class Wishes:
    """`overwrite` what others changed; `adopt` what is there and the ledger knows nothing of."""

    overwrite: bool = False
    adopt: bool = False


def make_plan(
    grades: Grades, item: LineItem, results: Mapping[str, Result], column: Column | None, wishes: Wishes = Wishes()
) -> list[Step]:
    """What to do about each row; `column` is None when the platform has none of this assignment yet.

    Of students with one id of the platform none is sent, whichever of them has a grade.
    """
    shared = shared_ids(grades.everyone or grades.rows)
    steps = []
    for row in grades.rows:
        score = score_of(row, item)
        found = results.get(score.user)
        if len(owners := shared.get(normal(score.user), [])) > 1:
            others = ", ".join(name for name in owners if name != row.student)
            steps.append(Step(row, score, Action.SHARED, found, others))
        else:
            action = _blocked(row) or _action(score, found, column, wishes)
            steps.append(Step(row, score, action, found))
    return steps


def score_of(row: GradeRow, item: LineItem) -> Score:
    """The row in points of the line item."""
    given = row.score
    if not math.isclose(item.maximum, row.maximum):
        given = round(row.score / row.maximum * item.maximum, 5)
    return Score(row.lms_user_id or "", given, item.maximum, row.feedback)


def _blocked(row: GradeRow) -> Action | None:
    if not row.lms_user_id:
        return Action.NO_ID
    return Action.OVER if row.score > row.maximum else None


def _action(score: Score, found: Result | None, column: Column | None, wishes: Wishes) -> Action:
    if column is None:
        return Action.SEND
    if found is None:
        return Action.REMOVED if column.knows(score.user) and not wishes.overwrite else Action.SEND
    if score.is_at(found) and score.says(found.comment):
        # where the platform does not tell its comment, what we know we sent decides
        known_other = found.comment is None and column.sent_comment(score) is False
        return Action.SEND if known_other else Action.SAME
    if column.is_ours(score.user, found):
        return Action.SEND
    if wishes.overwrite:
        return Action.REPLACE
    if column.has_sent(score.user):
        return Action.CHANGED
    return Action.ADOPT if wishes.adopt else Action.UNKNOWN
