"""What the driver itself costs per notebook, with workers that answer at once: a simulated class.

    python -m benchmarks.driver [--learners 1000]

The real `nbgrader autograde` converter grades a tiny assignment in this process; only the workers are
replaced, by ones that give a recorded outcome. Told apart: nbgrader's own work and ours. Writes
`benchmarks/results/driver.json`.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from traitlets.config import PyFileConfigLoader

from autograder.grading.job import Outcome
from autograder.records import CheckResult, TaskGrade
from autograder.records import Outcome as Of
from autograder.scale import run
from autograder.wiring.exporter import GradingExporter
from benchmarks.machine import save
from tests.mini.course import MiniCourse

RECORDED = Outcome(
    grades={
        "double": TaskGrade("double", [CheckResult("double", "doubled", "", 3, Of.PASSED, 3)]),
        "word": TaskGrade("word", [CheckResult("word", "right_word", "", 3, Of.PASSED, 3)]),
    }
)


class InstantPool(ThreadPoolExecutor):
    """Answers every job with the recorded outcome."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        return super().submit(lambda: {**RECORDED.to_json(), "seconds": 1.0})

    def give_up(self) -> None:
        self.shutdown()


class Clock:
    """CPU seconds spent in calls of functions that it wraps; a call inside another counts once.

    Of this thread: other work on the machine does not count, nor does what the instant workers do.
    """

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **keywords: Any) -> Any:
            self._depth += 1
            began = time.thread_time()
            try:
                return function(*arguments, **keywords)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self.seconds += time.thread_time() - began

        return timed


def measure(folder: Path, learners: int) -> dict[str, Any]:
    """Grade the class; CPU time per notebook, and the memory at the end."""
    course = MiniCourse(folder)
    for number in range(learners):
        course.hand_in(f"l{number:04}", word=f"word = 'right'  # {number}")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    os.environ["PATH"] = course.environment()["PATH"]
    api = NbGraderAPI(config=config)
    api.coursedir.assignment_id = "mini"
    ours, began = Clock(), time.thread_time()
    with (
        mock.patch.object(run, "LocalPool", InstantPool),
        mock.patch.object(run.GradingRun, "outcome", ours.around(run.GradingRun.outcome)),
        mock.patch.object(GradingExporter, "__init__", ours.around(GradingExporter.__init__)),
        mock.patch.object(GradingExporter, "read_submitted", ours.around(GradingExporter.read_submitted)),
    ):
        Autograde(coursedir=api.coursedir, parent=api).start()
    total = time.thread_time() - began
    return {
        "learners": learners,
        "ours_cpu_ms_per_notebook": round(1000 * ours.seconds / learners, 2),
        "nbgraders_cpu_ms_per_notebook": round(1000 * (total - ours.seconds) / learners, 2),
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=1000)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "driver.json")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        save(arguments.to, measure(Path(folder), arguments.learners))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
