"""Numbers about a class: points per notebook, how hard and how telling each check is, which answers are missing."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.results import StoredResults
from autograder.insight.collect import ClassData
from autograder.records import CheckResult, Outcome, TaskGrade

BINS = 10
ENOUGH = 20  # answers from which a correlation means something
FEW = 5  # that have to have passed, and failed, for it
WANTED = 10  # answers from which "nearly nobody" means something
NEARLY_NOBODY = 0.1
TELLING = (
    0.2  # a correlation below this is commonly called poor: Ebel and Frisbie, Essentials of Educational Measurement
)

# what became of a task; of its problems the first one says it
DONE, MISTAKE, BLANK, NO_FILE, STOPPED, OURS = "done", "mistake", "blank", "no file", "stopped", "ours"
_STATES = {
    "not written": BLANK,
    "unreadable": NO_FILE,
    "no cell": NO_FILE,
    **dict.fromkeys(("missing", "raised", "stopped", "died", "silent", "too slow"), STOPPED),
}  # what remains ("not callable", "too large", "refused") is a mistake that the sentence names


@dataclass(frozen=True)
class CheckStatistics:
    """One check over the class.

    `judged`: answers that it looked at, of which `passed` passed; `broke`: how often it broke, our fault. `mean`:
    points it gave. `discrimination`: see there; None when it cannot be computed.
    """

    notebook: str
    task: str
    name: str
    description: str
    points: float
    judged: int
    passed: int
    broke: int
    mean: float
    discrimination: float | None

    @property
    def failed(self) -> int:
        return self.judged - self.passed

    @property
    def telling(self) -> float | None:
        """The discrimination, where enough passed and enough failed for it to mean something."""
        enough = self.judged >= ENOUGH and min(self.passed, self.failed) >= FEW
        return self.discrimination if enough else None

    @property
    def fault(self) -> str:
        """What speaks for a mistake of ours: "nobody" passes, the "good" fail; empty when nothing does."""
        if self.judged >= WANTED and self.passed <= NEARLY_NOBODY * self.judged:
            return "nobody"
        r = self.telling
        return "good" if r is not None and r <= 0 and _upper(r, self.judged) < TELLING else ""


@dataclass(frozen=True)
class TaskStates:
    """What became of a task, over those who handed its notebook in: state → learners."""

    notebook: str
    task: str
    learners: Mapping[str, int]

    @property
    def all(self) -> int:
        return sum(self.learners.values())

    @property
    def answered(self) -> int:
        """Learners whose answer could be judged."""
        return self.learners.get(DONE, 0) + self.learners.get(MISTAKE, 0)

    @property
    def unanswered(self) -> int:
        return self.all - self.answered - self.learners.get(OURS, 0)


@dataclass(frozen=True)
class NotebookPoints:
    """The points of a notebook, of those who handed it in, sorted. `maximum`: of the notebook."""

    notebook: str
    maximum: float
    points: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.points) if self.points else 0.0

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile."""
        if len(self.points) < 2:
            return (self.median, self.median)
        low, _middle, high = statistics.quantiles(self.points, n=4, method="inclusive")
        return low, high


def discrimination(passed: Sequence[bool], rest: Sequence[float]) -> float | None:
    """The point-biserial correlation of passing a check with the rest score, all points but the check's own.

    r = (M₁ − M₀) / s · √(p q), with M₁ and M₀ the mean rest scores of those who passed and of those who did not, s the
    standard deviation (over n) of all rest scores, p the share that passed, q = 1 − p. With its own points the check
    would correlate with itself.

    Source: R. F. Tate, "Correlation between a discrete and a continuous variable. Point-biserial correlation",
    Ann. Math. Statist. 25 (1954) 603-607; for the rest score: S. Henrysson, "Correction of item-total correlations in
    item analysis", Psychometrika 28 (1963) 211-218.
    """
    yes = [r for r, p in zip(rest, passed, strict=True) if p]
    no = [r for r, p in zip(rest, passed, strict=True) if not p]
    spread = statistics.pstdev(rest) if rest else 0.0
    if not yes or not no or spread < 1e-9:
        return None
    share = len(yes) / len(rest)
    return (statistics.fmean(yes) - statistics.fmean(no)) / spread * math.sqrt(share * (1 - share))


def _upper(r: float, count: int) -> float:
    """The upper end of the one-sided 95 % interval of a correlation, by Fisher's transformation."""
    return math.tanh(math.atanh(max(-0.999999, min(r, 0.999999))) + 1.645 / math.sqrt(count - 3))


def check_statistics(data: ClassData) -> list[CheckStatistics]:
    """Every check, in the order of the notebooks.

    The rest score is a share of the points of what a learner handed in: who handed in one notebook has a score, too.
    """
    by_check: dict[tuple[str, str, str], list[tuple[CheckResult, float]]] = defaultdict(list)
    earned, possible = data.earned, data.possible
    for work in data.works:
        for result in results(work.results):
            others = possible[work.student] - result.points
            rest = (earned[work.student] - result.earned) / others if others > 0 else 0.0
            by_check[work.notebook, result.task, result.name].append((result, rest))
    return [_one(notebook, found) for (notebook, _task, _name), found in by_check.items()]


def _one(notebook: str, found: Sequence[tuple[CheckResult, float]]) -> CheckStatistics:
    first = found[0][0]
    judged = [(result, rest) for result, rest in found if is_judged(result)]
    passed = [result.outcome is Outcome.PASSED for result, _rest in judged]
    return CheckStatistics(
        notebook, first.task, first.name, first.description, first.points, len(judged), sum(passed),
        sum(result.outcome is Outcome.ERROR for result, _rest in found),
        statistics.fmean(result.earned for result, _rest in judged) if judged else 0.0,
        discrimination(passed, [rest for _result, rest in judged]),
    )  # fmt: skip


def is_judged(result: CheckResult) -> bool:
    """Whether a check looked at an answer: it passed, or it found a mistake in what was written."""
    return result.outcome is Outcome.PASSED or (result.outcome is Outcome.FAILED and result.problem not in _STATES)


def state_of(grade: TaskGrade) -> str:
    """What became of one learner's task."""
    if grade.flagged:
        return OURS
    problem = next((r.problem for r in grade.results if r.problem in _STATES), "")
    passed = [r.outcome is Outcome.PASSED for r in grade.results]
    if problem and not (_STATES[problem] == BLANK and any(passed)):
        return _STATES[problem]
    return DONE if all(passed) else MISTAKE


def task_states(data: ClassData) -> list[TaskStates]:
    """What became of every task that checks look at, in the order of the notebooks."""
    states: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for work in data.works:
        for task, grade in work.results.grades.items() if work.results else ():
            states[work.notebook, task][state_of(grade)] += 1
    ordered = sorted(states.items(), key=lambda item: data.outline.place(*item[0]))
    return [TaskStates(notebook, task, dict(found)) for (notebook, task), found in ordered]


def notebook_points(data: ClassData) -> list[NotebookPoints]:
    """The points of each notebook."""
    points: dict[str, list[float]] = {name: [] for name in data.maximum}
    for work in data.works:
        points[work.notebook].append(work.score)
    return [NotebookPoints(name, data.maximum[name], sorted(found)) for name, found in points.items()]


def pictures(data: ClassData) -> list[tuple[str, Mapping[str, Any]]]:
    """(task, picture) of every result that has one."""
    return [(r.task, r.picture) for work in data.works for r in results(work.results) if r.picture]


def histogram(values: Sequence[float], maximum: float, bins: int = BINS) -> list[int]:
    """How many values lie in each of the equal parts from 0 to `maximum`; the last part holds its upper end too."""
    counts = [0] * bins
    for value in values:
        share = value / maximum if maximum > 0 else 0.0
        counts[min(bins - 1, max(0, int(share * bins)))] += 1
    return counts


def results(stored: StoredResults | None) -> list[CheckResult]:
    """Every result that is stored of a notebook."""
    return [r for grade in stored.grades.values() for r in grade.results] if stored else []
