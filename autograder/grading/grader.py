"""What grades one notebook in a worker: it owns the worker's trusted processes and what they computed."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4
from traitlets.config import Config

from autograder.errors import CheckerError, IsolationError
from autograder.execution.demonstrations import NONE, Outputs
from autograder.execution.programs import program_of
from autograder.execution.runner import Runner
from autograder.grading.alike import find_alike, keep_alike
from autograder.grading.budget import RUNNING_SHARE, Budget, is_late, results_in_time
from autograder.grading.bytecode import compiled
from autograder.grading.client import TrustedProcess
from autograder.grading.desk import ADDRESS, Desk
from autograder.grading.job import Graded, Job, beside_the_notebook
from autograder.grading.notebooks import canonical
from autograder.records import CheckResult, Plan, TaskGrade, as_utf8
from autograder.sandbox import warm
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.kernel import sandboxed_kernel_manager
from autograder.sandbox.rundir import RunFolder, write_files
from autograder.sandbox.settings import Sandbox
from autograder.store import Store, key_of
from autograder.unit import load_family

log = logging.getLogger("autograder")
PLAN_SECONDS = 60
Check = Callable[[Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]  # evidence → rows of results


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
        if self.store.get(_latest(job)) is None:
            _prepare_kernels(job)  # while the checks' process imports
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

        grades = await self._checked(job, execution, check)
        outputs = {**execution["outputs"], **await self._shown(job, trusted)}
        return Graded({int(i): o for i, o in outputs.items()}, grades, execution["death"])

    async def _checked(self, job: Job, execution: Mapping[str, Any], check: Check) -> dict[str, TaskGrade]:
        """The grade of every task. Those that had the same evidence and the same checks before are not looked at."""
        evidence = execution["evidence"]
        keys = job.task_keys(evidence, execution["drawn"])
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
        """The learner's code run, or what is remembered of the same run, or of one of the same program."""
        key = key_of("execution", job.execution_parts, plan.tasks)
        alike = key_of("execution of the program", job.alike_parts, plan.tasks)
        found = self.store.get(key) or find_alike(self.store, alike, job.alike)
        if found is None:
            found = await self._execute(job, plan, trusted, budget)
            if found["died"] or not found["death"]:
                self.store.put(key, found, job.owner)
                self.store.put(_latest(job), key, job.owner)
                if not found["died"]:
                    keep_alike(self.store, alike, job.alike, key, found, job.owner)
        return dict(found)

    async def _shown(self, job: Job, trusted: TrustedProcess) -> Outputs:
        """What the demonstrations show that are not executed with this notebook, drawn once for all learners: by cell.

        Nothing where the unit brings it along, see `outcomes`.
        """
        if job.demonstrations.shown is not None or not job.demonstrations.skipped(job.notebook):
            return {}
        given = given_alone(job)
        key = shown_key(given)
        drawn = self.store.get(key)
        if drawn is None:
            found = await self._draw(given, trusted)
            drawn = found["outputs"]
            if not found["died"]:
                self.store.put(key, drawn, given.owner)
        return job.demonstrations.put_in(job.notebook, drawn, job.submission.language)

    def draw(self, job: Job) -> Outputs:
        """What the demonstrations of the job's notebook show by themselves: by their index among the given cells.

        For authors, whose unit brings it along.

        Raises:
            CheckerError, IsolationError, OSError, RuntimeError: they cannot be executed here.
        """
        given, trusted = given_alone(job), self.trusted(job.unit.family)
        trusted.start()
        found = asyncio.run(self._draw(given, trusted))
        if found["died"]:
            raise RuntimeError(found["death"])
        marked = [program_of(source) in job.demonstrations.programs for source in job.demonstrations.given]
        return {index: outputs for index, outputs in found["outputs"].items() if marked[int(index)]}

    async def _draw(self, given: Job, trusted: TrustedProcess) -> dict[str, Any]:
        """Run the given cells alone: nothing is asked of them, and nothing of a learner's is in that kernel."""
        return await self._execute(given, Plan({}), trusted, Budget(given.limits.work_seconds))

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


def _prepare_kernels(job: Job) -> None:
    """Start what the job's kernels are forked from, which imports for seconds."""
    sandbox = Sandbox(config=Config({"Sandbox": _sandbox_of(job)}))
    if sandbox.warm and isolation_problem() is None:
        with suppress(OSError):  # the kernel's start will say so
            warm.zygote(sandbox.kernel_environment(), sandbox.preload)


def _sandbox_of(job: Job) -> dict[str, Any]:
    """Settings of `c.Sandbox`."""
    return {"preload": list(load_family(job.unit.family).warm), **job.sandbox}


def given_alone(job: Job) -> Job:
    """A job of the cells alone that draw what demonstrations show; nobody's."""
    nb = v4.new_notebook(cells=[v4.new_code_cell(source) for source in job.demonstrations.given])
    nobody = replace(job.submission, student="")
    return replace(job, submission=nobody, notebook=canonical(nb), files={}, demonstrations=NONE)


def shown_key(given: Job) -> str:
    """Under which key what these cells show is kept."""
    return key_of("shown", given.execution_parts)


def _latest(job: Job) -> str:
    """The key under which the key of a job's latest execution is kept: the plan is not known to the driver."""
    return key_of("latest execution", job.execution_parts, job.place, job.unit.package)


def remembered(store: Store, job: Job) -> dict[str, Any]:
    """The entries of `store` on the latest run of this job's notebook, and on those of its tasks that need no new look.

    For a worker that does not share the store.
    """
    key = store.get(_latest(job))
    execution = store.get(key) if isinstance(key, str) else None
    if execution is None:
        return {}
    tasks = {k: store.get(k) for k in job.task_keys(execution["evidence"], execution["drawn"]).values()}
    shown = [shown_key(given_alone(job))] if job.demonstrations.shown is None else []
    known = {**tasks, **{key: store.get(key) for key in shown}}
    return {_latest(job): key, key: execution, **{k: value for k, value in known.items() if value is not None}}


async def execute(job: Job, plan: Plan, trusted: TrustedProcess, budget: Budget) -> dict[str, Any]:
    """Run the job's notebook in a sandboxed kernel: `Execution`'s outputs, evidence, death and died, and `Plan.drawn`.

    The CPU time of the kernel, and of what it asks the trusted process for, is taken from `budget`.
    """
    nb = nbformat.reads(job.notebook, as_version=4)
    family = load_family(job.unit.family)
    with RunFolder() as folder:
        files = folder.path / "files"
        files.mkdir()
        course = job.course.content
        write_files(files, beside_the_notebook(job.files, {**course, **compiled(course)}))
        request = trusted.request(job.unit, do="answer", owner=job.owner)
        async with Desk(trusted.ask, request, folder.path / "desk", budget) as desk:
            seconds = min(budget.left, Sandbox(config=Config({"Sandbox": job.sandbox})).total_cpu_seconds)
            own = {"sockets": {str(desk.address): ADDRESS}, "total_cpu_seconds": seconds}
            manager = sandboxed_kernel_manager(files, config=Config({"Sandbox": {**_sandbox_of(job), **own}}))
            try:
                result = await Runner(nb, job.limits, manager, family).run(plan, job.submission.language)
            finally:
                budget.spend(getattr(manager.provisioner, "cpu_seconds", 0.0))
    evidence = {task: found.to_json() for task, found in result.evidence.items()}
    outputs = {str(index): out for index, out in result.outputs.items()}
    death = result.death.render() if result.death else ""
    found = {"outputs": outputs, "evidence": evidence, "drawn": plan.drawn, "death": death, "died": result.died}
    return json.loads(as_utf8(found))  # type: ignore[no-any-return]
