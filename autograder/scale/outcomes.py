"""The outcomes of jobs: from what was computed already, or from workers.

Jobs are found again by the hash of what goes in. The workers may serve others, too: who made them ends them. What a
unit's demonstrations show is neither sent nor kept with each outcome: it is put in here.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any

from autograder.grading.alike import find_alike, keep_alike
from autograder.grading.grader import remembered
from autograder.grading.job import Graded, Job
from autograder.i18n import _, say
from autograder.scale.dask import DaskPool
from autograder.scale.pool import LocalPool, grade_remotely
from autograder.scale.settings import Scale
from autograder.store import Store

TRIES = 3  # of a job whose worker is lost


class Workers:
    """The workers of a configuration: started when they are first needed, and again after they were given up."""

    def __init__(self, scale: Scale, family: str) -> None:
        """`family`: of the unit, what the workers of a cluster are compared by."""
        self.scale, self._family = scale, family
        self._pool: LocalPool | DaskPool | None = None
        self._closed = False

    @property
    def far(self) -> bool:
        """Whether they are on other machines, without a folder of ours."""
        return bool(self.scale.scheduler_address)

    @property
    def pool(self) -> LocalPool | DaskPool:
        """Where jobs are submitted.

        Raises:
            RuntimeError: they were ended for good.
        """
        if self._closed:
            raise RuntimeError("the workers were ended")
        if self._pool is None:
            address = self.scale.scheduler_address
            self._pool = DaskPool(address, self._family) if address else LocalPool(self.scale.workers)
        return self._pool

    def give_up(self) -> None:
        """End them now, whatever they do."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.give_up()

    def close(self) -> None:
        """End them for good: what waits for an outcome is told so, and starts none again."""
        self._closed = True
        self.give_up()


class Outcomes:
    """What is asked for, with one set of workers and one folder of what was computed."""

    def __init__(self, workers: Workers, folder: Path, log: "Logger | LoggerAdapter[Any]") -> None:
        """`folder`: of the stores of outcomes, executions and trainings."""
        self.workers, self.folder, self.log = workers, folder, log
        self.store, self.executions = Store(folder / "outcomes"), Store(folder / "executions")
        self.futures: dict[str, Future[dict[str, Any]]] = {}

    @property
    def busy(self) -> int:
        """Jobs that are not done."""
        return sum(not f.done() for f in self.futures.values())

    def of(self, job: Job, meanwhile: Callable[[], None] = lambda: None) -> Graded:
        """Wait for a job's outcome. When its worker is lost it is tried again alone, so that no other is blamed.

        `meanwhile`: what is done before each wait of the first try, such as submitting what comes next.
        """
        key, error = job.key, None
        for attempt in range(TRIES):
            self.submit(job)
            try:
                return with_shown(
                    Graded.from_json(self._awaited(key, meanwhile if attempt == 0 else lambda: None)), job
                )
            except Exception as lost:  # of a pool that broke, or of a cluster: whatever it is, there is no outcome
                error = lost
                self.log.warning(say(_("A worker was lost ({error}); {student}, {notebook} is graded again."),
                                     error=f"{type(error).__name__}: {error}", student=job.submission.student,
                                     notebook=job.submission.notebook))  # fmt: skip
                self.give_up()
        return Graded(fault=f"the workers were lost {TRIES} times: {error}")

    def _awaited(self, key: str, meanwhile: Callable[[], None]) -> dict[str, Any]:
        """A submitted job's outcome as JSON."""
        while True:
            meanwhile()
            if self.futures[key].done():
                return self.futures.pop(key).result()
            wait([f for f in self.futures.values() if not f.done()], return_when=FIRST_COMPLETED)

    def submit(self, job: Job) -> bool:
        """Have a job done, unless it is under way; whether its outcome was remembered, and nothing is to be done."""
        key = job.key
        if key in self.futures:
            return False
        known = self._known(job)
        if known is not None:
            self.futures[key] = Future()
            self.futures[key].set_result(known)
            return True
        if self.workers.far:
            self.futures[key] = self.workers.pool.submit(grade_remotely, job, None, remembered(self.executions, job))
        else:
            self.futures[key] = self.workers.pool.submit(grade_remotely, job, str(self.folder.resolve()))
        self.futures[key].add_done_callback(lambda future: self._keep(job, future))
        return False

    def _known(self, job: Job) -> dict[str, Any] | None:
        """The stored outcome of the job, or of one whose notebook is the same program, if it is one."""
        try:
            data: Any = self.store.get(job.key) or find_alike(self.store, job.alike_key, job.alike)
            Graded.from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        return dict(data) if data else None

    def _keep(self, job: Job, future: Future[dict[str, Any]]) -> None:
        """Store an outcome as soon as it is there, whether or not somebody comes to ask for it. On any thread."""
        if future.cancelled() or future.exception() is not None:
            return
        result = future.result()
        for entry, value in result.pop("entries", {}).items():
            self.executions.put(entry, value, job.owner)
        if Graded.from_json(result).settled:
            self.store.put(job.key, result, job.owner)
            keep_alike(self.store, job.alike_key, job.alike, job.key, result, job.owner)

    def give_up(self) -> None:
        """End the workers now; what was not finished is submitted anew when it is asked for."""
        self.workers.give_up()
        self.futures = {k: f for k, f in self.futures.items() if f.done() and not f.cancelled() and not f.exception()}


def with_shown(outcome: Graded, job: Job) -> Graded:
    """The outcome with what the unit brings along for the cells that were left out."""
    brought = job.demonstrations.shown
    if brought is not None and not outcome.fault:
        drawn = job.demonstrations.put_in(job.notebook, brought, job.submission.language)
        outcome.outputs |= {int(index): outputs for index, outputs in drawn.items()}
    return outcome
