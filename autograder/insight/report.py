"""The class report as data, as JSON and CSV, and as one self-contained HTML page."""

import csv
import io
import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.feedback.charts import Charts
from autograder.feedback.drawing import bars
from autograder.feedback.exporter import render
from autograder.feedback.text import MAX_SOURCE, python, sentence
from autograder.i18n import _, translate, translate_count
from autograder.insight.collect import ClassData, Work
from autograder.insight.examples import LOOKED_AT, answer_of, example
from autograder.insight.measures import (
    BLANK,
    ENOUGH,
    WANTED,
    CheckStatistics,
    NotebookPoints,
    TaskStates,
    check_statistics,
    histogram,
    notebook_points,
    pictures,
    task_states,
)
from autograder.insight.misconceptions import Misconception, misconceptions, shared_texts, to_teach, told
from autograder.scale.in_time import in_time

FOLDER = Path(__file__).parent
SECONDS = 2.0  # of CPU time for colouring an example
FIRST = 3  # things to teach again that are named on top
CARDS = 5  # misconceptions that are shown with an example
LISTED = 100  # works that wait, named in the page
LEFT_BLANK = 0.25  # share of a notebook's learners from which a task left blank says something of the task
SHARED = 0.1  # share of those who answered from which a mistake is the class's


@dataclass(frozen=True)
class Flagged:
    """A work that a person has to look at, why, and where to do so."""

    student: str
    notebook: str
    reason: str
    link: str


class Report:
    """What the page shows. `formgrader`: address of the formgrader, for links; `charts`: the unit's."""

    def __init__(self, data: ClassData, language: str, formgrader: str, charts: Charts) -> None:
        self.data, self.language, self.outline = data, language, data.outline
        self.formgrader = formgrader.rstrip("/")
        self.points: list[NotebookPoints] = notebook_points(data)
        self.states = task_states(data)
        self.checks: list[CheckStatistics] = check_statistics(data)
        self.misconceptions = misconceptions(data, self.states)
        self.suspects = sorted((c for c in self.checks if c.fault), key=lambda c: c.passed / c.judged)
        self.broke = sorted((c for c in self.checks if c.broke), key=lambda c: -c.broke)
        self.teach = [
            t for t in to_teach(self.misconceptions, self.checks, data) if t.count > max(1, SHARED * t.answered)
        ]
        self.blanks = sorted((s for s in self.states if s.unanswered), key=lambda s: -s.unanswered)
        self.charts = charts.of_class(pictures(data), language)
        self.open = [work for work in data.works if work.waiting or _broke(work)]
        self.seconds = sorted(s for s in data.seconds.values() if s > 0)
        self._shared = shared_texts(data)

    @cached_property
    def complete(self) -> list[float]:
        """The points that count of those who handed in every notebook."""
        everything, totals = len(self.data.maximum), self.data.totals
        return sorted(totals[student] for student, count in self.data.notebooks.items() if count == everything)

    @property
    def maximum(self) -> float:
        return sum(self.data.maximum.values())

    @property
    def handed_in(self) -> list[tuple[int, int]]:
        """(Notebooks, learners who handed in so many), the most notebooks first."""
        return sorted(Counter(self.data.notebooks.values()).items(), reverse=True)

    @property
    def by_hand(self) -> list[tuple[str, int]]:
        """(Title, learners) of each task that a person has to grade."""
        waiting = Counter(
            (work.notebook, task) for work in self.data.works if not _broke(work) for task in work.waiting
        )
        ordered = sorted(waiting.items(), key=lambda item: self.outline.place(*item[0]))
        return [(self.outline.task(*key), count) for key, count in ordered]

    @property
    def broken(self) -> int:
        """How many notebooks wait because something of ours broke."""
        return sum(map(_broke, self.data.works))

    def share(self, part: int, whole: int) -> str:
        """“3 of 40 learners (8 %)”; no percentage of a few."""
        told = translate_count(
            "{part} of {count} learner", "{part} of {count} learners", whole, self.language, part=part
        )
        return _with_percentage(told, part, whole)

    def part(self, part: int, whole: int) -> str:
        """“3 of 40 (8 %)”."""
        told = translate(_("{part} of {whole}"), self.language, part=part, whole=whole)
        return _with_percentage(told, part, whole)

    @property
    def skipped(self) -> list[TaskStates]:
        """Tasks that many left blank, the most first."""
        found = [s for s in self.states if s.learners.get(BLANK, 0) > max(1, LEFT_BLANK * s.all)]
        return sorted(found, key=lambda s: -s.learners[BLANK] / s.all)

    @property
    def enough(self) -> bool:
        """Whether there are answers enough to say something of every check."""
        return any(c.judged >= ENOUGH for c in self.checks)

    def title_of(self, task: str) -> str:
        """A task's title, whatever its notebook."""
        return next((title for (_notebook, name), title in self.outline.tasks.items() if name == task), task)

    def time(self) -> str:
        """How long grading a submission took."""
        half, most, worst = (self.percentile(share) for share in (0.5, 0.95, 1))
        if len(self.seconds) < ENOUGH:
            text = _("Grading a submission took {half:.1f} s (median), {worst:.1f} s at most.")
            return translate(text, self.language, half=half, worst=worst)
        text = _(
            "Half of the submissions were graded within {half:.1f} s each, 95 % within {most:.1f} s, all within "
            "{worst:.1f} s."
        )
        return translate(text, self.language, half=half, most=most, worst=worst)

    def percentile(self, share: float) -> float:
        """The seconds within which this share of the submissions was graded; 0 when nothing is known."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))] if self.seconds else 0.0

    def median(self, values: list[float]) -> float:
        return statistics.median(values) if values else 0.0

    def distribution(self) -> Markup:
        """The points of those who handed in everything as a picture."""
        return bars(histogram(self.complete, self.maximum), self.maximum, self.language)

    def strip(self, one: NotebookPoints) -> Markup:
        """Where the middle half and the median of a notebook's points lie, between none and all."""
        top = one.maximum or 1.0
        low, middle, high = (100 * min(max(v / top, 0), 1) for v in (one.quartiles[0], one.median, one.quartiles[1]))
        return Markup(
            '<svg class="strip" viewBox="0 0 104 14" aria-hidden="true"><path class="grid" d="M2 7H102"/>'
            '<rect class="bar" x="{:.1f}" y="3" width="{:.1f}" height="8" rx="2"/>'
            '<circle class="middle" cx="{:.1f}" cy="7" r="3.4"/></svg>'
        ).format(2 + low, max(high - low, 1), 2 + middle)

    def said(self, one: Misconception) -> Markup:
        """The sentence, with the spread of its numbers and no learner's own text."""
        return sentence(told(one.messages, self.language, self._shared))

    def description(self, check: CheckStatistics) -> Markup:
        return sentence(translate(check.description, self.language))

    def most_said(self, check: CheckStatistics) -> Misconception | None:
        """What learners read most often who did not pass this check."""
        key = check.notebook, check.task, check.name
        return next((m for m in self.misconceptions if (m.notebook, m.task, m.check) == key), None)

    def example(self, one: Misconception) -> Markup:
        """A learner's answer that got this sentence: its structure alone. Empty when none can be shown."""
        answers = [answer_of(work.path, one.task) for work in one.works[:LOOKED_AT]]
        shown = example(answers, self.outline.words)
        try:
            return in_time(SECONDS, python, shown) if shown else Markup()
        except TimeoutError:
            return Markup("<pre class='code'>{}</pre>").format(shown[:MAX_SOURCE])

    def hardest_first(self) -> list[tuple[str, list[CheckStatistics]]]:
        """(Notebook, its checks), those that fewest pass first."""
        return [
            (name, sorted(own, key=lambda c: (c.passed / c.judged if c.judged else 2, -c.judged)))
            for name in self.data.maximum
            if (own := [c for c in self.checks if c.notebook == name])
        ]

    @property
    def waiting(self) -> list[Flagged]:
        """The works that wait, those where something of ours broke first."""
        return [
            Flagged(w.student, self.outline.notebook(w.notebook), self._reason(w),
                    f"{self.formgrader}/submissions/{w.submission_id}/")
            for w in sorted(self.open, key=lambda w: (not _broke(w), w.notebook, w.student))
        ]  # fmt: skip

    def _reason(self, work: Work) -> str:
        if _broke(work):
            return translate(BROKE, self.language)
        titles = ", ".join(self.outline.task(work.notebook, task) for task in work.waiting)
        return translate(BY_HAND, self.language, titles=titles)

    def html(self) -> str:
        """The page."""
        return render("report.html.j2", self.language, FOLDER, report=self, listed=LISTED, first=FIRST, cards=CARDS)

    def to_json(self) -> dict[str, Any]:
        """Everything of the page but its pictures and examples, for other programs."""
        return {
            "assignment": self.data.assignment,
            "learners": len(self.data.totals),
            "maximum": self.maximum,
            "points": {"each": sorted(self.data.totals.values()), "complete": self.complete},
            "notebooks": [{**asdict(n), "median": n.median, "quartiles": list(n.quartiles)} for n in self.points],
            "teach": [
                {"notebook": t.notebook, "task": t.task, "count": t.count, "answered": t.answered} for t in self.teach
            ],
            "checks": [{**asdict(c), "fault": c.fault} for c in self.checks],
            "misconceptions": [
                {"notebook": m.notebook, "task": m.task, "check": m.check, "count": m.count, "answered": m.answered,
                 "text": told(m.messages, self.language, self._shared)}
                for m in self.misconceptions
            ],
            "tasks": [asdict(s) for s in self.states],
            "drawn": list(self.charts.rows) if self.charts else [],
            "seconds": self.seconds,
            "flagged": [asdict(f) for f in self.waiting],
        }  # fmt: skip

    def to_csv(self) -> str:
        """One line per check."""
        text = io.StringIO()
        names = ["notebook", "task", "name", "description", "points", "judged", "passed", "broke", "mean",
                 "discrimination", "fault"]  # fmt: skip
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        for c in self.checks:
            rounded = "" if c.discrimination is None else f"{c.discrimination:.3f}"
            told_so = {"description": translate(c.description, self.language), "mean": f"{c.mean:.3f}"}
            writer.writerow({**asdict(c), **told_so, "discrimination": rounded, "fault": c.fault})
        return text.getvalue()


def _with_percentage(told: str, part: int, whole: int) -> str:
    return f"{told} ({100 * part / whole:.0f} %)" if whole >= WANTED else told


def _broke(work: Work) -> bool:
    """Whether something of ours broke in it."""
    return work.results is None or work.results.flagged


BROKE = _("One of our checks broke, or there is no result")
BY_HAND = _("Graded by a person: {titles}")
