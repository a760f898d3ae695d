"""The records that travel between the rooms. All of them are plain data and go through JSON unchanged."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import Any

from autograder.i18n import Message


def as_utf8(data: Any) -> bytes:
    """JSON in UTF-8. Half of a surrogate pair, which a stranger's text may hold and no file can, becomes a "?"."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Submission:
    """One notebook of one learner. `language` is the one its reader gets: "en", "fr"."""

    assignment: str
    student: str
    notebook: str
    language: str = "en"


@dataclass(frozen=True)
class Files:
    """Files by their path, hashed once: one object serves every job of an assignment."""

    content: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Path → SHA-256."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.content.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """The questions that a notebook's checks have for a kernel: made by the trusted process, read by the runner.

    `tasks`: task → probe → question as JSON (`checks.api.Probe.plan` says what is in one). `points`: task → sum of
    its checks' points.
    """

    tasks: Mapping[str, Mapping[str, Mapping[str, Any]]]
    points: Mapping[str, float] = field(default_factory=dict)

    @property
    def drawn(self) -> list[str]:
        """The tasks for which inputs are drawn, so that what is asked of each program is something else."""
        return sorted(t for t, own in self.tasks.items() if any(_is_drawn(question) for question in own.values()))


def _is_drawn(question: Mapping[str, Any]) -> bool:
    return any(question.get("cases", ())) or bool(question.get("inputs"))


TIMEOUT = "Timeout"  # the name of the error of a cell that was stopped for time


@dataclass(frozen=True, slots=True)
class BrokenCell:
    """A cell of the learner's that raised: its text, the line where it did, the exception's class and what it said.

    `said` is a message where the sentence is ours: each of its readers has a language.
    """

    source: str
    code: str
    error: str
    said: str | Message


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came back from a kernel for one task: made by the runner, read by the trusted process alone.

    `text`: the answers as JSON text, every byte of it a stranger's; see `checks.evidence`. `problem`: why there are
    none, one of `checks.api.PROBLEMS`; then `said` is what is known beyond that, of ours as a message. `broken`: the
    cells that raised before, the first one first.
    """

    text: str = ""
    problem: str = ""
    said: str | Message = ""
    broken: tuple[BrokenCell, ...] = ()

    def to_json(self) -> dict[str, Any]:
        if not self.problem:
            broken = [[cell.source, cell.code, cell.error, _to_json(cell.said)] for cell in self.broken]
            return {"text": self.text, "broken": broken}
        return {"problem": self.problem, "said": _to_json(self.said)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Evidence":
        return cls(
            data.get("text", ""),
            data.get("problem", ""),
            _from_json(data.get("said", "")),
            tuple(
                BrokenCell(source, code, error, _from_json(said))
                for source, code, error, said in data.get("broken", ())
            ),
        )


def _to_json(said: str | Message) -> Any:
    return said.to_json() if isinstance(said, Message) else said


def _from_json(said: Any) -> str | Message:
    return Message.from_json(said) if isinstance(said, dict) else str(said)


@dataclass(frozen=True, slots=True)
class Request:
    """What a driver asks of the trusted process; the answer is JSON, too.

    `do`: "plan" (→ a `Plan`'s fields), "check" (→ {"results": [CheckResult]}) or "answer" (a kernel's own question,
    `text`). `folder`: where the unit's files were placed, `package` their import name. `secret` and `names`, by
    task, seed the hidden inputs. `evidence`: task → `Evidence` as JSON, of the tasks that are to be checked. The client
    fills in `seconds`, the CPU time after which the work is given up, and `store`, the folder of what was computed
    already; `owner`: on whose behalf more is put there.
    """

    do: str
    package: str
    folder: str
    notebook: str = ""
    secret: str = ""
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    text: str = ""
    seconds: float = 0.0
    store: str = ""
    owner: str = ""

    @property
    def wall_seconds(self) -> int:
        """How long it may take on the clock: other processes have their turns, too."""
        return math.ceil(60 + 3 * self.seconds)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Request":
        return cls(**data)


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # the check it depends on did not pass
    ERROR = "error"  # the checker's own fault: a person has to look


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check, run.

    `points` is what it is worth, `earned` what was given: all of it, a part, or nothing. `detail` is for the
    grader's log only and never reaches a learner. `picture` holds what the feedback page can draw. `lesson` is the id
    of the cell to read again. `problem`: why there was no answer to look at, a kind of `checks.api.PROBLEMS`,
    "unreadable" or "too slow"; empty when there was one. `waits_for`: of a skipped one, the description of the check
    that has to pass first.
    """

    task: str
    name: str
    description: str
    points: float
    outcome: Outcome
    earned: float = 0.0
    message: Message | None = None
    detail: str = ""
    picture: Mapping[str, Any] = field(default_factory=dict)
    lesson: str = ""
    problem: str = ""
    waits_for: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON. Not by `dataclasses.asdict`, which copies every number of a picture's curves."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**plain, "picture": dict(self.picture), "message": self.message and self.message.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CheckResult":
        message = data["message"] and Message.from_json(data["message"])
        return cls(**{**data, "outcome": Outcome(data["outcome"]), "message": message})


@dataclass(frozen=True, slots=True)
class TaskGrade:
    """All checks of one task, which is one grade cell: its `grade_id` is the task's with `_test` behind it."""

    task: str
    results: Sequence[CheckResult]

    @property
    def maximum(self) -> float:
        return sum(r.points for r in self.results)

    @property
    def flagged(self) -> bool:
        """Whether a person has to grade it, because a check of ours broke."""
        return not self.results or any(r.outcome is Outcome.ERROR for r in self.results)

    @property
    def score(self) -> float | None:
        """Points earned; None when a person has to decide."""
        return None if self.flagged else round(sum(r.earned for r in self.results), 4)

    @property
    def first_problem(self) -> CheckResult | None:
        """The first check that failed or broke."""
        return next((r for r in self.results if r.outcome in (Outcome.FAILED, Outcome.ERROR)), None)
