"""A student's latest attempts as the page shows them: what came of each, and what changed from the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograder.i18n import Message, _, number, translate
from autograder.practice.course import PracticeCourse
from autograder.practice.rows import Attempt
from autograder.practice.settings import POINTS

STATES = {
    "waiting": _("waiting"),
    "running": _("being looked at"),
    "done": _("done"),
    "broken": _("broken"),
    "late": _("too late"),
}


@dataclass(frozen=True)
class Row:
    """One attempt. `result`: what passed; `changes`: since the one before at the same notebook; `why`: of a fault."""

    id: int
    title: str
    at: float
    state: str
    word: str
    result: str
    changes: tuple[str, ...]
    why: str


def history(course: PracticeCourse, attempts: list[Attempt], language: str) -> list[Row]:
    """The rows of a student's attempts, which come newest first."""
    return [_row(course, attempt, before(attempts, attempt), language) for attempt in attempts]


def before(attempts: list[Attempt], attempt: Attempt) -> Attempt | None:
    """The attempt at the same notebook that was done before this one; `attempts` come newest first."""
    return next((a for a in attempts if a.id < attempt.id and a.key == attempt.key and a.state == "done"), None)


def _row(course: PracticeCourse, attempt: Attempt, older: Attempt | None, language: str) -> Row:
    why = attempt.result.get("why")
    tasks = attempt.result.get("tasks", {})
    points = POINTS in course.settings.says
    released = course.released.get((attempt.assignment, attempt.notebook))
    titles = released.titles if released else {}
    changes = tuple(_changes(tasks, older.result.get("tasks", {}), titles, points, language)) if older else ()
    return Row(
        attempt.id,
        attempt.notebook if len(course.assignments) == 1 else f"{attempt.assignment} · {attempt.notebook}",
        attempt.put, attempt.state, translate(STATES[attempt.state], language),
        _result(tasks, points, language) if tasks else "", changes if attempt.state == "done" else (),
        Message.from_json(why).render(language) if why else "",
    )  # fmt: skip


def _result(tasks: Mapping[str, list[float]], points: bool, language: str) -> str:
    part, whole = (sum(row[i] for row in tasks.values()) for i in ((2, 3) if points else (0, 1)))
    text = _("{part} of {whole} points") if points else _("{part} of {whole} checks passed")
    return translate(text, language, part=number(part, language), whole=number(whole, language))


def _changes(
    now: Mapping[str, list[float]], before: Mapping[str, list[float]], titles: Mapping[str, str], points: bool,
    language: str,
) -> Iterator[str]:  # fmt: skip
    for task, row in now.items():
        place = 2 if points else 0
        old, new = (found[place] for found in (before.get(task, row), row))
        if old != new:
            colon = translate(_(": "), language)
            yield f"{titles.get(task, task)}{colon}{number(old, language)} → {number(new, language)}"
