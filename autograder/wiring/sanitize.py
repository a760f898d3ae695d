"""Bring a submitted notebook back to what the gradebook knows of it, before anything of it is run."""

from collections.abc import Mapping, Sequence
from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

Resources = Any


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Resets every cell's nbgrader metadata from the gradebook and puts back cells that were deleted.

    Learners' metadata decide nothing: points, ids and flags are the gradebook's. Of cells with the same id the last
    counts. Graded and locked cells that are missing return; a solution cell that is missing stays missing, since
    there is nothing to grade.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Restore all cells of one notebook."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            known = {cell.name: self._metadata(cell, notebook) for cell in notebook.source_cells}
            sources = {cell.name: cell.source for cell in notebook.source_cells}
        self._reset(nb.cells, known)
        self._put_back(nb, known, sources, about)
        return nb, resources

    def _metadata(self, cell: Any, notebook: Any) -> dict[str, Any]:
        """The nbgrader metadata of a cell, schema 3."""
        name = cell.name
        graded = {g.name: g.max_score for g in notebook.grade_cells}
        tasks = {t.name: t.max_score for t in notebook.task_cells}
        solutions = {s.name for s in notebook.solution_cells}
        meta = {
            "schema_version": 3,
            "grade_id": name,
            "grade": name in graded,
            "solution": name in solutions,
            "task": name in tasks,
            "locked": bool(cell.locked),
            "checksum": cell.checksum,
            "cell_type": cell.cell_type,
        }
        points = graded.get(name, tasks.get(name))
        return meta if points is None else {**meta, "points": points}

    def _reset(self, cells: Sequence[NotebookNode], known: Mapping[str, Mapping[str, Any]]) -> None:
        seen: set[str] = set()
        for cell in reversed(cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.metadata = NotebookNode()
            if isinstance(name, str) and name in known and name not in seen:
                seen.add(name)
                cell.metadata["nbgrader"] = NotebookNode(known[name])

    def _put_back(
        self, nb: NotebookNode, known: Mapping[str, Any], sources: Mapping[str, str], about: Mapping[str, str]
    ) -> None:
        for name, meta in known.items():
            present = [_name(c) for c in nb.cells]
            if name not in present and (meta["grade"] or meta["task"] or meta["locked"]):
                self.log.warning(
                    "%s, %s: cell %s was missing and was put back", about["student"], about["notebook"], name
                )
                nb.cells.insert(_place(name, present), _cell(meta, sources[name]))


def _place(name: str, present: Sequence[str | None]) -> int:
    """Where a missing cell goes: given code before its task's solution cell, a test after it, all else at the end."""
    task, _underscore, role = name.rpartition("_")
    if task in present and role in ("given", "test"):
        return present.index(task) + (role == "test")
    return 0 if role == "given" else len(present)


def _name(cell: NotebookNode) -> str | None:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) else None


def _cell(meta: Mapping[str, Any], source: str) -> NotebookNode:
    new = v4.new_code_cell if meta["cell_type"] == "code" else v4.new_markdown_cell
    return new(source or "", metadata=NotebookNode(nbgrader=NotebookNode(meta)))
