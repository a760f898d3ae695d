"""What stands on a feedback page, from an autograded notebook: what was reached, what to do first, and each task."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.feedback.cells import Budget, figures, outputs, source
from autograder.feedback.charts import Charts
from autograder.feedback.outline import Outline
from autograder.feedback.tasks import Tasks, TaskView
from autograder.feedback.text import markdown, python
from autograder.grading.results import StoredResults
from autograder.i18n import _, translate

LOOK_FIRST = 3  # problems named at the top
ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
WEB = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Change:
    """A task whose points differ from those of the attempt before."""

    title: str
    before: float
    now: float


@dataclass(frozen=True)
class Chapter:
    """A notebook of the assignment. `score`: None where none was handed in; `waiting`: a person has still to grade."""

    name: str
    score: float | None
    maximum: float
    waiting: bool = False


class Page:
    """Everything the template shows."""

    def __init__(self, nb: NotebookNode, about: dict[str, Any], results: StoredResults, charts: Charts) -> None:
        """`about` is nbgrader's: assignment, student, notebook, score, max_score, late_penalty.

        Ours beside it, each of which may be missing: `chapters`, a list of `Chapter`; `contact`, whom to ask about a
        verdict; `note`, a sentence at the top; `worked`, task → a solution's code and the note below it; `practice`,
        whether it is no grade; `points`, whether they are told.
        """
        self.language = results.language
        self.results = results
        self.about = about
        self.chapters: Sequence[Chapter] = about.get("chapters", ())
        self.outline = Outline(nb.cells, str(about["notebook"]))
        self.title = self.outline.title
        self.tasks = Tasks(self.outline, results, charts).all()
        self._mark_repeated()
        self._fill()

    def _of(self, *states: str) -> list[TaskView]:
        return [t for t in self.tasks if t.state in states and not t.repeats]

    @property
    def to_mend(self) -> list[TaskView]:
        """The tasks with something to correct, in the notebook's order: later ones build on earlier ones."""
        return self._of("part", "none")

    @property
    def by_a_person(self) -> list[TaskView]:
        """The tasks that wait for a person."""
        return self._of("waiting")

    @property
    def not_begun(self) -> list[TaskView]:
        """The tasks without an answer."""
        return self._of("blank")

    @property
    def right(self) -> list[TaskView]:
        """The tasks with all points."""
        return self._of("full")

    @property
    def repeated(self) -> list[TaskView]:
        """The tasks of which the same has to be said as of one above, and nothing else."""
        return [t for t in self.tasks if t.repeats]

    @property
    def look_first(self) -> list[TaskView]:
        """The tasks to begin with."""
        return self.to_mend[:LOOK_FIRST]

    @property
    def waiting(self) -> float:
        """Points that a person has still to give."""
        return sum(t.maximum for t in self.tasks if t.state == "waiting")

    @property
    def shows_points(self) -> bool:
        """Whether points are told; in practice they need not be."""
        return bool(self.about.get("points", True))

    @property
    def total(self) -> float:
        """Points of the whole assignment, as far as given."""
        return sum(c.score or 0.0 for c in self.chapters)

    @property
    def changes(self) -> list[Change] | None:
        """What has changed since the attempt before; None without one."""
        before = self.results.before
        if not before:
            return None
        now = {name: grade.score for name, grade in self.results.grades.items()}
        titles = {task.name: task.title for task in self.tasks}
        return [
            Change(titles[name], before[name], score)
            for name, score in now.items()
            if score is not None and name in before and name in titles and abs(before[name] - score) > 1e-6
        ]

    def contact(self, task: TaskView) -> Markup:
        """Whom to ask about the verdict on a task, with what to name: as a link where the course gave one."""
        contact = str(self.about.get("contact", "")).strip()
        if not contact:
            return Markup()
        place = " / ".join([self.about["assignment"], self.about["notebook"], task.name])
        what = f"{place} ({', '.join(task.failed)})" if task.failed else place
        text = translate(_("You see it differently? Ask: {contact}"), self.language, contact=contact)
        if ADDRESS.fullmatch(contact):
            link = f"mailto:{quote(contact, safe='@')}?subject={quote(what)}"
            return Markup('<a href="{}">{}</a>').format(link, text)
        named = translate(_("Name “{what}”."), self.language, what=what)
        if WEB.fullmatch(contact):
            return Markup('<a href="{}">{}</a> {}').format(contact, text, named)
        return Markup("{} {}").format(text, named)

    def lesson(self, task: TaskView) -> list[Markup]:
        """What to read again: the lesson and the wording of the task."""
        shown = [source(c, self._budget) + outputs(c, self._budget) for c in self.outline.lesson(task.lesson)]
        return [cell for cell in shown if cell]

    def _mark_repeated(self) -> None:
        said: set[str] = set()
        for task in self.to_mend:
            task.repeats = task.answer_at is None and task.why in said
            said.add(task.why)

    def _fill(self) -> None:
        """Put answers with their tasks: what is read first has the first claim to the page's room."""
        self._budget = Budget(self.language)
        for task in (*self.to_mend, *self.by_a_person, *self.right):
            if task.answer_at is not None:
                cell = self.outline.cells[task.answer_at]
                task.answer = source(cell, self._budget) + outputs(cell, self._budget)
                task.answer += Markup("").join(figures(c, self._budget) for c in self.outline.tried(task.answer_at))
        for task in self.tasks:
            if solution := self.about.get("worked", {}).get(task.name):
                task.worked = python(solution[0]) + markdown(solution[1])
        shown = set()
        for task in self.to_mend:
            task.opens_lesson = task.lesson not in shown
            shown.add(task.lesson)
