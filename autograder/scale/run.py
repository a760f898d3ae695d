"""One `nbgrader autograde`: gives each notebook's outcome, and has the next ones graded meanwhile.

nbgrader asks for one notebook after the other. The first question starts the workers; while one outcome is
waited for, the notebooks that come next are prepared and handed to them. Jobs are found again by the hash of
what goes in: work that was prepared wrongly is only lost, never used.
"""

import atexit
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nbformat import NotebookNode

from autograder.errors import UnreadableNotebook
from autograder.grading.job import Graded, Job
from autograder.grading.notebooks import files_beside, read_plain
from autograder.grading.times import time_is_unknown
from autograder.i18n import _, say
from autograder.sandbox.rundir import RunFolder
from autograder.scale.due import DueNotebook, graded_folder, known_notebooks
from autograder.scale.gradebook import share_engines
from autograder.scale.in_time import stop
from autograder.scale.jobs import Jobs
from autograder.scale.journal import remove_half_written, unfinished
from autograder.scale.outcomes import Outcomes, Workers
from autograder.scale.priority import Grading
from autograder.scale.progress import Progress
from autograder.scale.quiet import on_command_line
from autograder.scale.settings import KNOWN, Course, Scale
from autograder.store import trim
from autograder.unit import load

MAX_READY = 200  # outcomes that wait for nbgrader, in memory
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
        self.scale, root = Scale(parent=converter), Path(converter.coursedir.root)
        self.jobs = self._jobs(Course(parent=converter), root)
        self._own = None if self.scale.store else RunFolder()  # for this run only
        self.folder = self._own.path if self._own else root / self.scale.store
        self.outcomes = Outcomes(Workers(self.scale, self.jobs.unit.family), self.folder, self.log)
        self._coming = iter(due)
        self._begun: set[str] = set()  # files that nbgrader has come to
        self._prepared: dict[str, Prepared] = {}  # by file
        self._expected: Job | None = None  # of the notebook that nbgrader is at
        self._unfinished = {d.folder for d in due}  # submissions
        if self.jobs.course.secret_is_known:
            self.log.warning(say(KNOWN))
        self.progress = Progress(self.log, len(due))
        self._grading = Grading(root)
        _open.append(self)
        atexit.register(self.close)

    def _jobs(self, course: Course, root: Path) -> Jobs:
        coursedir = self.converter.coursedir

        def folder(step: str) -> Callable[[str], Path]:
            return lambda assignment: Path(coursedir.format_path(step, ".", assignment))

        def count(_assignment: str) -> int:
            return len(known_notebooks(self.converter) or ())

        sandbox = dict(self.converter.config.get("Sandbox", {}))
        source, released = folder(coursedir.source_directory), folder(coursedir.release_directory)
        return Jobs(load(course.unit, root), course, sandbox, course.secret, source, count, released)

    def outcome(self, nb: NotebookNode, about: dict[str, str]) -> Graded:
        """The outcome of one notebook; `about` is nbgrader's resources["nbgrader"]. Waits while a worker grades it."""
        job = self.job(nb, about)
        try:
            outcome = self.outcomes.of(job, self._prepare)
        except BaseException:  # Ctrl-C, too: nobody will ask for the others
            self.outcomes.give_up()
            raise
        self.progress.done(job.submission, outcome)
        return outcome

    def unreadable(self, about: dict[str, str], outcome: Graded) -> None:
        """Count a notebook that could not be read."""
        submission = self.jobs.submission(about["assignment"], about["student"], about["notebook"])
        self.progress.done(submission, outcome, readable=False)

    def finished(self, folders: set[str]) -> int:
        """These submissions are written. After the last one the run ends: gives the exit status for nbgrader."""
        self._unfinished -= folders
        self.progress.timeless += [Path(f).parent.name for f in sorted(folders) if time_is_unknown(Path(f))]
        if self._unfinished:
            return 0
        self.close()
        flagged = self.progress.flagged or self.progress.strays
        return int(self.scale.flagged_status) if flagged and on_command_line(self.converter.parent) else 0

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
        submission = self.jobs.submission(about["assignment"], about["student"], about["notebook"])
        expected = self._expected
        # the text is dear to make: that of another learner's notebook need not be compared
        if expected and expected.submission == submission and expected.notebook == self.jobs.notebook(submission, nb):
            return expected
        coursedir = self.converter.coursedir
        folder = coursedir.format_path(coursedir.submitted_directory, submission.student, submission.assignment)
        return self.jobs.job(submission, nb, lambda own: files_beside(Path(folder), own.content))

    def _prepare(self) -> None:
        """Hand the next submissions to the workers, as many as keep them busy."""
        enough = self.scale.workers * self.scale.lookahead
        while len(self.outcomes.futures) < MAX_READY and self.outcomes.busy < enough:
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
                self.outcomes.submit(prepared.job)

    def _sanitized(self, due: DueNotebook) -> Prepared:
        """What nbgrader will have when it has sanitized this notebook, and the job it will ask for."""
        digest = _digest(due.file)
        found = self.sanitizer.sanitize(due)
        return Prepared(
            digest, found, self.job(found.notebook, found.resources["nbgrader"]) if found.readable else None
        )

    def close(self) -> None:
        """The end: no worker stays, the store is trimmed, the summary is said. Called more than once."""
        if self not in _open:
            return
        _open.remove(self)
        atexit.unregister(self.close)
        self.outcomes.workers.give_up()
        self._grading.end()
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
