"""What stands on a feedback page, from an autograded notebook: tasks with their checks, then the notebook itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.execution.runner import task_of
from autograder.feedback.cells import Budget, outputs, source
from autograder.feedback.charts import Charts
from autograder.feedback.text import markdown, sentence
from autograder.grading.report import MARKS, UNGRADED
from autograder.grading.report import sentence as finding
from autograder.grading.results import StoredResults
from autograder.i18n import _, number, translate
from autograder.records import CheckResult, Outcome, TaskGrade

LOOK_FIRST = 3  # problems named at the top
NO_RESPONSE = "No response."  # nbgrader's own comment on an answer that was not touched
_FENCED = re.compile(r"(?ms)^```.*?^```")
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class CheckView:
    """One check as the page shows it; all texts are in the learner's language."""

    outcome: str
    mark: str
    word: str
    description: Markup
    finding: Markup
    points: str
    picture: Markup


@dataclass
class TaskView:
    """One task. `state`: "full", "part", "none" or "waiting" (for a person); `lesson`: where to read again."""

    name: str
    title: str
    score: float
    maximum: float
    state: str
    checks: Sequence[CheckView] = ()
    answer: Markup = field(default_factory=Markup)
    comment: Markup = field(default_factory=Markup)
    note: str = ""
    lesson: "Part | None" = None
    first: CheckView | None = None


@dataclass
class Part:
    """A part of the notebook: a heading, and what stands below it."""

    anchor: str
    title: str
    cells: list[Markup] = field(default_factory=list)


class Page:
    """Everything the template shows."""

    def __init__(self, nb: NotebookNode, about: dict[str, Any], results: StoredResults, charts: Charts) -> None:
        """`about` is nbgrader's: assignment, student, notebook, score, max_score, late_penalty."""
        self._charts = charts
        self.language = results.language
        self.results = results
        self.about = about
        self._budget = Budget(self.language)
        self._cells: list[NotebookNode] = nb.cells
        self._part_of = self._parts()
        self.parts = list({id(p): p for p in self._part_of.values()}.values())
        self.tasks = [
            self._task(i, c) for i, c in enumerate(self._cells) if c.metadata.get("nbgrader", {}).get("grade")
        ]
        self.title = _plain(self.parts[0].title) if self.parts else str(about["notebook"])
        self._fill()

    @property
    def waiting(self) -> float:
        """Points that a person has still to give."""
        return sum(t.maximum for t in self.tasks if t.state == "waiting")

    @property
    def look_first(self) -> list[TaskView]:
        """The tasks to begin with, in the notebook's order: later ones build on earlier ones."""
        return [t for t in self.tasks if t.first and t.state in ("part", "none")][:LOOK_FIRST]

    def _parts(self) -> dict[int, Part]:
        """Cell index → the part it is in; a heading of level 1 or 2 begins one."""
        found: dict[int, Part] = {}
        current = None
        for index, cell in enumerate(self._cells):
            heading = _heading(cell)
            if heading or current is None:
                current = Part(f"part-{index}", heading or str(self.about["notebook"]))
            found[index] = current
        return found

    def _task(self, index: int, cell: NotebookNode) -> TaskView:
        meta = cell.metadata.nbgrader
        name = task_of(cell) or str(meta.grade_id)
        answer = index if meta.get("solution") else self._find(name)
        title = self._title(answer if answer is not None else index) or name
        score, maximum = float(meta.get("score") or 0), float(meta.get("points") or 0)
        grade = None if meta.get("solution") else self.results.grades.get(name)
        task = TaskView(name, title, score, maximum, _state(score, maximum, bool(meta.get("awaiting"))))
        task.lesson = self._lesson(grade, answer if answer is not None else index)
        if grade:
            task.checks = [self._check(r) for r in grade.results]
            task.first = next((c for c in task.checks if c.outcome == Outcome.FAILED), None)
        if task.state != "waiting" and grade and grade.score is not None and abs(grade.score - score) > 1e-6:
            task.note = translate(BY_A_PERSON, self.language)
        elif task.state == "waiting":
            task.note = translate(UNGRADED if grade else TO_BE_READ, self.language)
        if answer is not None:
            solution = self._cells[answer]
            task.comment = self._comment(solution.metadata.nbgrader.get("comment"))
            task.answer = source(solution, self._budget) + outputs(solution, self._budget)
        return task

    def _find(self, grade_id: str) -> int | None:
        """The last cell with this grade_id."""
        ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in self._cells]
        return max((i for i, found in enumerate(ids) if found == grade_id), default=None)

    def _title(self, index: int) -> str:
        """The nearest heading of any level before the answer, within its part."""
        part = self._part_of[index]
        for i in range(index, -1, -1):
            if self._part_of[i] is not part:
                break
            if not _is_answer(self._cells[i]) and (headings := _headings(self._cells[i])):
                return _plain(headings[-1][1])
        return ""

    def _lesson(self, grade: TaskGrade | None, index: int) -> Part:
        """The part with the cell that the checks name, or else the one the answer stands in."""
        wanted = {r.lesson for r in grade.results if r.lesson} if grade else set()
        named = wanted | {f"{name}-lesson" for name in wanted}
        found = (i for i, c in enumerate(self._cells) if c.get("id") in named and not _is_answer(c))
        return self._part_of[next(found, index)]

    def _check(self, result: CheckResult) -> CheckView:
        mark, word = MARKS[result.outcome]
        return CheckView(
            result.outcome,
            mark,
            translate(_("partly"), self.language)
            if 0 < result.earned < result.points
            else translate(word, self.language),
            sentence(translate(result.description, self.language)),
            sentence(finding(result, self.language)),
            f"{number(result.earned, self.language)}/{number(result.points, self.language)}",
            self._charts.of_check(result.picture, self.language),
        )

    def _comment(self, text: str | None) -> Markup:
        if not text:
            return Markup()
        return markdown(translate(NO_ANSWER, self.language) if text == NO_RESPONSE else text)

    def _fill(self) -> None:
        """Put every cell that is no answer into its part."""
        answers = {t.name: t for t in self.tasks}
        for index, cell in enumerate(self._cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            part = self._part_of[index]
            if task_of(cell):
                continue
            if name in answers:
                link = Markup("<p><a href='#task-{}'>{}</a></p>")
                text = translate(_("Your answer: {title}"), self.language, title=answers[name].title)
                part.cells.append(link.format(name, text))
            elif cell.cell_type in ("code", "markdown"):
                part.cells.extend(c for c in _shown(cell, index == _first(self._part_of, part), self._budget) if c)


BY_A_PERSON = _("A person has looked at this task and decided on the points.")
TO_BE_READ = _("A person will read and grade this.")
NO_ANSWER = _("No answer was given.")


def _shown(cell: NotebookNode, opens: bool, budget: Budget) -> Iterator[Markup]:
    """The cell; without its heading where it opens a part, which has a heading of its own."""
    if opens and _heading(cell):
        cell = NotebookNode(cell, source=_HEADING.sub("", cell.source, count=1).strip())
    yield source(cell, budget) if cell.source.strip() else Markup()
    yield outputs(cell, budget)


def _first(part_of: dict[int, Part], part: Part) -> int:
    return next(i for i, p in part_of.items() if p is part)


def _headings(cell: NotebookNode) -> list[tuple[str, str]]:
    """(marks, text) of the headings of a Markdown cell."""
    return _HEADING.findall(_FENCED.sub("", cell.source)) if cell.cell_type == "markdown" else []


def _heading(cell: NotebookNode) -> str | None:
    """The heading with which a Markdown cell opens a part: of level 1 or 2."""
    marks, text = next(iter(_headings(cell)), ("###", ""))
    return text if len(marks) <= 2 else None


def _plain(heading: str) -> str:
    """A heading without Markdown's marks, the pencil, and the points that stand beside it anyway."""
    text = re.sub(r"[`*_]|✏️", "", heading).strip()
    return re.sub(r"\s*\(\d+ (points?|pts)[^)]*\)$", "", text)


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _state(score: float, maximum: float, awaiting: bool) -> str:
    if awaiting:
        return "waiting"
    if score >= maximum:
        return "full"
    return "part" if score > 0 else "none"
