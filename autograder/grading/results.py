"""The results of a notebook inside its autograded copy: what `nbgrader generate_feedback` and the class report read.

They are the notebook's metadata `autograder`:

    {"version": 1, "language": "fr", "seconds": 12.3, "flagged": false, "grades": [[task, [CheckResult as JSON]]],
     "handed_in": "2026-03-02T18:00:00", "before": {task: points}}

in the checks' own order (nbformat would sort the keys of a dict), without the checks' `detail`, which is for the
grader's log only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.grading.job import Graded
from autograder.records import CheckResult, TaskGrade

KEY = "autograder"
VERSION = 1
TAIL = 1 << 16  # bytes: the metadata of a notebook are mostly within its last so many
# what `stored_results` raises for a file that is no autograded notebook
NOT_OURS = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class StoredResults:
    """What grading one notebook gave. `seconds`: of work; `flagged`: a person has to look.

    `handed_in`: when, empty where it is unknown; `before`: points by task of the attempt before this one.
    """

    language: str = "en"
    grades: Mapping[str, TaskGrade] = field(default_factory=dict)
    seconds: float = 0.0
    flagged: bool = False
    handed_in: str = ""
    before: Mapping[str, float] = field(default_factory=dict)

    def seen_from(self, handed_in: str) -> Mapping[str, float]:
        """Points by task before what was handed in then: of this attempt, or, where it is graded anew, of its own past.

        Empty where it cannot be told which of the two it is.
        """
        if not handed_in or not self.handed_in:
            return {}
        scores = {task: grade.score for task, grade in self.grades.items() if grade.score is not None}
        return self.before if handed_in == self.handed_in else scores


def awaits_person(grade: Any) -> bool:
    """Whether the points of a grade cell are still to be given by a person.

    `grade`: a `Grade` of nbgrader's, or a row with its `auto_score`, `manual_score` and `needs_manual_grade`.
    """
    return grade.manual_score is None and (grade.auto_score is None or bool(grade.needs_manual_grade))


def pack(
    graded: Graded, language: str, handed_in: str = "", before: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """The metadata of a notebook that was graded."""
    rows = [[t, [{**r.to_json(), "detail": ""} for r in grade.results]] for t, grade in graded.grades.items()]
    flagged = graded.flagged
    about = {"version": VERSION, "language": language, "handed_in": handed_in, "before": dict(before or {})}
    return {**about, "seconds": graded.seconds, "flagged": flagged, "grades": rows}


def unpack(metadata: Mapping[str, Any]) -> StoredResults | None:
    """The results in a notebook's metadata; None where there are none of this version."""
    data = metadata.get(KEY, {})
    if data.get("version") != VERSION:
        return None
    grades = {t: TaskGrade(t, [CheckResult.from_json(r) for r in rows]) for t, rows in data["grades"]}
    past = data.get("handed_in", ""), data.get("before", {})
    return StoredResults(data["language"], grades, data["seconds"], data["flagged"], *past)


def stored_results(path: Path) -> StoredResults | None:
    """The results in an autograded notebook.

    nbformat writes keys in order and indents by one space, so the notebook's own metadata are the last line that
    begins with ` "metadata"`: pictures before it, which are most of a file, need not be parsed.
    """
    start = b'\n "metadata": '
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for window in (TAIL, size):
            file.seek(max(0, size - window))
            tail = file.read()
            at = tail.rfind(start)
            if at >= 0:
                try:
                    found, _end = json.JSONDecoder().raw_decode(tail[at + len(start) :].decode("utf-8"))
                except ValueError:
                    break
                return unpack(found)
    return unpack(json.loads(path.read_bytes()).get("metadata", {}))
