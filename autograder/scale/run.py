"""One `nbgrader autograde`: gives each notebook's outcome, and has the next ones graded meanwhile.

nbgrader asks for one notebook after the other. The first question starts the workers; with each question the
submissions that come next are prepared and handed to them, so that they are graded while nbgrader writes. Jobs
are found again by the hash of what goes in: work that was prepared wrongly is only lost, never used.
"""

import copy
import os
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from traitlets import Dict, Integer, Unicode
from traitlets.config import LoggingConfigurable
from traitlets.utils.importstring import import_item

from autograder.errors import SetupError
from autograder.execution.runner import Limits
from autograder.grading.job import Job, Outcome, program_hash
from autograder.grading.notebooks import canonical, files_beside
from autograder.i18n import _
from autograder.records import Submission
from autograder.scale.pool import grade_remotely, local_pool
from autograder.scale.progress import Progress
from autograder.store import Store

CHECKS_DIR = Path(__file__).parents[1] / "checks"
# what an outcome depends on, beside the files of checks themselves
PROGRAM = ("checks", "execution", "grading", "trusted", "datasets.py", "records.py", "training.py")


class Course(LoggingConfigurable):
    """What a course sets in `nbgrader_config.py`, as `c.Course.…`."""

    secret = Unicode("demo", config=True, help="hidden inputs and training seeds derive from it: choose your own")
    languages = Dict(Unicode(), config=True, help="assignment → language of its feedback; English where not named")
    checks_directory = Unicode(str(CHECKS_DIR), config=True, help="folder of the files check_<notebook>.py")
    cell_seconds = Integer(120, config=True, help="time a cell may run, s")
    notebook_seconds = Integer(600, config=True, help="time a notebook may run, s")


class Scale(LoggingConfigurable):
    """How much is graded at once, as `c.Scale.…`."""

    workers = Integer(os.cpu_count() or 1, config=True, help="notebooks graded at the same time")
    lookahead = Integer(3, config=True, help="notebooks prepared per worker before nbgrader asks for them")
    store = Unicode(".autograder", config=True, help="folder of what was computed already; empty: remember nothing")
    store_bytes = Integer(4 << 30, config=True, help="size the store is trimmed to after a run")
    scheduler_address = Unicode("", config=True, help="tcp://… of a Dask scheduler; empty: processes on this machine")


class GradingRun:
    """The jobs of one run, from the submissions nbgrader is about to grade."""

    def __init__(self, converter: Any, exporter: Any) -> None:
        """`converter`: nbgrader's Autograde; `exporter`: the GradingExporter it reads with."""
        self.converter = converter
        self.exporter = exporter
        self.log = converter.log
        self.course = Course(parent=converter)
        self.scale = Scale(parent=converter)
        self.root = Path(converter.coursedir.root)
        folder = self.root / self.scale.store if self.scale.store else None
        self.store = Store(folder / "outcomes", self.scale.store_bytes) if folder else None
        self.folder = folder
        self.code = program_hash(*PROGRAM)
        self.futures: dict[str, Future[dict[str, Any]]] = {}
        self._executor: Executor | None = None
        self._coming: Iterator[tuple[str, str]] | None = None
        self.progress = Progress(self.log, total=len(list(self._due())))

    def outcome(self, nb: NotebookNode, about: dict[str, str]) -> Outcome:
        """The outcome of one notebook; `about` is nbgrader's resources["nbgrader"]. Waits while a worker grades it."""
        job = self.job(nb, about)
        key = job.key()
        self._submit(key, job)
        self._prepare()
        outcome = self._result(key, job)
        self.progress.done(job.submission, outcome)
        return outcome

    def unreadable(self, about: dict[str, str], outcome: Outcome) -> None:
        """Count a notebook that could not be read."""
        language = self.course.languages.get(about["assignment"], "en")
        self.progress.done(Submission(about["assignment"], about["student"], about["notebook"], language), outcome)

    def job(self, nb: NotebookNode, about: dict[str, str]) -> Job:
        """Everything that grading this sanitized notebook needs."""
        name = f"check_{about['notebook']}.py"
        path = Path(self.course.checks_directory, name)
        if not path.exists():
            text = _("There are no checks for the notebook {name}: {path} is missing.")
            raise SetupError(text, name=about["notebook"], path=path)
        assignment, student = about["assignment"], about["student"]
        coursedir = self.converter.coursedir
        return Job(
            Submission(assignment, student, about["notebook"], self.course.languages.get(assignment, "en")),
            canonical(nb),
            files_beside(
                Path(coursedir.format_path(coursedir.submitted_directory, student, assignment)),
                Path(coursedir.format_path(coursedir.source_directory, ".", assignment)),
            ),
            (name, path.read_text(encoding="utf-8")),
            self.course.secret,
            Limits(self.course.cell_seconds, self.course.notebook_seconds),
            dict(self.converter.config.get("Sandbox", {})),
            self.code,
        )

    def _submit(self, key: str, job: Job) -> None:
        if key in self.futures:
            return
        known = self.store.get(key) if self.store else None
        if known is not None:
            self.futures[key] = Future()
            self.futures[key].set_result(known)
        else:
            self.futures[key] = self.executor.submit(grade_remotely, job, str(self.folder) if self.folder else None)

    def _result(self, key: str, job: Job, tries: int = 2) -> Outcome:
        try:
            data = self.futures.pop(key).result()
        except (BrokenProcessPool, CancelledError, OSError) as error:
            self.log.warning("A worker was lost (%s); %s is graded again.", error, job.submission)
            self.close()
            if tries == 0:
                return Outcome(fault=f"the workers were lost three times: {error}")
            self._submit(key, job)
            return self._result(key, job, tries - 1)
        outcome = Outcome.from_json(data)
        if (
            self.store
            and not outcome.fault
            and not outcome.death
            and not any(g.flagged for g in outcome.grades.values())
        ):
            self.store.put(key, data)
        return outcome

    @property
    def executor(self) -> Executor:
        """The workers, started when first needed: any `concurrent.futures.Executor` will do."""
        if self._executor is None:
            if self.scale.scheduler_address:
                from autograder.scale.dask import dask_executor

                self._executor = dask_executor(self.scale.scheduler_address)
            else:
                self._executor = local_pool(self.scale.workers)
        return self._executor

    def _prepare(self) -> None:
        """Hand the next submissions to the workers."""
        if self._coming is None:
            self._coming = self._due()
        while len(self.futures) < self.scale.workers * self.scale.lookahead:
            upcoming = next(self._coming, None)
            if upcoming is None:
                return
            try:
                job = self._prepared(*upcoming)
            except Exception as error:  # nbgrader will meet it itself, when it comes to this notebook
                self.log.warning("%s was not prepared: %r", upcoming[1], error)
                continue
            self._submit(job.key(), job)

    def _prepared(self, folder: str, filename: str) -> Job:
        """The job nbgrader will ask for when it has sanitized this notebook."""
        with self._reading_submissions():
            resources = self.converter.init_single_notebook_resources(filename)
        nb = self.exporter.read_submitted(Path(filename))
        for preprocessor in self.converter.sanitize_preprocessors:
            chosen = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
            nb, resources = chosen(parent=self.exporter)(nb, copy.deepcopy(resources))
        return self.job(nb, resources["nbgrader"])

    def _due(self) -> Iterator[tuple[str, str]]:
        """(folder, notebook file) of what nbgrader will grade, in its order."""
        with self._reading_submissions():
            folders = sorted(self.converter.assignments)
            return iter([(f, n) for f in folders if self._is_due(f) for n in sorted(self.converter.assignments[f])])

    @contextmanager
    def _reading_submissions(self) -> Iterator[None]:
        """nbgrader's converter as it is in its first pass, when its input is submitted/."""
        before, self.converter._sanitizing = self.converter._sanitizing, True
        try:
            yield
        finally:
            self.converter._sanitizing = before

    def _is_due(self, folder: str) -> bool:
        """What `BaseConverter.init_destination` will decide, without its side effects."""
        coursedir, path = self.converter.coursedir, Path(folder)
        assignment, student = path.name, path.parent.name
        if student in coursedir.student_id_exclude.split(","):
            return False
        graded = Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
        if self.converter.force or not graded.exists():
            return True
        new, old = (coursedir.get_existing_timestamp(str(p)) for p in (path, graded))
        return bool(new and old and new > old)

    def close(self) -> None:
        """End the workers and trim the store."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
        if self.store:
            self.store.trim()
