"""What a grader sees of practice: the queue, the workers, the time to a page, what is misunderstood today."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from autograder.feedback.text import sentence
from autograder.i18n import Message
from autograder.practice.queue import DAY, Queue
from autograder.practice.rows import COLUMNS, attempt_of
from autograder.practice.service import Ready
from autograder.practice.times import percentile

MOST = 5000  # attempts that are read for it
PER_TASK = 5  # findings
TODAY = f"SELECT {COLUMNS} FROM attempt WHERE state='done' AND ended>? ORDER BY id DESC LIMIT ?"  # noqa: S608


@dataclass(frozen=True)
class Finding:
    """What a check said today. `students`: how many it said it to; `example`: in the words that the latest one read."""

    example: Markup
    students: int


@dataclass(frozen=True)
class Broken:
    """An attempt that has no page."""

    id: int
    student: str
    notebook: str
    at: float
    why: str


@dataclass(frozen=True)
class Overview:
    """`states`: state → attempts of the last 24 hours; `median` and `high` (95th percentile): s from taken to page."""

    waiting: int
    oldest: float | None
    running: int
    workers: int
    paused: bool
    states: Mapping[str, int]
    known: int
    each: float
    median: float | None
    high: float | None
    findings: Mapping[str, Sequence[Finding]]
    broken: Sequence[Broken]


def overview(ready: Ready, language: str) -> Overview:
    """How practice does now, and did in the last 24 hours."""
    queue, times = ready.queue, ready.times.to_page()
    now = queue.clock()
    waiting, oldest = queue.rows("SELECT count(*), min(put) FROM attempt WHERE state='waiting'")[0]
    states = dict(queue.rows("SELECT state, count(*) FROM attempt WHERE put>? GROUP BY state", (now - DAY,)))
    known = queue.rows("SELECT count(*) FROM attempt WHERE known AND put>?", (now - DAY,))[0][0]
    return Overview(
        waiting, now - oldest if oldest else None, states.get("running", 0), ready.work.workers, ready.work.paused,
        states, known, ready.times.each(), percentile(times, 0.5), percentile(times, 0.95),
        _findings(ready, language), _broken(queue, language),
    )  # fmt: skip


def _findings(ready: Ready, language: str) -> dict[str, list[Finding]]:
    """Task → what was said to most students today; each of them counts once, whatever they corrected since."""
    rows = ready.queue.rows(TODAY, (ready.queue.clock() - DAY, MOST))
    said: dict[str, dict[str, list[Message]]] = {}
    seen = set()
    for attempt in map(attempt_of, rows):
        released = ready.course.released.get(attempt.key[1:])
        titles = released.titles if released else {}
        for task, _check, message in attempt.result.get("said", []):
            name = f"{attempt.notebook} · {titles.get(task, task)}"
            if (attempt.student, name, message["text"]) not in seen:
                seen.add((attempt.student, name, message["text"]))
                said.setdefault(name, {}).setdefault(message["text"], []).append(Message.from_json(message))
    found = {}
    for name in sorted(said):
        often = sorted(said[name].values(), key=len, reverse=True)[:PER_TASK]
        found[name] = [Finding(sentence(messages[0].render(language)), len(messages)) for messages in often]
    return found


def _broken(queue: Queue, language: str) -> list[Broken]:
    question = "SELECT id, student, notebook, ended, result FROM attempt WHERE state='broken' ORDER BY id DESC LIMIT 20"
    return [Broken(number, student, notebook, at, _why(result, language))
            for number, student, notebook, at, result in queue.rows(question)]  # fmt: skip


def _why(result: str, language: str) -> str:
    why = json.loads(result).get("why")
    return Message.from_json(why).render(language) if why else ""
