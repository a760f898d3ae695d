"""Workers on this machine: processes that stay, each with its own trusted process."""

import ctypes
import multiprocessing
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import util
from pathlib import Path
from typing import Any

from autograder.grading.job import Grader, Job

_PR_SET_PDEATHSIG = 1
_graders: dict[str | None, Grader] = {}


def local_pool(workers: int) -> Executor:
    """A pool of fresh processes (not forks: the driver may have threads)."""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    """A worker dies with the driver, even when that is killed, and leaves Ctrl-C to it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def grade_remotely(job: Job, store: str | None) -> dict[str, Any]:
    """Grade one job in this worker process; returns the outcome as JSON."""
    if store not in _graders:
        _graders[store] = Grader(Path(store) if store else None)
        util.Finalize(None, _graders[store].close, exitpriority=10)
    return _graders[store].grade(job).to_json()
