"""What becomes of a notebook on its way to learners, beside what nbgrader does itself."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

GOES_ON = "raises-exception"  # the tag by which Jupyter and nbclient go on after a cell that raised


class GoOnAfterErrors(NbGraderPreprocessor):  # type: ignore[misc]
    """Tags code cells, so that "Run All" goes on after an error, as the grading does, and shows what it will see.

    The released notebook alone has the tags: where the instructor's own raises, its execution must stop.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        """Tag one cell."""
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            cell.metadata["tags"] = [*tags, *({GOES_ON} - set(tags))]
        return cell, resources
