"""Grades to the platform: look first, send only what differs, look again.

A platform is not a file: an answer can get lost after the grade was taken, a score can arrive late, a teacher
can change a grade there, and platforms differ in what they refuse. So every score is planned against what is
there. The plan is carried out in small batches: the platform's list is read, scores that somebody changed
meanwhile are left alone, the others are written down and sent a few at a time, with a time strictly after the
last; what failed is looked up before it is sent again. At the end everything is read back.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from autograder.errors import LmsError
from autograder.i18n import Message, _
from autograder.lms.ags import LineItem, LineItems, Result
from autograder.lms.grades import number
from autograder.lms.ledger import Column
from autograder.lms.matching import Problem
from autograder.lms.plan import Action, Step
from autograder.lms.transport import Clock, LmsRefused, LmsUnreachable

BATCH = 20  # scores sent after one look: about a second, in which a change of a teacher is not seen
PARALLEL = 8  # requests at the same time
BROKEN = 3  # a batch of so many, all failed for reasons that are nobody's own, ends the push
CLOCK_BEHIND = 60  # seconds that a push waits for the time of the last one to pass
LATER = (400, 409, 422)  # a refusal that may be of the time: tried once more, with a later one
FORBIDDEN = (401, 403, 404)

Failures = dict[str, tuple[Step, LmsError]]  # by student


class Pusher:
    """Sends the scores of one line item. `sent` and `problems` tell how far it came, at any time."""

    def __init__(
        self,
        items: LineItems,
        item: LineItem,
        column: Column,
        clock: Clock,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self.sent: set[str] = set()
        self.problems: list[Problem] = []
        self._items = items
        self._item = item
        self._column = column
        self._clock = clock
        self._progress = progress

    def push(self, steps: Sequence[Step]) -> list[Problem]:
        """Send each step that says so, then read everything back; what is not as it should be, by student.

        Raises LmsError when the platform no longer lets us write at all.
        """
        adopted = [s.score.at(s.found) for s in steps if s.action is Action.ADOPT and s.found]
        if adopted:
            self._column.confirm(adopted)
        todo = [step for step in steps if step.action.sends]
        self._progress(0, len(todo))
        for start in range(0, len(todo), BATCH):
            self._send_batch(todo[start : start + BATCH])
            self._progress(len(self.sent) + len(self.problems), len(todo))
        failed = {p.student for p in self.problems}
        wanted = [s for s in steps if (s.action.sends or s.action is Action.SAME) and s.row.student not in failed]
        self.problems += self._read_back(wanted)
        return self.problems

    def _send_batch(self, steps: list[Step]) -> None:
        """Send the scores of a batch until the platform shows each, or refuses it for good."""
        attempts, size = 0, len(steps)
        failures: Failures = {}
        tries: Counter[str] = Counter()
        while steps := self._look(steps, failures):
            failures = self._send_all(steps)
            tries.update(failures.keys())
            attempts = attempts + 1 if len(failures) == len(steps) else 1
            last = attempts >= self._items.service.http.attempts
            steps = [s for name, (s, error) in failures.items() if not last and _worth_another(error, tries[name])]
            self._settle([pair for pair in failures.values() if pair[0] not in steps], size)
            if not steps:
                return
            self._pause(attempts, [failures[step.row.student][1] for step in steps])

    def _look(self, steps: list[Step], failures: Failures) -> list[Step]:
        """Read the platform's list: those of `steps` that are still to be sent."""
        results = self._items.results(self._item)
        left, arrived = [], []
        for step in steps:
            found = results.get(step.score.user)
            if _is_there(step, found) and (step.row.student in failures or not _is_there(step, step.found)):
                arrived.append(step)
            elif self._is_untouched(step, found):
                left.append(step)
            else:
                self._problem(step, Message(_("changed on the platform during the push: kept")))
        self._confirm(arrived)
        return left

    def _is_untouched(self, step: Step, found: Result | None) -> bool:
        """Whether the platform has what it had when the plan was made, or a score of ours."""
        return found == step.found or (found is not None and self._column.is_ours(step.score.user, found))

    def _send_all(self, steps: Sequence[Step]) -> Failures:
        """Send each score once; those that may not have been taken."""
        stamp = self._stamp(steps)
        with ThreadPoolExecutor(PARALLEL) as pool:
            errors = list(pool.map(lambda step: self._send(step, stamp), steps))
        self._confirm([step for step, error in zip(steps, errors, strict=True) if error is None])
        return {step.row.student: (step, error) for step, error in zip(steps, errors, strict=True) if error is not None}

    def _send(self, step: Step, stamp: int) -> LmsError | None:
        try:
            self._items.send(self._item, step.score, stamp)
        except (LmsUnreachable, LmsRefused) as error:
            return error
        return None

    def _settle(self, rest: Sequence[tuple[Step, LmsError]], size: int) -> None:
        """Look once more after what will not be sent again; a problem of each that did not arrive."""
        if not rest:
            return
        results: Mapping[str, Result] = self._items.results(self._item)
        arrived = [step for step, _error in rest if _is_there(step, results.get(step.score.user))]
        self._confirm(arrived)
        missing = [(step, error) for step, error in rest if step not in arrived]
        if found := [e for _s, e in missing if isinstance(e, LmsRefused) and e.status == 401]:
            raise found[0]
        if len(missing) == size >= BROKEN and all(_is_general(error) for _step, error in missing):
            raise missing[0][1]
        for step, error in missing:
            self._problem(step, error.message)

    def _pause(self, attempt: int, errors: Sequence[LmsError]) -> None:
        waits = [error for error in errors if isinstance(error, LmsUnreachable)]
        if waits:
            self._items.service.http.pause(attempt, max(waits, key=lambda error: error.wait))

    def _confirm(self, steps: Sequence[Step]) -> None:
        if steps:
            self._column.confirm([step.score for step in steps])
            self.sent |= {step.row.student for step in steps}

    def _problem(self, step: Step, message: Message) -> None:
        self.problems.append(Problem(step.row.student, message))

    def _stamp(self, steps: Sequence[Step]) -> int:
        """A time in whole seconds, after the last ones and not in the future; written down before its use.

        A time in the future would block every later grade until then (seen on Moodle).
        """
        last = max(self._column.timestamp(step.score.user) for step in steps)
        ahead = last + 1 - self._clock.now()
        if ahead > CLOCK_BEHIND:
            text = _("The clock of this machine is {seconds} s behind the last push: set it first.")
            raise LmsError(text, seconds=round(ahead))
        while int(self._clock.now()) <= last:
            self._clock.sleep(max(0.01, last + 1 - self._clock.now()))
        stamp = int(self._clock.now())
        self._column.intend([step.score for step in steps], stamp)
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


def _is_there(step: Step, found: Result | None) -> bool:
    return found is not None and step.score.is_at(found) and step.score.says(found.comment)


def _worth_another(error: LmsError, tries: int) -> bool:
    """Whether to send a score again. Not when the platform cannot save this one: a 500 that asks for no patience,
    a grade that is locked."""
    if isinstance(error, LmsUnreachable):
        return error.status != 500 or error.wait > 0
    return isinstance(error, LmsRefused) and error.status in LATER and tries < 2


def _is_general(error: LmsError) -> bool:
    """Whether this is the platform's trouble and not one learner's."""
    if isinstance(error, LmsUnreachable):
        return error.status != 500
    return isinstance(error, LmsRefused) and error.status in FORBIDDEN
