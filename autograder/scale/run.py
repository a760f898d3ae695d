"""One `nbgrader autograde`: gives each notebook's outcome, and has the next ones graded meanwhile.

nbgrader asks for one notebook after the other. The first question starts the workers; while one outcome is
waited for, the notebooks that come next are prepared and handed to them. Jobs are found again by the hash of
what goes in: work that was prepared wrongly is only lost, never used.
"""

import atexit
import copy
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from traitlets.utils.importstring import import_item

from autograder.errors import SetupError
from autograder.execution.runner import Limits
from autograder.grading.job import Job, Outcome, program_hash
from autograder.grading.notebooks import canonical, files_beside
from autograder.i18n import _, say
from autograder.records import Submission
from autograder.sandbox.rundir import RunFolder
from autograder.scale.dask import DaskPool
from autograder.scale.due import DueNotebook, graded_folder
from autograder.scale.journal import remove_half_written, unfinished
from autograder.scale.pool import PROGRAM, LocalPool, grade_remotely
from autograder.scale.progress import Progress
from autograder.scale.settings import Course, Scale
from autograder.store import Store, trim

MAX_READY = 200  # outcomes that wait for nbgrader, in memory
TRIES = 3  # of a job whose worker is lost
_open: list["GradingRun"] = []


def runs() -> tuple["GradingRun", ...]:
    """The runs of this process that have not ended; nbgrader has one at a time."""
    return tuple(_open)


class GradingRun:
    """The jobs of one run, from the submissions nbgrader is about to grade."""

    def __init__(self, converter: Any, exporter: Any, due: Sequence[DueNotebook]) -> None:
        """`converter`: nbgrader's Autograde; `exporter`: the GradingExporter it reads with; `due`: what it will ask."""
        for earlier in runs():  # one that was broken off in this process
            earlier.close()
        self.converter, self.exporter, self.log = converter, exporter, converter.log
        self.course, self.scale = Course(parent=converter), Scale(parent=converter)
        root = Path(converter.coursedir.root)
        self._own = None if self.scale.store else RunFolder()  # for this run only
        self.folder = self._own.path if self._own else root / self.scale.store
        self.store = Store(self.folder / "outcomes")
        self.code = program_hash(*PROGRAM)
        self.futures: dict[str, Future[dict[str, Any]]] = {}
        self._pool: LocalPool | DaskPool | None = None
        self._coming = iter(due)
        self._unfinished = {d.folder for d in due}  # submissions
        self.progress = Progress(self.log, len(due))
        _open.append(self)
        atexit.register(self.close)

    def outcome(self, nb: NotebookNode, about: dict[str, str]) -> Outcome:
        """The outcome of one notebook; `about` is nbgrader's resources["nbgrader"]. Waits while a worker grades it."""
        job = self.job(nb, about)
        try:
            outcome = self._result(job)
        except BaseException:  # Ctrl-C, too: nobody will ask for the others
            self._give_up()
            raise
        self.progress.done(job.submission, outcome)
        return outcome

    def unreadable(self, about: dict[str, str], outcome: Outcome) -> None:
        """Count a notebook that could not be read."""
        language = self.course.languages.get(about["assignment"], "en")
        submission = Submission(about["assignment"], about["student"], about["notebook"], language)
        self.progress.done(submission, outcome, readable=False)

    def finished(self, folders: set[str]) -> int:
        """These submissions are written. After the last one the run ends: gives the exit status for nbgrader."""
        self._unfinished -= folders
        if self._unfinished:
            return 0
        self.close()
        on_command_line = hasattr(self.converter.parent, "extra_args")  # an application; else the formgrader's API
        return int(self.scale.flagged_status) if self.progress.flagged and on_command_line else 0

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

    def _result(self, job: Job) -> Outcome:
        """Wait for a job's outcome. When its worker is lost it is tried again alone, so that no other is blamed."""
        key, error = job.key(), None
        for attempt in range(TRIES):
            self._submit(key, job)
            try:
                return Outcome.from_json(self._awaited(key, prepare=attempt == 0))
            except Exception as lost:  # of a pool that broke, or of a cluster: whatever it is, there is no outcome
                error = lost
                self.log.warning(say(_("A worker was lost ({error}); {student}, {notebook} is graded again."),
                                     error=f"{type(error).__name__}: {error}", student=job.submission.student,
                                     notebook=job.submission.notebook))  # fmt: skip
                self._give_up()
        return Outcome(fault=f"the workers were lost {TRIES} times: {error}")

    def _awaited(self, key: str, *, prepare: bool) -> dict[str, Any]:
        """A submitted job's outcome as JSON; the workers are kept busy meanwhile."""
        while True:
            if prepare:
                self._prepare()
            if self.futures[key].done():
                return self.futures.pop(key).result()
            wait([f for f in self.futures.values() if not f.done()], return_when=FIRST_COMPLETED)

    def _submit(self, key: str, job: Job) -> None:
        if key in self.futures:
            return
        known = self._known(key)
        if known is not None:
            self.futures[key] = Future()
            self.futures[key].set_result(known)
            return
        # a cluster's workers have no folder of ours
        folder = None if self.scale.scheduler_address else str(self.folder.resolve())
        self.futures[key] = self.pool.submit(grade_remotely, job, folder)
        self.futures[key].add_done_callback(lambda future: self._keep(key, future))

    def _known(self, key: str) -> dict[str, Any] | None:
        """The stored outcome, if it is one."""
        data = self.store.get(key)
        try:
            Outcome.from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        return dict(data)

    def _keep(self, key: str, future: Future[dict[str, Any]]) -> None:
        """Store an outcome as soon as it is there, whether or not nbgrader comes to ask for it. On any thread."""
        if not future.cancelled() and future.exception() is None and Outcome.from_json(future.result()).settled:
            self.store.put(key, future.result())

    @property
    def pool(self) -> LocalPool | DaskPool:
        """The workers, started when first needed."""
        if self._pool is None:
            address = self.scale.scheduler_address
            self._pool = DaskPool(address) if address else LocalPool(self.scale.workers)
        return self._pool

    def _prepare(self) -> None:
        """Hand the next submissions to the workers, as many as keep them busy."""
        enough = self.scale.workers * self.scale.lookahead
        while len(self.futures) < MAX_READY and sum(not f.done() for f in self.futures.values()) < enough:
            upcoming = next(self._coming, None)
            if upcoming is None:
                return
            try:
                job = self._prepared(upcoming)
            except Exception as error:  # nbgrader will meet it itself, when it comes to this notebook
                self.log.warning("%s was not prepared: %r", upcoming.file, error)
                continue
            self._submit(job.key(), job)

    def _prepared(self, notebook: DueNotebook) -> Job:
        """The job nbgrader will ask for when it has sanitized this notebook."""
        sanitizing, self.converter._sanitizing = self.converter._sanitizing, True
        try:
            resources = self.converter.init_single_notebook_resources(notebook.file)
        finally:
            self.converter._sanitizing = sanitizing
        nb = self.exporter.read_submitted(Path(notebook.file))
        for preprocessor in self.converter.sanitize_preprocessors:
            chosen = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
            nb, resources = chosen(parent=self.exporter)(nb, copy.deepcopy(resources))
        return self.job(nb, resources["nbgrader"])

    def _give_up(self) -> None:
        """End the workers now; what was not finished is submitted anew when nbgrader asks for it."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.give_up()
        self.futures = {k: f for k, f in self.futures.items() if f.done() and not f.cancelled() and not f.exception()}

    def close(self) -> None:
        """The end: no worker stays, the store is trimmed, the summary is said. Called more than once."""
        if self not in _open:
            return
        _open.remove(self)
        atexit.unregister(self.close)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.give_up()
        self.progress.finish()
        trim(self.folder, self.scale.store_bytes)
        if self._own:
            self._own.remove()


def recover(converter: Any) -> None:
    """Remove what a killed run left half-written, so that nbgrader does not take it for graded."""
    for student, assignment, notebooks in unfinished(Path(converter.coursedir.root)):
        if remove_half_written(graded_folder(converter, student, assignment), notebooks):
            text = _("{student}, {assignment}: an earlier run was stopped in the middle; it is graded again.")
            converter.log.warning(say(text, student=student, assignment=assignment))
