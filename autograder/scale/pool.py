"""Workers on this machine: processes that stay, each with its own trusted process.

A worker lives as long as a pipe from the driver is open. When it closes, because the run is given up or
because the driver was killed, the worker stops what it does, cleans up and ends: nothing stays behind.
"""

import itertools
import multiprocessing
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import util
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.grading.grader import Grader, remembered
from autograder.grading.job import Job
from autograder.sandbox.rundir import RunFolder
from autograder.store import trim

_PATIENCE = 20.0  # s a worker may take to stop what it does

OWN_BYTES = 1 << 30  # of what a worker remembers by itself
TRIM_EVERY = 50  # jobs

_count = itertools.count(1)
_graders: dict[str | None, Grader] = {}
_own: list[RunFolder] = []
_busy = threading.Lock()


class LocalPool(ProcessPoolExecutor):
    """A pool of fresh processes (not forks: the driver may have threads)."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        reader, self._alive = context.Pipe(duplex=False)
        self._turn = threading.Lock()
        super().__init__(workers, context, initializer=_start_worker, initargs=(reader,))
        # concurrent.futures waits at exit until every job is done; a driver that ends gives them up
        threading.Thread(target=self._end_with_main_thread, name="pool-guard", daemon=True).start()

    def give_up(self) -> None:
        """End the workers now, whatever they do."""
        self._end_workers()
        self.shutdown(wait=True, cancel_futures=True)

    def _end_with_main_thread(self) -> None:
        threading.main_thread().join()
        self._end_workers()

    def _end_workers(self) -> None:
        with self._turn:  # `give_up` is called at exit, too, when the main thread counts as ended
            self._alive.close()


def _start_worker(alive: Connection) -> None:
    """Take this worker out of the terminal's process group, and end it when the driver ends.

    Ctrl-C then reaches the driver alone, which gives its workers up.
    """
    os.setsid()
    threading.Thread(target=_end_with_driver, args=(alive,), name="driver-watch", daemon=True).start()


def _end_with_driver(alive: Connection) -> None:
    try:
        alive.recv_bytes()  # nothing is ever sent
    except (EOFError, OSError):
        pass
    for grader in list(_graders.values()):
        grader.cancel()
    _busy.acquire(timeout=_PATIENCE)
    _close_graders()
    os._exit(0)


def _close_graders() -> None:
    """Close every grader and remove every folder. May be called by two threads at once."""
    for grader in list(_graders.values()):
        grader.close()
    for folder in list(_own):
        folder.remove()


def grade_remotely(job: Job, store: str | None, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Grade one job in this worker process; returns what it gave as JSON.

    `store`: the folder to remember things in; None for one of its own, which is gone with the worker. Then `known`
    are entries that it starts with, and the answer's "entries" are what the driver is to remember. A
    worker grades one job at a time, whatever its threads.
    """
    with _busy:
        if store not in _graders:
            _graders[store] = _new_grader(store)
        grader = _graders[store]
        if store is not None:
            return grader.grade(job).to_json()
        if next(_count) % TRIM_EVERY == 0:
            trim(grader.folder, OWN_BYTES)
        for key, value in (known or {}).items():
            grader.store.put(key, value, job.owner)
        return {**grader.grade(job).to_json(), "entries": remembered(grader.store, job)}


def _new_grader(store: str | None) -> Grader:
    if store is None:
        _own.append(RunFolder())
    util.Finalize(None, _close_graders, exitpriority=10)
    return Grader(_own[-1].path if store is None else Path(store))
