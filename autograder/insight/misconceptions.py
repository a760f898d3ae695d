"""What went wrong most: the sentences that learners got, counted, with the spread of their numbers."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from autograder.i18n import Message, number, translate
from autograder.insight.collect import ClassData, Work
from autograder.insight.measures import CheckStatistics, TaskStates, is_judged, results
from autograder.records import Outcome

Shape = tuple[Any, ...]  # a message's text, and those of the messages in it
MANY = 20  # learners from whom on the outermost twentieths of their numbers are left out
SHOWN = 2  # different texts of learners' in one sentence


@dataclass(frozen=True)
class Misconception:
    """A sentence that learners got at a check, and the works it was said of, one a learner.

    `answered`: learners whose answer to the task could be judged.
    """

    notebook: str
    task: str
    check: str
    lesson: str
    messages: Sequence[Message]
    works: Sequence[Work]
    answered: int

    @property
    def count(self) -> int:
        return len(self.works)


@dataclass(frozen=True)
class Teach:
    """A task to teach again: learners who made a mistake in it, out of those who answered, and the commonest."""

    notebook: str
    task: str
    count: int
    answered: int
    commonest: Misconception


def misconceptions(data: ClassData, states: Sequence[TaskStates]) -> list[Misconception]:
    """By count, then by share, then in the order of the notebooks. Blanks and broken files are none."""
    said: dict[tuple[str, str, str, Shape], dict[str, tuple[Work, Message]]] = defaultdict(dict)
    lessons: dict[tuple[str, str], str] = {}
    for work in data.works:
        for result in results(work.results):
            if result.outcome is Outcome.FAILED and result.message and is_judged(result):
                key = work.notebook, result.task, result.name, shape(result.message)
                said[key].setdefault(work.student, (work, result.message))
                lessons[work.notebook, result.task] = result.lesson
    answered = {(s.notebook, s.task): s.answered for s in states}
    found = [
        Misconception(
            notebook, task, check, lessons[notebook, task],
            [message for _work, message in who.values()], [work for work, _message in who.values()],
            answered[notebook, task],
        )
        for (notebook, task, check, _shape), who in said.items()
    ]  # fmt: skip
    return sorted(found, key=lambda m: (-m.count, m.answered, data.outline.place(m.notebook, m.task), m.check))


def to_teach(found: Sequence[Misconception], checks: Sequence[CheckStatistics], data: ClassData) -> list[Teach]:
    """The tasks in which learners made mistakes, most learners first; checks that may be wrong do not count."""
    wrong = {(c.notebook, c.task, c.name) for c in checks if c.fault}
    by_task: dict[tuple[str, str], list[Misconception]] = defaultdict(list)
    for one in found:
        if (one.notebook, one.task, one.check) not in wrong:
            by_task[one.notebook, one.task].append(one)
    tasks = [
        Teach(notebook, task, len({w.student for m in own for w in m.works}), own[0].answered, own[0])
        for (notebook, task), own in by_task.items()
    ]
    return sorted(tasks, key=lambda t: (-t.count, t.answered, data.outline.place(t.notebook, t.task)))


def shape(message: Message) -> Shape:
    """What two messages have in common that differ in values only."""
    inner = ((name, shape(value)) for name, value in message.values.items() if isinstance(value, Message))
    return (message.text, *sorted(inner))


def shared_texts(data: ClassData) -> frozenset[str]:
    """The texts in messages that were told to two learners or more: they name nobody."""
    told: dict[str, set[str]] = defaultdict(set)
    for work in data.works:
        for result in results(work.results):
            for text in _texts(result.message) if result.message else ():
                told[text].add(work.student)
    return frozenset(text for text, learners in told.items() if len(learners) > 1) | data.outline.words


def _texts(message: Message) -> list[str]:
    inner = [_texts(value) if isinstance(value, Message) else [str(value)] for value in message.values.values()]
    return [text for texts in inner for text in texts]


def told(messages: Sequence[Message], language: str, shared: Set[str]) -> str:
    """Messages of one shape as one sentence: numbers from the lowest to the highest, and no learner's own text."""
    names = messages[0].values
    values = {
        name: _summary([m.values[name] for m in messages if name in m.values], language, shared) for name in names
    }
    return translate(messages[0].text, language, **values) if values else translate(messages[0].text, language)


def _summary(values: Sequence[Any], language: str, shared: Set[str]) -> Any:
    if all(isinstance(v, Message) for v in values):
        return told(values, language, shared)
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        return _Range(values, language)
    texts = [text for text, _count in Counter(map(str, values)).most_common() if text in shared]
    return _Text(", ".join(texts[:SHOWN]) + (", …" if len(texts) > SHOWN else "") or "…")


class _Text(str):
    """A text that stands where a number may be expected."""

    def __format__(self, spec: str) -> str:
        return str(self)


class _Range:
    """Numbers, written as the lowest and the highest; of many without the outermost twentieth at either end."""

    def __init__(self, values: Sequence[float], language: str) -> None:
        self.language = language
        low, high = _ends([v for v in values if math.isfinite(v)])
        whole = all(isinstance(v, int) for v in values)
        self.ends = [round(low), round(high)] if whole else [low, high]

    def __format__(self, spec: str) -> str:
        shown = [number(v, self.language, spec or ("d" if isinstance(v, int) else "g")) for v in self.ends]
        return " … ".join(dict.fromkeys(shown))

    def __str__(self) -> str:
        return format(self, "")


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest; not a number where there is none."""
    if len(values) >= MANY:
        cut = statistics.quantiles(values, n=20, method="inclusive")
        return cut[0], cut[-1]
    return (min(values), max(values)) if values else (math.nan, math.nan)
