"""The records that travel between the rooms. All of them are plain data and go through JSON unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from autograder.i18n import Message


@dataclass(frozen=True, slots=True)
class Submission:
    """One notebook of one learner. `language` is the one its reader gets: "en", "fr"."""

    assignment: str
    student: str
    notebook: str
    language: str = "en"


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
    of the cell to read again.
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
