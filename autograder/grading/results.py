"""The results of a notebook inside its autograded copy: what `nbgrader generate_feedback` and the class report read.

They are the notebook's metadata `autograder`:

    {"version": 1, "language": "fr", "seconds": 12.3, "flagged": false, "grades": [[task, [CheckResult as JSON]]]}

in the checks' own order (nbformat would sort the keys of a dict), without the checks' `detail`, which is for the
grader's log only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.grading.job import Graded
from autograder.records import CheckResult, TaskGrade

KEY = "autograder"
VERSION = 1


@dataclass(frozen=True)
class StoredResults:
    """What grading one notebook gave. `seconds`: of work; `flagged`: a person has to look."""

    language: str = "en"
    grades: Mapping[str, TaskGrade] = field(default_factory=dict)
    seconds: float = 0.0
    flagged: bool = False


def awaits_person(grade: Any) -> bool:
    """Whether the points of a grade cell are still to be given by a person.

    `grade`: a `Grade` of nbgrader's, or a row with its `auto_score`, `manual_score` and `needs_manual_grade`.
    """
    return grade.manual_score is None and (grade.auto_score is None or bool(grade.needs_manual_grade))


def pack(graded: Graded, language: str) -> dict[str, Any]:
    """The metadata of a notebook that was graded."""
    rows = [[t, [{**r.to_json(), "detail": ""} for r in grade.results]] for t, grade in graded.grades.items()]
    flagged = graded.flagged
    return {"version": VERSION, "language": language, "seconds": graded.seconds, "flagged": flagged, "grades": rows}


def unpack(metadata: Mapping[str, Any]) -> StoredResults | None:
    """The results in a notebook's metadata; None where there are none of this version."""
    data = metadata.get(KEY, {})
    if data.get("version") != VERSION:
        return None
    grades = {t: TaskGrade(t, [CheckResult.from_json(r) for r in rows]) for t, rows in data["grades"]}
    return StoredResults(data["language"], grades, data["seconds"], data["flagged"])
