"""Reads notebooks for `nbgrader autograde`. There is one exporter a run, so it also holds the run."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from traitlets.utils.importstring import import_item

from autograder.errors import UnreadableNotebook
from autograder.grading.notebooks import make_room, read_plain
from autograder.grading.results import NOT_OURS, stored_results
from autograder.scale import quiet
from autograder.scale.due import DueNotebook, due_notebooks, graded_folder
from autograder.scale.logs import escape_names, few
from autograder.scale.names import settle_names
from autograder.scale.run import GradingRun, Sanitized, recover
from autograder.wiring.marking import is_readable, submitted_notebook


class Attempt(NamedTuple):
    """What is known of a submission before it is graded.

    `handed_in`: when; `before`: points by task of the attempt before; `file`: of the notebook.
    """

    handed_in: str
    before: Mapping[str, float]
    file: str


class GradingExporter(NotebookExporter):  # type: ignore[misc]
    """Reads learners' notebooks without trusting them; what cannot be read is graded as empty, with the reason."""

    _run: GradingRun | None = None

    def __init__(self, **kw: Any) -> None:
        """nbgrader makes it before it looks which submissions are graded already."""
        super().__init__(**kw)
        escape_names()
        self.known: dict[tuple[str, str, str], Any] = {}  # what the gradebook knows of notebooks, see `sanitize`
        self._due: list[DueNotebook] = []
        self._strays: list[str] = []  # learner/file
        self._attempts: dict[tuple[str, str, str], Attempt] = {}
        if self.parent is not None:
            quiet.begin(self.parent.parent, Path(self.parent.coursedir.root), "autograde")
            _let_hooks_fail(self.parent)
            recover(self.parent)
            self._strays = settle_names(self.parent)
            self._due = due_notebooks(self.parent)
            self._attempts = {(d.student, d.assignment, d.notebook): self._attempt(d) for d in self._due}

    @property
    def run(self) -> GradingRun:
        """The grading run of this `nbgrader autograde`."""
        if self._run is None:
            self._run = GradingRun(self.parent, self, self._due)
            self._run.progress.strays = self._strays
        return self._run

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[str, ResourcesDict]:
        """Convert one notebook; a submitted one is read by `read_notebook`. Called by nbgrader for each file."""
        path = Path(filename)
        if not self.parent._sanitizing:
            return super().from_filename(filename, resources=resources, **kw)  # type: ignore[no-any-return]
        ready = self.run.sanitized(filename)
        if ready is None:
            notebook = submitted_notebook(path, self.log)
        else:
            notebook, resources, _readable = ready
            self._preprocessors: list[Any] = []  # nothing is left to do; nbgrader sets those of the next step itself
        resources = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(notebook, resources, **kw)  # type: ignore[no-any-return]

    def sanitize(self, due: DueNotebook) -> Sanitized:
        """What nbgrader's sanitizing will give for this notebook, before nbgrader comes to it."""
        resources: Any = {
            "unique_key": due.notebook,
            "output_files_dir": f"{due.notebook}_files",
            "nbgrader": {
                "student": due.student,
                "assignment": due.assignment,
                "notebook": due.notebook,
                "db_url": self.parent.coursedir.db_url,
            },
        }  # as BaseConverter.init_single_notebook_resources makes it
        nb = submitted_notebook(Path(due.file), self.log)
        for preprocessor in self.parent.sanitize_preprocessors:
            chosen = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
            nb, resources = chosen(parent=self)(nb, resources)
        return Sanitized(nb, resources, is_readable(nb))

    def handed_in(self, about: Mapping[str, str]) -> bytes:
        """The file of a notebook as it was handed in; empty where it cannot be read any more."""
        with suppress(UnreadableNotebook):
            return read_plain(Path(self.attempt(about).file))
        return b""

    def attempt(self, about: Mapping[str, str]) -> Attempt:
        """When a notebook was handed in, and the points of the attempt before. `about`: nbgrader's resources."""
        return self._attempts.get((about["student"], about["assignment"], about["notebook"]), Attempt("", {}, ""))

    def _attempt(self, due: DueNotebook) -> Attempt:
        """Asked before nbgrader removes what was graded."""
        graded = graded_folder(self.parent, due.student, due.assignment) / f"{due.notebook}.ipynb"
        handed_in = ""
        try:
            time = self.parent.coursedir.get_existing_timestamp(due.folder)
            handed_in = time.isoformat() if time else ""
            earlier = stored_results(graded) if graded.exists() else None
        except NOT_OURS:
            earlier = None
        return Attempt(handed_in, earlier.seen_from(handed_in) if earlier else {}, due.file)


def _let_hooks_fail(converter: Any) -> None:
    """Have a hook that fails end the grading of its submission.

    nbgrader logs it at INFO and goes on: it would copy what our hook could not clear of links. After the first hook the
    course's own files get room, where a learner has something else of their names: nbgrader fails there.
    """

    def run(hook: Any) -> None:
        if hook:
            coursedir = converter.coursedir
            hook(assignment=coursedir.assignment_id, student=coursedir.student_id, notebooks=converter.notebooks)

    def before() -> None:
        run(converter.pre_convert_hook)
        coursedir = converter.coursedir
        source = Path(coursedir.format_path(coursedir.source_directory, ".", coursedir.assignment_id))
        for folder in {Path(n).parent for n in converter.notebooks}:
            for name in few(make_room(folder, source)):
                converter.log.warning("%s: %s was removed: the course has files of this name", folder, name)

    converter.run_pre_convert_hook = before
    converter.run_post_convert_hook = lambda: run(converter.post_convert_hook)
