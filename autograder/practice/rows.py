"""The queue's rows as records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COLUMNS = "id, student, assignment, notebook, source, keys, put, due, state, tries, began, ended, known, result"
Key = tuple[str, str, str]  # student, assignment, notebook


@dataclass(frozen=True)
class Limits:
    """Bounds of the queue; see `settings.Practice`."""

    cooldown: float = 60.0
    quota: int = 20
    waiting: int = 2000
    keep: int = 10


@dataclass(frozen=True)
class Attempt:
    """A row of the queue. `keys`: task → what its code is; `result`: what came of it. Times are Unix time."""

    id: int
    student: str
    assignment: str
    notebook: str
    source: str | None
    keys: Mapping[str, str]
    put: float
    due: float
    state: str
    tries: int
    began: float | None
    ended: float | None
    known: bool
    result: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Whose attempt at what it is."""
        return self.student, self.assignment, self.notebook


def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """The record of a row of `COLUMNS`."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    values |= {
        "keys": json.loads(values["keys"]),
        "result": json.loads(values["result"]),
        "known": bool(values["known"]),
    }
    return Attempt(**values)
