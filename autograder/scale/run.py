"""One `nbgrader autograde`: gives each notebook's outcome, and has the next ones graded meanwhile.

nbgrader asks for one notebook after the other. The first question starts the workers; while one outcome is
waited for, the notebooks that come next are prepared and handed to them. Jobs are found again by the hash of
what goes in: work that was prepared wrongly is only lost, never used.
"""

import atexit
import hashlib
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nbformat import NotebookNode

from autograder.errors import SetupError, UnreadableNotebook
from autograder.execution.runner import Limits
from autograder.grading.job import Graded, Job, remembered
from autograder.grading.notebooks import canonical, course_files, files_beside, read_plain
from autograder.grading.times import time_is_unknown
from autograder.i18n import _, say
from autograder.records import Files, Submission
from autograder.sandbox.rundir import RunFolder
from autograder.scale.dask import DaskPool
from autograder.scale.due import DueNotebook, graded_folder, known_notebooks
from autograder.scale.gradebook import share_engines
from autograder.scale.in_time import stop
from autograder.scale.journal import remove_half_written, unfinished
from autograder.scale.pool import LocalPool, grade_remotely
from autograder.scale.progress import Progress
from autograder.scale.settings import KNOWN, Course, Scale
from autograder.store import Store, trim
from autograder.unit import load

MAX_READY = 200  # outcomes that wait for nbgrader, in memory
TRIES = 3  # of a job whose worker is lost
_open: list["GradingRun"] = []


def runs() -> tuple["GradingRun", ...]:
    """The runs of this process that have not ended; nbgrader has one at a time."""
    return tuple(_open)


class Sanitized(NamedTuple):
    """A submitted notebook as nbgrader will have it when it grades it. `readable`: whether the file was a notebook."""

    notebook: NotebookNode
    resources: Any
    readable: bool


class Sanitizer(Protocol):
    """Brings a submitted notebook back to what the gradebook knows of it; `wiring` has the one there is."""

    def sanitize(self, due: DueNotebook) -> Sanitized:
        """One notebook; raises what nbgrader would raise of it."""
        ...


class Prepared(NamedTuple):
    """A notebook that was sanitized before nbgrader came to it. `digest`: SHA-256 of the file it was made from."""

    digest: bytes
    sanitized: Sanitized
    job: Job | None  # None when the file cannot be read


class GradingRun:
    """The jobs of one run, from the submissions nbgrader is about to grade."""

    def __init__(self, converter: Any, sanitizer: Sanitizer, due: Sequence[DueNotebook]) -> None:
        """`converter`: nbgrader's Autograde, whose settings count; `due`: the notebooks that it will ask for."""
        for earlier in runs():  # one that was broken off in this process
            earlier.close()
        share_engines()
        self.converter, self.sanitizer, self.log = converter, sanitizer, converter.log
        self.course, self.scale = Course(parent=converter), Scale(parent=converter)
        root = Path(converter.coursedir.root)
        self.unit = load(self.course.unit, root)
        self._own = None if self.scale.store else RunFolder()  # for this run only
        self.folder = self._own.path if self._own else root / self.scale.store
        self.store, self.executions = Store(self.folder / "outcomes"), Store(self.folder / "executions")
        self.futures: dict[str, Future[dict[str, Any]]] = {}
        self._pool: LocalPool | DaskPool | None = None
        self._coming = iter(due)
        self._begun: set[str] = set()  # files that nbgrader has come to
        self._prepared: dict[str, Prepared] = {}  # by file
        self._expected: Job | None = None  # of the notebook that nbgrader is at
        self._own_files: dict[str, Files] = {}  # by assignment
        self._parts: dict[str, int] = {}  # notebooks, by assignment
        self._unfinished = {d.folder for d in due}  # submissions
        if self.course.secret_is_known:
            self.log.warning(say(KNOWN))
        self.progress = Progress(self.log, len(due))
        _open.append(self)
        atexit.register(self.close)

    def outcome(self, nb: NotebookNode, about: dict[str, str]) -> Graded:
        """The outcome of one notebook; `about` is nbgrader's resources["nbgrader"]. Waits while a worker grades it."""
        job = self.job(nb, about)
        try:
            outcome = self._result(job)
        except BaseException:  # Ctrl-C, too: nobody will ask for the others
            self._give_up()
            raise
        self.progress.done(job.submission, outcome)
        return outcome

    def unreadable(self, about: dict[str, str], outcome: Graded) -> None:
        """Count a notebook that could not be read."""
        language = self.course.languages.get(about["assignment"], "en")
        submission = Submission(about["assignment"], about["student"], about["notebook"], language)
        self.progress.done(submission, outcome, readable=False)

    def finished(self, folders: set[str]) -> int:
        """These submissions are written. After the last one the run ends: gives the exit status for nbgrader."""
        self._unfinished -= folders
        self.progress.timeless += [Path(f).parent.name for f in sorted(folders) if time_is_unknown(Path(f))]
        if self._unfinished:
            return 0
        self.close()
        on_command_line = hasattr(self.converter.parent, "extra_args")  # an application; else the formgrader's API
        flagged = self.progress.flagged or self.progress.strays
        return int(self.scale.flagged_status) if flagged and on_command_line else 0

    def sanitized(self, file: str) -> Sanitized | None:
        """nbgrader comes to this file: what sanitizing it gave, if that is done already."""
        self._begun.add(file)
        prepared, self._expected = self._prepared.pop(file, None), None
        if prepared is None or _digest(file) != prepared.digest:
            return None
        self._expected = prepared.job
        return prepared.sanitized

    def job(self, nb: NotebookNode, about: dict[str, str]) -> Job:
        """Everything that grading this sanitized notebook needs."""
        assignment, student = about["assignment"], about["student"]
        submission = Submission(assignment, student, about["notebook"], self.course.languages.get(assignment, "en"))
        expected, text = self._expected, canonical(nb)
        if expected is not None and (expected.submission, expected.notebook) == (submission, text):
            return expected
        coursedir, own = self.converter.coursedir, self._files_of(assignment)
        submitted = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
        self._require_checks(about["notebook"])
        return Job(
            submission,
            text,
            files_beside(submitted, own.content),
            self.unit.source,
            self.course.secret,
            self._limits(assignment),
            dict(self.converter.config.get("Sandbox", {})),
            own,
        )

    def _limits(self, assignment: str) -> Limits:
        """A notebook's limits: its part of the submission's time is the same for all, whatever else was handed in."""
        if assignment not in self._parts:
            self._parts[assignment] = max(1, len(known_notebooks(self.converter) or ()))
        seconds = self.course.submission_seconds / self._parts[assignment]
        return Limits(self.course.cell_seconds, self.course.notebook_seconds, seconds)

    def _require_checks(self, notebook: str) -> None:
        path = self.unit.checks_file(notebook)
        if not path.exists():
            text = _("There are no checks for the notebook {name}: {path} is missing.")
            raise SetupError(text, name=notebook, path=path)

    def _files_of(self, assignment: str) -> Files:
        """What the course puts beside the notebooks of an assignment; read once."""
        if assignment not in self._own_files:
            coursedir = self.converter.coursedir
            folder = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
            self._own_files[assignment] = Files(course_files(folder))
        return self._own_files[assignment]

    def _result(self, job: Job) -> Graded:
        """Wait for a job's outcome. When its worker is lost it is tried again alone, so that no other is blamed."""
        key, error = job.key, None
        for attempt in range(TRIES):
            self._submit(key, job)
            try:
                return Graded.from_json(self._awaited(key, prepare=attempt == 0))
            except Exception as lost:  # of a pool that broke, or of a cluster: whatever it is, there is no outcome
                error = lost
                self.log.warning(say(_("A worker was lost ({error}); {student}, {notebook} is graded again."),
                                     error=f"{type(error).__name__}: {error}", student=job.submission.student,
                                     notebook=job.submission.notebook))  # fmt: skip
                self._give_up()
        return Graded(fault=f"the workers were lost {TRIES} times: {error}")

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
        if self.scale.scheduler_address:  # a cluster's workers have no folder of ours
            self.futures[key] = self.pool.submit(grade_remotely, job, None, remembered(self.executions, job))
        else:
            self.futures[key] = self.pool.submit(grade_remotely, job, str(self.folder.resolve()))
        self.futures[key].add_done_callback(lambda future: self._keep(key, job.owner, future))

    def _known(self, key: str) -> dict[str, Any] | None:
        """The stored outcome, if it is one."""
        data = self.store.get(key)
        try:
            Graded.from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        return dict(data)

    def _keep(self, key: str, owner: str, future: Future[dict[str, Any]]) -> None:
        """Store an outcome as soon as it is there, whether or not nbgrader comes to ask for it. On any thread."""
        if future.cancelled() or future.exception() is not None:
            return
        result = future.result()
        for entry, value in result.pop("entries", {}).items():
            self.executions.put(entry, value, owner)
        if Graded.from_json(result).settled:
            self.store.put(key, result, owner)

    @property
    def pool(self) -> LocalPool | DaskPool:
        """The workers, started when first needed."""
        if self._pool is None:
            address = self.scale.scheduler_address
            self._pool = DaskPool(address, self.unit.family) if address else LocalPool(self.scale.workers)
        return self._pool

    def _prepare(self) -> None:
        """Hand the next submissions to the workers, as many as keep them busy."""
        enough = self.scale.workers * self.scale.lookahead
        while len(self.futures) < MAX_READY and sum(not f.done() for f in self.futures.values()) < enough:
            upcoming = next(self._coming, None)
            if upcoming is None:
                return
            if upcoming.file in self._begun:
                continue
            try:
                prepared = self._sanitized(upcoming)
            except Exception as error:  # nbgrader will meet it itself, when it comes to this notebook
                self.log.warning("%s was not prepared: %r", upcoming.file, error)
                continue
            self._prepared[upcoming.file] = prepared
            if prepared.job is not None:
                self._submit(prepared.job.key, prepared.job)

    def _sanitized(self, due: DueNotebook) -> Prepared:
        """What nbgrader will have when it has sanitized this notebook, and the job it will ask for."""
        digest = _digest(due.file)
        found = self.sanitizer.sanitize(due)
        return Prepared(
            digest, found, self.job(found.notebook, found.resources["nbgrader"]) if found.readable else None
        )

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
        stop()
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


def _digest(file: str) -> bytes:
    """SHA-256 of a submitted notebook's file; of nothing, when it cannot be read."""
    try:
        return hashlib.sha256(read_plain(Path(file))).digest()
    except UnreadableNotebook:
        return b""
