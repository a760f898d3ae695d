"""The class report as data, as JSON and CSV, and as one self-contained HTML page."""

import csv
import io
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup

from autograder.feedback.charts import Charts
from autograder.feedback.drawing import bars
from autograder.feedback.exporter import render
from autograder.feedback.text import MAX_SOURCE, python, sentence
from autograder.i18n import _, translate
from autograder.insight.collect import ClassData, Work
from autograder.insight.measures import (
    CheckStatistics,
    Diagnosis,
    check_statistics,
    diagnoses,
    histogram,
    pictures,
)
from autograder.scale.in_time import in_time

FOLDER = Path(__file__).parent
EXAMPLE_LINES = 20
SECONDS = 2.0  # of CPU time for colouring an example
LISTED = 100  # flagged works named in the page


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
        self.data = data
        self.language = language
        self.formgrader = formgrader.rstrip("/")
        self.maximum = sum(data.maximum.values())
        self.totals = sorted(data.totals.values())
        self.checks: list[CheckStatistics] = check_statistics(data)
        self.diagnoses: list[Diagnosis] = diagnoses(data)
        self.charts = charts.of_class(pictures(data), language)
        self.flagged = [Flagged(w.student, w.notebook, self._reason(w), self._link(w)) for w in data.works if _open(w)]
        self.seconds = sorted(s for s in data.seconds.values() if s > 0)

    def _reason(self, work: Work) -> str:
        broken = work.results is None or work.results.flagged
        return translate(OURS if broken else BY_HAND, self.language)

    def _link(self, work: Work) -> str:
        return f"{self.formgrader}/submissions/{work.submission_id}/"

    @property
    def median(self) -> float:
        return statistics.median(self.totals) if self.totals else 0.0

    @property
    def mean(self) -> float:
        return statistics.fmean(self.totals) if self.totals else 0.0

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile of the points."""
        if len(self.totals) < 2:
            return (self.median, self.median)
        low, _middle, high = statistics.quantiles(self.totals, n=4, method="inclusive")
        return low, high

    def percentile(self, share: float) -> float:
        """The seconds within which this share of the submissions was graded; 0 when nothing is known."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))] if self.seconds else 0.0

    def distribution(self) -> Markup:
        """The points of the class as a picture."""
        return bars(histogram(self.totals, self.maximum), self.maximum, self.language)

    def description(self, check: CheckStatistics) -> Markup:
        return sentence(translate(check.description, self.language))

    def said(self, diagnosis: Diagnosis) -> Markup:
        """The sentence with the values it had in the example."""
        return sentence(diagnosis.message.render(self.language))

    def example(self, diagnosis: Diagnosis) -> Markup:
        """The answer of one learner who got it, without name and without comments."""
        try:
            nb = nbformat.read(diagnosis.example.path, as_version=4)
        except Exception:  # nbformat raises nearly everything; the report of the class does without the example
            return Markup()
        found = [c.source for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == diagnosis.task]
        lines = [line for line in (found[-1] if found else "").splitlines() if not line.strip().startswith("#")]
        shown = "\n".join(lines[:EXAMPLE_LINES] + (["…"] if len(lines) > EXAMPLE_LINES else []))
        try:
            return in_time(SECONDS, python, shown)
        except TimeoutError:
            return Markup("<pre class='code'>{}</pre>").format(shown[:MAX_SOURCE])

    def html(self) -> str:
        """The page."""
        return render("report.html.j2", self.language, FOLDER, report=self, listed=LISTED)

    def to_json(self) -> dict[str, Any]:
        """Everything of the page but its pictures and examples, for other programs."""
        low, high = self.quartiles
        return {
            "assignment": self.data.assignment,
            "learners": len(self.totals),
            "maximum": self.maximum,
            "points": {"median": self.median, "mean": self.mean, "quartiles": [low, high], "each": self.totals},
            "checks": [{**asdict(c), "passed": c.passed} for c in self.checks],
            "diagnoses": [
                {"task": d.task, "text": translate(d.text, self.language), "count": d.count, "share": d.share}
                for d in self.diagnoses
            ],
            "drawn": list(self.charts.rows) if self.charts else [],
            "seconds": self.seconds,
            "flagged": [asdict(f) for f in self.flagged],
        }

    def to_csv(self) -> str:
        """One line per check."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            ["notebook", "task", "check", "description", "points", "answers", "passed", "mean", "discrimination"]
        )
        for c in self.checks:
            told = "" if c.discrimination is None else f"{c.discrimination:.3f}"
            description = translate(c.description, self.language)
            row = [
                c.notebook,
                c.task,
                c.name,
                description,
                c.points,
                c.answers,
                f"{c.passed:.3f}",
                f"{c.mean:.3f}",
                told,
            ]
            writer.writerow(row)
        return text.getvalue()


def _open(work: Work) -> bool:
    """Whether a person still has to look at it."""
    return bool(work.waiting) or (work.results is not None and work.results.flagged)


OURS = _("One of our checks broke, or there is no result")
BY_HAND = _("A task is graded by a person")
