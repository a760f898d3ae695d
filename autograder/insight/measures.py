"""Numbers about a class: how hard and how telling each check is, and what went wrong most often."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.results import StoredResults
from autograder.i18n import Message
from autograder.insight.collect import ClassData, Work
from autograder.records import CheckResult, Outcome

BINS = 10
ENOUGH = 20  # answers


@dataclass(frozen=True)
class CheckStatistics:
    """One check over the class. `discrimination`: see `discrimination`; None when it cannot be computed."""

    notebook: str
    task: str
    name: str
    description: str
    points: float
    answers: int
    outcomes: Mapping[str, int]
    mean: float
    discrimination: float | None

    @property
    def telling(self) -> float | None:
        """The discrimination, where there are enough answers for it to mean something."""
        return self.discrimination if self.answers >= ENOUGH else None

    @property
    def passed(self) -> float:
        """Share that passed, 0 to 1."""
        return self.outcomes.get(Outcome.PASSED, 0) / self.answers if self.answers else 0.0


@dataclass(frozen=True)
class Diagnosis:
    """A sentence that learners got, how many of them, and one of the works it was said of."""

    text: str
    task: str
    count: int
    share: float
    example: Work
    message: Message


def discrimination(passed: Sequence[bool], totals: Sequence[float], own: Sequence[float]) -> float | None:
    """The point-biserial correlation of passing a check with the rest of the points.

    r = (M₁ − M₀) / s · √(p q), with M₁ and M₀ the mean rest scores of those who passed and of those who did not, s the
    standard deviation (over n) of all rest scores, p the share that passed, q = 1 − p. The rest score is the total
    without this check's own points, which would otherwise correlate with themselves.

    Source: R. F. Tate, "Correlation between a discrete and a continuous variable. Point-biserial correlation",
    Ann. Math. Statist. 25 (1954) 603-607; for the rest score: S. Henrysson, "Correction of item-total correlations in
    item analysis", Psychometrika 28 (1963) 211-218.
    """
    rest = [total - mine for total, mine in zip(totals, own, strict=True)]
    yes = [r for r, p in zip(rest, passed, strict=True) if p]
    no = [r for r, p in zip(rest, passed, strict=True) if not p]
    spread = statistics.pstdev(rest) if rest else 0.0
    if not yes or not no or spread < 1e-9:
        return None
    share = len(yes) / len(rest)
    return (statistics.fmean(yes) - statistics.fmean(no)) / spread * math.sqrt(share * (1 - share))


def check_statistics(data: ClassData) -> list[CheckStatistics]:
    """Every check, in the order of the notebooks."""
    by_check: dict[tuple[str, str, str], list[tuple[CheckResult, float]]] = defaultdict(list)
    earned = data.earned
    for work in data.works:
        for result in _results(work.results):
            by_check[work.notebook, result.task, result.name].append((result, earned[work.student]))
    return [
        _one(notebook, found) for (notebook, _task, _name), found in sorted(by_check.items(), key=lambda i: i[0][0])
    ]


def _one(notebook: str, found: Sequence[tuple[CheckResult, float]]) -> CheckStatistics:
    results = [result for result, _total in found]
    first = results[0]
    passed = [r.outcome is Outcome.PASSED for r in results]
    own = [r.earned for r in results]
    return CheckStatistics(
        notebook, first.task, first.name, first.description, first.points, len(results),
        dict(Counter(str(r.outcome) for r in results)), statistics.fmean(own),
        discrimination(passed, [total for _result, total in found], own),
    )  # fmt: skip


def diagnoses(data: ClassData, most: int = 12) -> list[Diagnosis]:
    """The sentences said most often of a failed check, by count. A learner counts once per sentence and task."""
    said: dict[tuple[str, str], dict[str, tuple[Work, Message]]] = defaultdict(dict)
    for work in data.works:
        for result in _results(work.results):
            if result.outcome is Outcome.FAILED and result.message:
                said[result.task, result.message.text].setdefault(work.student, (work, result.message))
    everyone = len(data.earned) or 1
    ordered = sorted(said.items(), key=lambda item: (-len(item[1]), item[0]))[:most]
    return [
        Diagnosis(text, task, len(who), len(who) / everyone, *next(iter(who.values())))
        for (task, text), who in ordered
    ]  # fmt: skip


def pictures(data: ClassData) -> list[tuple[str, Mapping[str, Any]]]:
    """(task, picture) of every result that has one."""
    return [(r.task, r.picture) for work in data.works for r in _results(work.results) if r.picture]


def histogram(values: Sequence[float], maximum: float, bins: int = BINS) -> list[int]:
    """How many values lie in each of the equal parts from 0 to `maximum`; the last part holds its upper end too."""
    counts = [0] * bins
    for value in values:
        share = value / maximum if maximum > 0 else 0.0
        counts[min(bins - 1, max(0, int(share * bins)))] += 1
    return counts


def _results(stored: StoredResults | None) -> list[CheckResult]:
    return [r for grade in stored.grades.values() for r in grade.results] if stored else []
