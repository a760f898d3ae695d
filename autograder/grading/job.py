"""What goes in when a notebook of a learner is graded, and what comes out: data, which may be graded anywhere.

A `Job` holds everything that goes in and a `Graded` everything that comes out; both cross process and machine
borders as they are. `grader.Grader` does the work.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.execution.demonstrations import NONE, Demonstrations
from autograder.execution.runner import Limits
from autograder.grading.alike import Alike
from autograder.grading.budget import is_late
from autograder.records import CheckResult, Files, Submission, TaskGrade
from autograder.store import key_of, owner_of
from autograder.trusted.slices import programs
from autograder.unit import UnitSource, load_family

log = logging.getLogger("autograder")
EXECUTES = ("execution",)  # rooms and files that decide what evidence comes of a notebook
DECIDES = ("checks", "trusted", "records.py", "unit.py")  # and what results come of evidence; what prints them is none
# and what a notebook's outcome is made of them
PUTS_TOGETHER = tuple(f"grading/{name}.py" for name in ("job", "grader", "budget", "alike"))


@dataclass(frozen=True)
class Job:
    """Everything that grading one notebook needs.

    `notebook`: the sanitized notebook as JSON text. `files`: what the learner put beside it, path → content.
    `course`: the course's own files, which win. `unit`: its checks, with what they need. `sandbox`: settings of
    `c.Sandbox`. `demonstrations`: those of the notebook as it was released.
    """

    submission: Submission
    notebook: str
    files: Mapping[str, bytes]
    unit: UnitSource
    secret: str
    limits: Limits = field(default_factory=Limits)
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    course: Files = field(default_factory=Files)
    demonstrations: Demonstrations = NONE

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Task → what the seeds of its hidden inputs derive from, beside the secret.

        It is what the kernel executes before it is asked: equal programs are asked the same, whoever wrote them, and
        whoever writes anything into theirs that a question told is asked another one.
        """
        files = Files(self.files).hashes
        return {task: [*self.place, key_of(before, files)] for task, before in self.alike.before.items()}

    @property
    def place(self) -> list[str]:
        """The assignment and the notebook."""
        return [self.submission.assignment, self.submission.notebook]

    @cached_property
    def owner(self) -> str:
        """Whose entries of the store are made while it is graded."""
        return owner_of(self.submission.student)

    @cached_property
    def alike(self) -> Alike:
        """The notebook as Python sees it."""
        return Alike(self.notebook)

    @cached_property
    def execution_parts(self) -> list[Any]:
        """What the outcome of running the learner's code depends on, the plan of probes aside."""
        return [self.notebook, *self._executed_by]

    @cached_property
    def alike_parts(self) -> list[Any]:
        """The same of all notebooks that are one program."""
        return [self.alike.programs, *self._executed_by]

    @cached_property
    def _executed_by(self) -> list[Any]:
        files = Files(self.files).hashes | self.course.hashes
        code = program_hash(EXECUTES, self.unit.family)
        return [files, str(self.limits), dict(self.sandbox), self.submission.language, code]

    @cached_property
    def key(self) -> str:
        """Hash of everything that goes in."""
        return key_of("outcome", self.execution_parts, *self._put_together_by)

    @cached_property
    def alike_key(self) -> str:
        """Hash of everything that goes in, comments, layout and prose aside."""
        return key_of("outcome of the program", self.alike_parts, *self._put_together_by)

    @property
    def _put_together_by(self) -> list[Any]:
        return [self.demonstrations.key, self.unit.key, *self._checked_by, self.place, program_hash(PUTS_TOGETHER, "")]

    @cached_property
    def _checked_by(self) -> list[Any]:
        """What every result depends on beside the unit, the evidence and inputs that are drawn."""
        return [self.submission.notebook, key_of(self.secret), program_hash(DECIDES, self.unit.family)]

    def task_keys(self, evidence: Mapping[str, Any], drawn: Collection[str]) -> dict[str, str]:
        """Task → the key under which its results are kept.

        Arguments:
            evidence: of each task, as JSON.
            drawn: the tasks whose results depend on the program's own inputs, too. Those of the others depend on
                nothing but what came back: learners who gave the same have the same.
        """
        parts = programs(self.unit, self.submission.notebook, list(evidence))
        own = {task: self.names.get(task, self.place) if task in drawn else [] for task in evidence}
        return {task: key_of("task", self._checked_by, own[task], parts[task], evidence[task]) for task in evidence}


@dataclass
class Graded:
    """What grading one notebook gave. `fault`: why it could not be graded, our own fault; empty otherwise."""

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    grades: dict[str, TaskGrade] = field(default_factory=dict)
    death: str = ""
    fault: str = ""
    seconds: float = 0.0

    @property
    def flagged(self) -> bool:
        """Whether a person has to look: something of ours broke."""
        return bool(self.fault) or any(grade.flagged for grade in self.grades.values())

    @property
    def settled(self) -> bool:
        """Whether it is worth keeping: nothing of ours went wrong, and time on a busy machine did not run out."""
        return not self.flagged and not self.death and not any(is_late(grade) for grade in self.grades.values())

    def to_json(self) -> dict[str, Any]:
        """As JSON, for the store and for other machines."""
        grades = {task: [r.to_json() for r in grade.results] for task, grade in self.grades.items()}
        outputs = {str(index): out for index, out in self.outputs.items()}
        return {"outputs": outputs, "grades": grades, "death": self.death, "fault": self.fault, "seconds": self.seconds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Graded":
        """The inverse of `to_json`."""
        return cls(
            {int(index): list(out) for index, out in data["outputs"].items()},
            {t: TaskGrade(t, [CheckResult.from_json(r) for r in rows]) for t, rows in data["grades"].items()},
            data["death"], data["fault"], data["seconds"],
        )  # fmt: skip


def beside_the_notebook(own: Mapping[str, bytes], course: Mapping[str, bytes]) -> dict[str, bytes]:
    """The learner's own files and the course's, path → content; where both cannot be, the course's are.

    A learner's file may be named like a folder of the course's, or a folder like one of its files.
    """
    folders = {str(folder) for name in course for folder in PurePosixPath(name).parents}
    kept = {n: c for n, c in own.items() if n not in folders and not _below(course, n)}
    for name in own.keys() - kept.keys():
        log.warning("%r beside a notebook is left out: the course has files of this name", name)
    return {**kept, **course}


def _below(course: Mapping[str, bytes], name: str) -> bool:
    return any(str(folder) in course for folder in PurePosixPath(name).parents)


@cache
def program_hash(parts: Sequence[str], family: str) -> str:
    """Hash of these folders and files of this package and of a family's: results of another version do not count."""
    root = Path(__file__).parents[1]
    found = [
        p for part in parts for p in ([root / part] if part.endswith(".py") else sorted((root / part).glob("*.py")))
    ]
    folder = load_family(family).folder
    found += sorted(folder.glob("*.py")) if folder else []
    return key_of([(p.name, p.read_text(encoding="utf-8")) for p in found])
