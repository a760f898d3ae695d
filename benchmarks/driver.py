"""What the driver itself costs per notebook, with workers that answer at once: a simulated class.

    python -m benchmarks.driver [--learners 1000]

The real `nbgrader autograde` converter grades the course's own notebook in this process, with everything that lies
beside it. Only the workers are replaced, by ones that give a recorded outcome; jobs and outcomes are pickled as on
their way to a process. All times are CPU time, which other work on the machine hardly changes.

"Ours" is every call of this package that nbgrader makes (reading, restoring, preparing ahead, asking for outcomes,
reports, hooks) and what our threads do; the rest is nbgrader's own: its steps around each notebook, its exporter's
copies and validations, its gradebook. Beside it, on the same class: stock nbgrader with `Execute` taken out. Then
`nbgrader generate_feedback` of both, with the process that makes our pages.
Writes `benchmarks/results/driver.json`.
"""

import argparse
import json
import logging
import os
import pickle
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import psutil
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from sqlalchemy.exc import SAWarning
from traitlets.config import PyFileConfigLoader

from autograder.execution.runner import task_of
from autograder.grading.job import Graded
from autograder.records import CheckResult, TaskGrade
from autograder.records import Outcome as Of
from autograder.scale import in_time, outcomes
from autograder.wiring import exporter, hooks
from autograder.wiring.exporter import GradingExporter
from autograder.wiring.preprocessors import RunNotebook, WriteReports
from autograder.wiring.sanitize import RestoreCells
from benchmarks.classes import ASSIGNMENT, make_course
from benchmarks.machine import save

NOTEBOOK = "2_l1_l2"
NOT_HANDED_IN = "*.npz"  # learners hand in the program beside their notebook; the images would only fill the disk
CHECKS = 3  # per task
CURVE = {"train": [1.0 / (i + 1) for i in range(40)], "held_out": [0.5 + 1.0 / (i + 1) for i in range(40)]}
FIGURE = {"image/png": "iVBORw0KGgo" + "A" * 30_000, "text/plain": "<Figure>"}
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "regularization"
c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
"""


def recorded(notebook: Any) -> Graded:
    """An outcome such as a worker gives: figures, and for each task some checks, one of them with curves."""
    points = {task_of(c): c.metadata.nbgrader.points for c in notebook.cells if task_of(c)}
    grades = {str(task): TaskGrade(str(task), _results(str(task), worth)) for task, worth in points.items()}
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and not task_of(cell)]
    texts = {i: [{"output_type": "stream", "name": "stdout", "text": "epoch 40\n"}] for i in code}
    figures = {i: [{"output_type": "display_data", "data": FIGURE, "metadata": {}}] for i in code[1::4]}
    return Graded(texts | figures, grades, seconds=1.0)


def _results(task: str, worth: float) -> list[CheckResult]:
    picture = {"given": CURVE, "theirs": CURVE, "reduction": [0.2, 0.3, 0.4], "strengths": {"l2": 0.001}}
    told = "The hidden layer carries an L2 penalty of `0.001`."
    parts = [worth / CHECKS] * CHECKS
    return [
        CheckResult(task, f"check_{i}", told, p, Of.PASSED, p, picture={} if i else picture)
        for i, p in enumerate(parts)
    ]


class Clock:
    """CPU seconds spent in calls of functions that it wraps, on any thread; a call inside another counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = threading.local()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what is done meanwhile."""
        outermost = not getattr(self._inside, "yes", False)
        self._inside.yes, began = True, time.thread_time()
        try:
            yield
        finally:
            if outermost:
                self._inside.yes = False
                self.seconds += time.thread_time() - began

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **keywords: Any) -> Any:
            with self.running():
                return function(*arguments, **keywords)

        return timed


class InstantPool(ThreadPoolExecutor):
    """Answers every job with the recorded outcome; data go in and out as they do between processes."""

    clock: Clock
    answer: dict[str, Any]

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        return super().submit(self._answer, function, arguments)

    def _answer(self, *job: Any) -> Any:
        result = pickle.dumps(self.answer)
        with self.clock.running():
            pickle.dumps(job)
            return pickle.loads(result)  # noqa: S301  # made above

    def give_up(self) -> None:
        self.shutdown()


OURS = (
    (GradingExporter, "__init__"), (exporter, "submitted_notebook"), (RestoreCells, "preprocess"),
    (RunNotebook, "preprocess"), (WriteReports, "preprocess"), (outcomes.Outcomes, "_keep"),
)  # fmt: skip


def make_class(folder: Path, learners: int) -> Path:
    """A course of one notebook, handed in by everybody with small differences."""
    course = make_course(folder)
    release = course / "release" / ASSIGNMENT
    text = (release / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8")
    stub = "raise NotImplementedError()"
    for number in range(learners):
        target = course / "submitted" / f"l{number:04}" / ASSIGNMENT
        shutil.copytree(release, target, ignore=shutil.ignore_patterns("*.ipynb", NOT_HANDED_IN))
        (target / f"{NOTEBOOK}.ipynb").write_text(text.replace(stub, f"{stub}  # {number}"), encoding="utf-8")
        (target / "timestamp.txt").write_text("2026-03-02 18:00:00 UTC", encoding="utf-8")
    shutil.copy(course / "gradebook.db", course / "ungraded.db")
    return course


def autograde(course: Path, *, stock: bool) -> float:
    """CPU seconds of this process for grading the class."""
    shutil.rmtree(course / "autograded", ignore_errors=True)
    shutil.copy(course / "ungraded.db", course / "gradebook.db")
    began = time.process_time()
    _convert(Autograde, course, stock=stock)
    return time.process_time() - began


def feedback(course: Path, *, stock: bool) -> float:
    """CPU seconds for the pages of the class, which is graded, with those of the process that makes them."""
    shutil.rmtree(course / "feedback", ignore_errors=True)
    began = sum(os.times()[:4])
    _convert(GenerateFeedback, course, stock=stock)
    in_time.stop()  # of a process that has ended the time is known
    return sum(os.times()[:4]) - began


def _convert(converter: Any, course: Path, *, stock: bool) -> None:
    if stock:
        (course / "stock.py").write_text(STOCK, encoding="utf-8")
    config = PyFileConfigLoader("stock.py" if stock else "nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    api = NbGraderAPI(config=config)
    api.coursedir.assignment_id = ASSIGNMENT
    converter(coursedir=api.coursedir, parent=api).start()


def measure(folder: Path, learners: int) -> dict[str, Any]:
    """Grade the class both ways; CPU time per notebook, and the memory at the end."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    course = make_class(folder, learners)
    alone, alone_pages = autograde(course, stock=True), feedback(course, stock=True)
    ours = InstantPool.clock = Clock()
    notebook = nbformat.read(course / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    InstantPool.answer = json.loads(json.dumps(recorded(notebook).to_json()))
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(outcomes, "LocalPool", InstantPool))
        for owner, name in OURS:
            stack.enter_context(mock.patch.object(owner, name, ours.around(getattr(owner, name))))
        for name in ("before_submission", "after_submission"):
            stack.enter_context(mock.patch.object(hooks, name, ours.around(getattr(hooks, name))))
        first = autograde(course, stock=False)
        first_ours, ours.seconds = ours.seconds, 0.0
        again = autograde(course, stock=False)
    pages = feedback(course, stock=False)
    return {
        "learners": learners,
        "notebook": NOTEBOOK,
        "ours_cpu_ms_per_notebook": round(1000 * first_ours / learners, 2),
        "nbgraders_cpu_ms_per_notebook": round(1000 * (first - first_ours) / learners, 2),
        "regrade": {
            "ours_cpu_ms_per_notebook": round(1000 * ours.seconds / learners, 2),
            "nbgraders_cpu_ms_per_notebook": round(1000 * (again - ours.seconds) / learners, 2),
        },
        "stock_without_executing_cpu_ms_per_notebook": round(1000 * alone / learners, 2),
        "pages_cpu_ms_per_notebook": {
            "ours": round(1000 * pages / learners, 2),
            "stock": round(1000 * alone_pages / learners, 2),
        },
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=1000)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "driver.json")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore", SAWarning)  # nbgrader's own
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        save(arguments.to, measure(Path(folder), arguments.learners))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
