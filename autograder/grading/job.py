"""One notebook of one learner, from its cells to its results: a function of data, so that it can run anywhere.

A `Job` holds everything that goes in and an `Outcome` everything that comes out; both cross process and machine
borders as they are. `Grader` is what does the work in a worker: it owns the worker's trusted process.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from autograder.errors import CheckerError, IsolationError
from autograder.execution.runner import Evidence, Limits, Runner
from autograder.grading.client import TrustedProcess
from autograder.grading.desk import ADDRESS, TrainingDesk
from autograder.trusted.slices import parts
from autograder.records import CheckResult, Submission, TaskGrade
from autograder.sandbox import warm
from autograder.sandbox.kernel import sandboxed_kernel_manager
from autograder.sandbox.rundir import RunFolder
from autograder.store import Store, key_of

log = logging.getLogger("autograder")
CHECK_SECONDS = 900  # of work for one notebook's checks, trainings included


@dataclass(frozen=True)
class Files:
    """Files by their path, hashed once: one object serves every job of an assignment."""

    content: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Path → SHA-256."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.content.items()}


@dataclass(frozen=True)
class Job:
    """Everything that grading one notebook needs.

    `notebook`: the sanitized notebook as JSON text. `files`: what the learner put beside it, path → content.
    `course`: the course's own files, which win. `checks`: name and source text of the file of checks. `sandbox`:
    settings of `c.Sandbox`. `code`: hash of this program.
    """

    submission: Submission
    notebook: str
    files: Mapping[str, bytes]
    checks: tuple[str, str]
    secret: str
    limits: Limits = field(default_factory=Limits)
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    course: Files = field(default_factory=Files)

    @property
    def names(self) -> list[str]:
        """What the seeds of hidden inputs derive from, beside the secret."""
        return [self.submission.assignment, self.submission.student, self.submission.notebook]

    @cached_property
    def execution_parts(self) -> list[Any]:
        """What the outcome of running the learner's code depends on, the plan of probes aside."""
        files = Files(self.files).hashes | self.course.hashes
        code = program_hash("execution", "trusted/service.py")
        return [self.notebook, files, str(self.limits), dict(self.sandbox), self.submission.language, code]

    @cached_property
    def key(self) -> str:
        """Hash of everything that goes in."""
        return key_of("outcome", self.execution_parts, self.checks, self.names, key_of(self.secret), self.code)


@dataclass
class Outcome:
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
        return not self.flagged and not self.death

    def to_json(self) -> dict[str, Any]:
        """As JSON, for the store and for other machines."""
        grades = {task: [r.to_json() for r in grade.results] for task, grade in self.grades.items()}
        outputs = {str(index): out for index, out in self.outputs.items()}
        return {"outputs": outputs, "grades": grades, "death": self.death, "fault": self.fault, "seconds": self.seconds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Outcome":
        """The inverse of `to_json`."""
        return cls(
            {int(index): list(out) for index, out in data["outputs"].items()},
            {t: TaskGrade(t, [CheckResult.from_json(r) for r in rows]) for t, rows in data["grades"].items()},
            data["death"], data["fault"], data["seconds"],
        )  # fmt: skip


class Grader:
    """Grades jobs one after the other in this process."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the stores of executions and trainings."""
        self.folder = folder
        self.store = Store(folder / "executions")
        self.trusted = TrustedProcess(folder / "trainings")
        self._current: tuple[asyncio.AbstractEventLoop, asyncio.Task[Outcome]] | None = None

    def close(self) -> None:
        """End the trusted process, and the one that warm kernels come from."""
        self.trusted.close()
        warm.shutdown()

    def cancel(self) -> None:
        """Give up the job that is being graded; called from another thread."""
        if self._current is not None:
            loop, task = self._current
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(task.cancel)

    def grade(self, job: Job) -> Outcome:
        """Run the notebook and its checks. Never raises: a fault of ours is said in the outcome."""
        began = time.monotonic()
        try:
            outcome = self._with_trusted_process(job)
        except (Exception, asyncio.CancelledError) as error:
            outcome = Outcome(fault=f"{type(error).__name__}: {error}")
        finally:
            self._current = None
        outcome.seconds = round(time.monotonic() - began, 3)
        return outcome

    def _with_trusted_process(self, job: Job, tries: int = 3) -> Outcome:
        """Grade it; again when the trusted process was killed meanwhile. The execution is not lost with it."""
        self.trusted.start()
        try:
            return asyncio.run(self._grade(job))
        except CheckerError:
            if tries <= 1 or not self.trusted.was_lost():
                raise
            log.warning("The checking process was lost; %s is checked again.", job.submission)
            return self._with_trusted_process(job, tries - 1)

    async def _grade(self, job: Job) -> Outcome:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio.run makes one
        self._current = (asyncio.get_running_loop(), task)
        checks = self.trusted.place(*job.checks)
        request = {"checks": checks, "secret": job.secret, "names": job.names}
        plan = (await self.trusted.ask({**request, "do": "plan"}, seconds=60))["tasks"]
        execution = await self._executed(job, plan)
        grades = await self._checked(job, request, execution["evidence"])
        return Outcome({int(i): o for i, o in execution["outputs"].items()}, grades, execution["death"])

    async def _checked(self, job: Job, request: Mapping[str, Any], evidence: Evidence) -> dict[str, TaskGrade]:
        """The grade of every task. Those that had the same evidence and the same checks before are not looked at."""
        keys = _task_keys(job, evidence)
        rows = {task: self.store.get(key) for task, key in keys.items()}
        missing = {task: evidence[task] for task, known in rows.items() if known is None}
        if missing:
            answer = await self.trusted.ask({**request, "do": "check", "evidence": missing}, seconds=CHECK_SECONDS)
            rows |= {task: [row for row in answer["results"] if row["task"] == task] for task in missing}
        grades = {task: TaskGrade(task, [CheckResult.from_json(row) for row in found]) for task, found in rows.items()}
        for task in missing:
            if not grades[task].flagged:
                self.store.put(keys[task], rows[task])
        return grades

    async def _executed(self, job: Job, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The learner's code run, or what is remembered of the same run."""
        key = key_of("execution", job.execution_parts, plan, job.names)
        found = self.store.get(key)
        if found is None:
            found = await self._execute(job, plan)
            if found["died"] or not found["death"]:
                self.store.put(key, found)
                self.store.put(_latest(job), key)
        return dict(found)

    async def _execute(self, job: Job, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Run it; once more when the kernel died or did not start, which may have been this machine's fault.

        When it dies again, the code is to blame; when it does not start again, this machine is, and that raises.
        """
        with suppress(RuntimeError, OSError, IsolationError):
            found = await execute(job, plan, self.trusted)
            if not found["died"]:
                return found
        log.warning("The kernel was lost; %s is run again.", job.submission)
        return await execute(job, plan, self.trusted)


def _latest(job: Job) -> str:
    """The key under which the key of a job's latest execution is kept: the plan is not known to the driver."""
    return key_of("latest execution", job.execution_parts, job.names)


def _task_keys(job: Job, evidence: Evidence) -> dict[str, str]:
    """Task → the key under which its results are kept."""
    about = [job.names, key_of(job.secret), job.code]
    return {t: key_of("task", about, part, evidence[t]) for t, part in parts(job.checks[1], evidence).items()}


def remembered(store: Store, job: Job) -> dict[str, Any]:
    """The entries of `store` on the latest run of this job's notebook, and on those of its tasks that need no new look.

    For a worker that does not share the store.
    """
    key = store.get(_latest(job))
    execution = store.get(key) if isinstance(key, str) else None
    if execution is None:
        return {}
    tasks = {k: store.get(k) for k in _task_keys(job, execution["evidence"]).values()}
    return {_latest(job): key, key: execution, **{k: rows for k, rows in tasks.items() if rows is not None}}


async def execute(job: Job, plan: Mapping[str, Any], trusted: TrustedProcess) -> dict[str, Any]:
    """Run the job's notebook in a sandboxed kernel; `Execution`'s outputs, evidence, death and died as JSON."""
    nb = nbformat.reads(job.notebook, as_version=4)
    with RunFolder() as folder:
        files = folder.path / "files"
        files.mkdir()
        write_files(files, {**job.files, **job.course.content})
        async with TrainingDesk(trusted, folder.path / "training", job.limits.notebook_seconds) as desk:
            settings = {**job.sandbox, "sockets": {str(desk.address): ADDRESS}}
            manager = sandboxed_kernel_manager(files, config=Config({"Sandbox": settings}))
            result = await Runner(nb, job.limits, manager).run(plan, job.submission.language)
    evidence: Evidence = result.evidence
    outputs = {str(index): out for index, out in result.outputs.items()}
    death = result.death.render() if result.death else ""
    found = {"outputs": outputs, "evidence": evidence, "death": death, "died": result.died}
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Lay out `files` below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@cache
def program_hash(*parts: str) -> str:
    """Hash of these folders and files of this package: results of another version are not taken from the store."""
    root = Path(__file__).parents[1]
    found = [
        p for part in parts for p in ([root / part] if part.endswith(".py") else sorted((root / part).glob("*.py")))
    ]
    files = [p for p in found if not p.name.startswith("check_")]
    return key_of([(str(p.relative_to(root)), p.read_text(encoding="utf-8")) for p in files])
