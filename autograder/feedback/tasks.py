"""A task as the feedback page shows it: what was reached, what failed and why, and the learner's own answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.execution.runner import task_of
from autograder.feedback.charts import Charts
from autograder.feedback.outline import Outline, Part, grade_of
from autograder.feedback.text import markdown, sentence
from autograder.grading.report import MARKS, UNGRADED
from autograder.grading.report import sentence as finding
from autograder.grading.results import StoredResults
from autograder.i18n import _, number, translate
from autograder.records import CheckResult, Outcome, TaskGrade

NO_RESPONSE = "No response."  # nbgrader's own comment on an answer that was not touched
BY_A_PERSON = _("A person has looked at this task and decided on the points.")
TO_BE_READ = _("A person will read and grade this.")
SAME = _("For the same reason.")
NO_ANSWER = _("No answer was given.")


@dataclass
class CheckView:
    """One check as the page shows it; all texts are in the learner's language. `waiting`: the checks that wait for it.

    `points`: as "0/2"; `word` is what `outcome` means.
    """

    name: str
    outcome: str
    word: str
    description: Markup
    finding: Markup
    points: str
    waiting: list["CheckView"] = field(default_factory=list)


@dataclass
class TaskView:
    """One task. `state`: "full", "part", "none", "blank" (not begun) or "waiting" (for a person).

    `open_checks` did not pass, `passed` did; `pictures` has each drawing once. `lesson`: the part to read again;
    `opens_lesson`: whether it stands with this task, and not with an earlier one.
    """

    name: str
    title: str
    score: float
    maximum: float
    state: str
    answer_at: int | None
    lesson: Part
    open_checks: Sequence[CheckView] = ()
    passed: Sequence[CheckView] = ()
    pictures: Sequence[Markup] = ()
    comment: Markup = field(default_factory=Markup)
    note: str = ""
    answer: Markup = field(default_factory=Markup)
    worked: Markup = field(default_factory=Markup)
    opens_lesson: bool = False
    repeats: bool = False

    @property
    def why(self) -> str:
        """What to think about first: what the first check found that failed, or what a person wrote."""
        failed = next((c for c in self.open_checks if c.outcome == Outcome.FAILED), None)
        if failed:
            return failed.finding or failed.description
        return self.comment.replace("</li>", " ·</li>").striptags() or self.note

    @property
    def failed(self) -> list[str]:
        """Names of the checks that did not pass and were looked at."""
        return [c.name for c in self.open_checks]


class Tasks:
    """Makes the tasks of a notebook."""

    def __init__(self, outline: Outline, results: StoredResults, charts: Charts) -> None:
        """`results`: of grading; what the gradebook says stands in the cells' metadata."""
        self.outline, self.results, self.charts = outline, results, charts
        self.language = results.language

    def all(self) -> list[TaskView]:
        """In the notebook's order."""
        return [self._task(i, cell) for i, cell in enumerate(self.outline.cells) if grade_of(cell).get("grade")]

    def _task(self, index: int, cell: NotebookNode) -> TaskView:
        meta = grade_of(cell)
        name = task_of(cell) or str(meta["grade_id"])
        at = index if meta.get("solution") else self.outline.find(name)
        place = index if at is None else at
        grade = None if meta.get("solution") else self.results.grades.get(name)
        comment = "" if at is None else grade_of(self.outline.cells[at]).get("comment") or ""
        score, maximum = float(meta.get("score") or 0), float(meta.get("points") or 0)
        state = _state(score, maximum, bool(meta.get("awaiting")), comment == NO_RESPONSE)
        title, lesson = self.outline.heading(place) or name, self._lesson(grade, place)
        task = TaskView(name, title, score, maximum, state, at, lesson)
        if comment:
            task.comment = markdown(translate(NO_ANSWER, self.language) if comment == NO_RESPONSE else comment)
        if grade:
            self._add_checks(task, grade)
        task.note = self._note(task, grade)
        return task

    def _lesson(self, grade: TaskGrade | None, place: int) -> Part:
        """The part with the cell that the checks name, or else the one the answer stands in."""
        wanted = {r.lesson for r in grade.results if r.lesson} if grade else set()
        named = self.outline.named(wanted | {f"{name}-lesson" for name in wanted})
        return self.outline.part(place if named is None else named)

    def _add_checks(self, task: TaskView, grade: TaskGrade) -> None:
        views = [self._check(r) for r in grade.results]
        _say_once(views, translate(SAME, self.language))
        by_description = {r.description: v for r, v in zip(grade.results, views, strict=True)}
        for result, view in zip(grade.results, views, strict=True):
            if result.waits_for in by_description:
                by_description[result.waits_for].waiting.append(view)
        waiting = [id(w) for v in views for w in v.waiting]
        task.passed = [v for v in views if v.outcome == Outcome.PASSED]
        task.open_checks = [v for v in views if v.outcome != Outcome.PASSED and id(v) not in waiting]
        drawn = [self.charts.of_check(r.picture, self.language) for r in grade.results]
        task.pictures = list(dict.fromkeys(d for d in drawn if d))

    def _check(self, result: CheckResult) -> CheckView:
        _mark, word = MARKS[result.outcome]
        partly = 0 < result.earned < result.points
        return CheckView(
            result.name,
            result.outcome,
            translate(_("partly"), self.language) if partly else translate(word, self.language),
            sentence(translate(result.description, self.language)),
            sentence(finding(result, self.language)),
            f"{number(result.earned, self.language)}/{number(result.points, self.language)}",
        )

    def _note(self, task: TaskView, grade: TaskGrade | None) -> str:
        if task.state == "waiting":
            return translate(UNGRADED if grade else TO_BE_READ, self.language)
        given = grade.score if grade else None
        decided = given is not None and abs(given - task.score) > 1e-6
        return translate(BY_A_PERSON, self.language) if decided else ""


def _say_once(views: Sequence[CheckView], same: str) -> None:
    """What was found by several checks in the same words stands with the first of them."""
    said: set[str] = set()
    for view in views:
        if view.finding and view.finding in said and view.outcome == Outcome.FAILED:
            view.finding = sentence(same)
        said.add(view.finding)


def _state(score: float, maximum: float, awaiting: bool, untouched: bool) -> str:
    if awaiting:
        return "waiting"
    if score >= maximum:
        return "full"
    if score > 0:
        return "part"
    return "blank" if untouched else "none"
