"""One notebook of one learner, from its cells to its results: a function of data, so that it can run anywhere.

A `Job` holds everything that goes in and a `Graded` everything that comes out; both cross process and machine
borders as they are. `Grader` is what does the work in a worker: it owns the worker's trusted processes.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from traitlets.config import Config

from autograder.errors import CheckerError, IsolationError
from autograder.execution.runner import Limits, Runner
from autograder.grading.budget import RUNNING_SHARE, Budget, is_late, results_in_time
from autograder.grading.client import TrustedProcess
from autograder.grading.desk import ADDRESS, Desk
from autograder.records import CheckResult, Files, Plan, Submission, TaskGrade, as_utf8
from autograder.sandbox import warm
from autograder.sandbox.kernel import sandboxed_kernel_manager
from autograder.sandbox.rundir import RunFolder, write_files
from autograder.sandbox.settings import Sandbox
from autograder.store import Store, key_of, owner_of
from autograder.trusted.slices import programs
from autograder.unit import UnitSource, load_family

log = logging.getLogger("autograder")
EXECUTES = ("execution",)  # rooms and files that decide what evidence comes of a notebook
DECIDES = ("checks", "trusted", "records.py", "unit.py")  # and what results come of evidence; what prints them is none
PUTS_TOGETHER = ("grading/job.py", "grading/budget.py")  # and what a notebook's outcome is made of them
PLAN_SECONDS = 60
Check = Callable[[Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]  # evidence → rows of results


@dataclass(frozen=True)
class Job:
    """Everything that grading one notebook needs.

    `notebook`: the sanitized notebook as JSON text. `files`: what the learner put beside it, path → content.
    `course`: the course's own files, which win. `unit`: its checks, with what they need. `sandbox`: settings of
    `c.Sandbox`.
    """

    submission: Submission
    notebook: str
    files: Mapping[str, bytes]
    unit: UnitSource
    secret: str
    limits: Limits = field(default_factory=Limits)
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    course: Files = field(default_factory=Files)

    @property
    def names(self) -> list[str]:
        """What the seeds of hidden inputs derive from, beside the secret."""
        return [self.submission.assignment, self.submission.student, self.submission.notebook]

    @cached_property
    def owner(self) -> str:
        """Whose entries of the store are made while it is graded."""
        return owner_of(self.submission.student)

    @cached_property
    def execution_parts(self) -> list[Any]:
        """What the outcome of running the learner's code depends on, the plan of probes aside."""
        files = Files(self.files).hashes | self.course.hashes
        code = program_hash(EXECUTES, self.unit.family)
        return [self.notebook, files, str(self.limits), dict(self.sandbox), self.submission.language, code]

    @cached_property
    def key(self) -> str:
        """Hash of everything that goes in."""
        code = program_hash(PUTS_TOGETHER, "")
        return key_of("outcome", self.execution_parts, self.unit.key, *self._checked_by, code)

    @cached_property
    def _checked_by(self) -> list[Any]:
        """What every result depends on beside the unit and the evidence."""
        return [self.submission.notebook, self.names, key_of(self.secret), program_hash(DECIDES, self.unit.family)]

    def task_keys(self, evidence: Mapping[str, Any]) -> dict[str, str]:
        """Task → the key under which its results are kept. `evidence`: of each task, as JSON."""
        parts = programs(self.unit, self.submission.notebook, list(evidence))
        return {task: key_of("task", self._checked_by, parts[task], found) for task, found in evidence.items()}


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


class Grader:
    """Grades jobs one after the other in this process."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the stores of executions and trainings."""
        self.folder = folder
        self.store = Store(folder / "executions")
        self._trusted: dict[str, TrustedProcess] = {}  # by family
        self._current: tuple[asyncio.AbstractEventLoop, asyncio.Task[Graded]] | None = None

    def close(self) -> None:
        """End the trusted processes, and the one that warm kernels come from."""
        for trusted in self._trusted.values():
            trusted.close()
        warm.shutdown()

    def trusted(self, family: str) -> TrustedProcess:
        """The trusted process for units of a family; it may not run yet."""
        if family not in self._trusted:
            self._trusted[family] = TrustedProcess(self.folder / "trainings", family)
        return self._trusted[family]

    def cancel(self) -> None:
        """Give up the job that is being graded; called from another thread."""
        if self._current is not None:
            loop, task = self._current
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(task.cancel)

    def grade(self, job: Job) -> Graded:
        """Run the notebook and its checks. Never raises: a fault of ours is said in the outcome."""
        began = time.monotonic()
        try:
            outcome = self._with_trusted_process(job)
        except (Exception, asyncio.CancelledError) as error:
            outcome = Graded(fault=f"{type(error).__name__}: {error}")
        finally:
            self._current = None
        outcome.seconds = round(time.monotonic() - began, 3)
        return outcome

    def _with_trusted_process(self, job: Job, tries: int = 3) -> Graded:
        """Grade it; again when the trusted process was killed meanwhile. The execution is not lost with it."""
        trusted = self.trusted(job.unit.family)
        trusted.start()
        try:
            return asyncio.run(self._grade(job, trusted))
        except CheckerError:
            if tries <= 1 or not trusted.was_lost():
                raise
            log.warning("The checking process was lost; %s is checked again.", job.submission)
            return self._with_trusted_process(job, tries - 1)

    async def _grade(self, job: Job, trusted: TrustedProcess) -> Graded:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio.run makes one
        self._current = (asyncio.get_running_loop(), task)
        about: dict[str, Any] = {
            "notebook": job.submission.notebook,
            "secret": job.secret,
            "names": job.names,
            "owner": job.owner,
        }
        request = trusted.request(job.unit, **about)
        plan = Plan(**await trusted.ask(replace(request, do="plan"), seconds=PLAN_SECONDS))
        running = Budget(RUNNING_SHARE * job.limits.work_seconds)
        execution = await self._executed(job, plan, trusted, running)
        budget = Budget(job.limits.work_seconds - running.spent)

        async def check(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
            asked = replace(request, do="check", evidence=evidence)
            return await results_in_time(trusted.ask, asked, plan.points, budget)

        grades = await self._checked(job, execution["evidence"], check)
        return Graded({int(i): o for i, o in execution["outputs"].items()}, grades, execution["death"])

    async def _checked(self, job: Job, evidence: Mapping[str, Any], check: Check) -> dict[str, TaskGrade]:
        """The grade of every task. Those that had the same evidence and the same checks before are not looked at."""
        keys = job.task_keys(evidence)
        rows = {task: self.store.get(key) for task, key in keys.items()}
        missing = {task: evidence[task] for task, known in rows.items() if known is None}
        if missing:
            found = await check(missing)
            rows |= {task: [row for row in found if row["task"] == task] for task in missing}
        grades = {task: TaskGrade(task, [CheckResult.from_json(row) for row in own]) for task, own in rows.items()}
        for task in missing:
            if not grades[task].flagged and not is_late(grades[task]):
                self.store.put(keys[task], rows[task], job.owner)
        return grades

    async def _executed(self, job: Job, plan: Plan, trusted: TrustedProcess, budget: Budget) -> dict[str, Any]:
        """The learner's code run, or what is remembered of the same run."""
        key = key_of("execution", job.execution_parts, plan.tasks, job.names)
        found = self.store.get(key)
        if found is None:
            found = await self._execute(job, plan, trusted, budget)
            if found["died"] or not found["death"]:
                self.store.put(key, found, job.owner)
                self.store.put(_latest(job), key, job.owner)
        return dict(found)

    async def _execute(self, job: Job, plan: Plan, trusted: TrustedProcess, budget: Budget) -> dict[str, Any]:
        """Run it; once more when the kernel died or did not start, which may have been this machine's fault.

        When it dies again, the code is to blame; when it does not start again, this machine is, and that raises.
        """
        with suppress(RuntimeError, OSError, IsolationError):
            found = await execute(job, plan, trusted, budget)
            if not found["died"] or budget.left < 1:
                return found
        log.warning("The kernel was lost; %s is run again.", job.submission)
        return await execute(job, plan, trusted, budget)


def _latest(job: Job) -> str:
    """The key under which the key of a job's latest execution is kept: the plan is not known to the driver."""
    return key_of("latest execution", job.execution_parts, job.names)


def remembered(store: Store, job: Job) -> dict[str, Any]:
    """The entries of `store` on the latest run of this job's notebook, and on those of its tasks that need no new look.

    For a worker that does not share the store.
    """
    key = store.get(_latest(job))
    execution = store.get(key) if isinstance(key, str) else None
    if execution is None:
        return {}
    tasks = {k: store.get(k) for k in job.task_keys(execution["evidence"]).values()}
    return {_latest(job): key, key: execution, **{k: rows for k, rows in tasks.items() if rows is not None}}


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


async def execute(job: Job, plan: Plan, trusted: TrustedProcess, budget: Budget) -> dict[str, Any]:
    """Run the job's notebook in a sandboxed kernel; `Execution`'s outputs, evidence, death and died as JSON.

    The CPU time of the kernel, and of what it asks the trusted process for, is taken from `budget`.
    """
    nb = nbformat.reads(job.notebook, as_version=4)
    family = load_family(job.unit.family)
    with RunFolder() as folder:
        files = folder.path / "files"
        files.mkdir()
        write_files(files, beside_the_notebook(job.files, job.course.content))
        request = trusted.request(job.unit, do="answer", owner=job.owner)
        async with Desk(trusted.ask, request, folder.path / "desk", budget) as desk:
            seconds = min(budget.left, Sandbox(config=Config({"Sandbox": job.sandbox})).total_cpu_seconds)
            own = {"sockets": {str(desk.address): ADDRESS}, "total_cpu_seconds": seconds}
            settings = {"preload": list(family.warm), **job.sandbox, **own}
            manager = sandboxed_kernel_manager(files, config=Config({"Sandbox": settings}))
            try:
                result = await Runner(nb, job.limits, manager, family).run(plan, job.submission.language)
            finally:
                budget.spend(getattr(manager.provisioner, "cpu_seconds", 0.0))
    evidence = {task: found.to_json() for task, found in result.evidence.items()}
    outputs = {str(index): out for index, out in result.outputs.items()}
    death = result.death.render() if result.death else ""
    found = {"outputs": outputs, "evidence": evidence, "death": death, "died": result.died}
    return json.loads(as_utf8(found))  # type: ignore[no-any-return]


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
