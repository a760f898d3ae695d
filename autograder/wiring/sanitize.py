"""Brings a submitted notebook back to what the gradebook knows of it, within nbgrader's sanitizing."""

from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.records import Submission
from autograder.wiring.exporter import GradingExporter
from autograder.wiring.restore import KnownNotebook, known_notebook, restore

Resources = Any


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Resets what learners must not change, and puts back cells that were deleted: see `restore`.

    It does the work of nbgrader's OverwriteCells and OverwriteKernelspec too, which ask the gradebook anew for each
    cell.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Restore all cells of one notebook."""
        about = resources["nbgrader"]
        of = Submission(about["assignment"], about["student"], about["notebook"])
        restore(nb, self._known(about), of, self.log)
        return nb, resources

    def _known(self, about: Mapping[str, str]) -> KnownNotebook:
        """Asked of the gradebook once per run, which an exporter lives as long as."""
        cache = self.parent.known if isinstance(self.parent, GradingExporter) else {}
        key = about["db_url"], about["assignment"], about["notebook"]
        if key not in cache:
            cache[key] = known_notebook(*key)
        known: KnownNotebook = cache[key]
        return known
