"""The door through which `nbgrader autograde` reads notebooks: one per run, so it also holds the run."""

from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, v4

from autograder.errors import UnreadableNotebook
from autograder.grading.notebooks import read_notebook
from autograder.scale.due import DueNotebook, due_notebooks
from autograder.scale.run import GradingRun, recover


class GradingExporter(NotebookExporter):  # type: ignore[misc]
    """Reads learners' notebooks without trusting them; what cannot be read is graded as empty, with the reason."""

    _run: GradingRun | None = None

    def __init__(self, **kw: Any) -> None:
        """nbgrader makes it before it looks which submissions are graded already."""
        super().__init__(**kw)
        self.known: dict[tuple[str, str, str], Any] = {}  # what the gradebook knows of notebooks, see `sanitize`
        self._due: list[DueNotebook] = []
        if self.parent is not None:
            recover(self.parent)
            self._due = due_notebooks(self.parent)

    @property
    def run(self) -> GradingRun:
        """The grading run of this `nbgrader autograde`."""
        if self._run is None:
            self._run = GradingRun(self.parent, self, self._due)
        return self._run

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[str, ResourcesDict]:
        """Convert one notebook; a submitted one is read by `read_notebook`. Called by nbgrader for each file."""
        path = Path(filename)
        if not self.parent._sanitizing:
            return super().from_filename(filename, resources=resources, **kw)  # type: ignore[no-any-return]
        ready = self.run.sanitized(filename)
        if ready is None:
            notebook = self.read_submitted(path)
        else:
            notebook, resources = ready
            self._preprocessors: list[Any] = []  # nothing is left to do; nbgrader sets those of the next step itself
        resources = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(notebook, resources, **kw)  # type: ignore[no-any-return]

    def read_submitted(self, path: Path) -> NotebookNode:
        """The submitted notebook, or an empty one that carries why there is none."""
        try:
            return read_notebook(path)
        except UnreadableNotebook as error:
            self.log.warning("%s: %s It is graded as empty.", path, error)
            empty = v4.new_notebook()
            empty.metadata["autograder"] = {"unreadable": error.message.to_json()}
            return empty
