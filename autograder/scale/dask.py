"""Workers on other machines, through a Dask scheduler.

A job carries all it needs and its result comes back as data: no shared file system, and nothing of the
course on the workers but this package. Workers remember trainings for themselves while they live; results and
executions come back to the driver's store, and an execution goes out again with the job when a check was corrected.
"""

from concurrent.futures import Executor, Future
from typing import Any

from autograder.errors import SetupError
from autograder.grading.job import DECIDES, EXECUTES, program_hash
from autograder.i18n import _
from autograder.unit import load_family

PROGRAM = (*EXECUTES, *DECIDES, "grading", "scale")  # what has to be the same on all machines, beside the family
CONNECT_SECONDS = 30


class DaskPool(Executor):
    """The workers of a Dask cluster."""

    def __init__(self, address: str, family: str) -> None:
        """Connect to the scheduler at `address`, such as "tcp://127.0.0.1:8786". `family`: the unit's.

        Raises:
            SetupError: `distributed` is not installed, nobody answers, or a worker runs another version.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise SetupError(_("c.Scale.scheduler_address needs Dask: pip install distributed")) from error
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            text = _("The Dask scheduler at {address} cannot be used: {reason}")
            raise SetupError(text, address=address, reason=error or type(error).__name__) from error
        try:
            self._compare_versions(family)
        except SetupError:
            self._client.close()
            raise
        # a job is not pure: the same one is asked for again only when its worker was lost
        self._executor = self._client.get_executor(pure=False, retries=2)

    def _compare_versions(self, family: str) -> None:
        """Refuse workers whose libraries or whose program differ: their results would be taken for ours."""
        try:
            self._client.get_versions(check=True, packages=[*load_family(family).packages, "nbgrader"])
        except ValueError as error:
            text = _("The workers of the cluster do not run what this machine runs:\n{reason}")
            raise SetupError(text, reason=error) from error
        found = self._client.run(program_hash, PROGRAM, family)
        differing = sorted(worker for worker, value in found.items() if value != program_hash(PROGRAM, family))
        if differing:
            text = _(
                "These workers have another version of this package than this machine: {workers}. Install the same."
            )
            raise SetupError(text, workers=", ".join(differing))

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Future[Any]:
        """As `Executor.submit`. The cluster runs it again when its worker is lost."""
        future: Future[Any] = self._executor.submit(function, *arguments, **keywords)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; the workers stay."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()

    def give_up(self) -> None:
        """Leave the cluster now; it drops what nobody waits for."""
        self.shutdown(wait=False, cancel_futures=True)
