"""Bring a submitted notebook back to what is known of it, before anything of it is run.

The gradebook says what is known (`known_notebook`) or, without one, what was released (`released_notebook`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from logging import Logger, LoggerAdapter
from typing import Any

import nbformat
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum

from autograder.errors import SetupError
from autograder.i18n import _
from autograder.records import Submission

PUT_BACK = "autograder_put_back"  # in a notebook's metadata: names of cells
META = ("schema_version", "grade_id", "grade", "solution", "task", "locked", "checksum", "cell_type", "points")


@dataclass(frozen=True)
class KnownCell:
    """A cell as it was released: its nbgrader metadata (schema 3) and its text."""

    meta: Mapping[str, Any]
    source: str

    @property
    def kind(self) -> str:
        """ "code" or "markdown"."""
        return str(self.meta["cell_type"])

    @property
    def returns(self) -> bool:
        """Whether it is put back when it is missing."""
        return bool(self.meta["grade"] or self.meta["task"] or self.meta["locked"])

    @property
    def given(self) -> bool:
        """Whether it is code that learners are to use as it is."""
        return bool(self.kind == "code" and self.meta["locked"] and not self.meta["grade"])

    @property
    def by_hand(self) -> bool:
        """Whether a person grades it."""
        return bool(self.meta["task"] or (self.meta["grade"] and self.meta["solution"]))

    def new(self) -> NotebookNode:
        """The cell as it was released."""
        make = v4.new_code_cell if self.kind == "code" else v4.new_markdown_cell
        return make(self.source, metadata=NotebookNode(nbgrader=NotebookNode(self.meta)))


@dataclass(frozen=True)
class KnownNotebook:
    """What the gradebook knows of a notebook: its cells by their id, and its kernel."""

    cells: Mapping[str, KnownCell]
    kernelspec: Mapping[str, Any]


def known_notebook(db_url: str, assignment: str, name: str) -> KnownNotebook:
    """Ask the gradebook, once for all learners.

    Raises:
        SetupError: what it knows of a locked cell does not fit together.
        nbgrader.api.MissingEntry: there is no such notebook.
        jsonschema.ValidationError: a cell's metadata are not what nbgrader wants.
    """
    with Gradebook(db_url) as gradebook:
        notebook = gradebook.find_notebook(name, assignment)
        cells = dict(_known_cells(notebook))
        kernelspec = json.loads(notebook.kernelspec or "{}")
    for cell_name, cell in cells.items():
        new = cell.new()
        MetadataValidator().validate_cell(new)
        if cell.meta["locked"] and compute_checksum(new) != cell.meta["checksum"]:
            text = _("The gradebook's text of cell {cell} is not what was released: run nbgrader generate_assignment.")
            raise SetupError(text, cell=cell_name)
    return KnownNotebook(cells, kernelspec or {})


def _known_cells(notebook: Any) -> Iterator[tuple[str, KnownCell]]:
    graded = {g.name: g.max_score for g in notebook.grade_cells}
    tasks = {t.name: t.max_score for t in notebook.task_cells}
    solutions = {s.name for s in notebook.solution_cells}
    for cell in notebook.source_cells:
        name = cell.name
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
        yield name, KnownCell(meta if points is None else {**meta, "points": points}, cell.source or "")


def released_notebook(nb: NotebookNode) -> KnownNotebook:
    """What is known of a notebook that was released."""
    cells = {}
    for cell in nb.cells:
        if (name := _name(cell)) is not None:
            found = {**cell.metadata.nbgrader, "cell_type": cell.cell_type}
            cells[name] = KnownCell({key: found[key] for key in META if key in found}, cell.source)
    return KnownNotebook(cells, dict(nb.metadata.get("kernelspec", {})))


def restore(nb: NotebookNode, known: KnownNotebook, of: Submission, log: "Logger | LoggerAdapter[Any]") -> None:
    """Reset what learners must not change, and put back cells that were deleted.

    It does the work of nbgrader's OverwriteCells and OverwriteKernelspec too, which ask the gradebook anew for each
    cell: of a locked cell the text returns, of every known cell the kind, and the kernel is the released one.

    Learners' metadata decide nothing: points, ids and flags are what is known. Of cells with the same id the last
    counts; a cell that lost its metadata in an editor is known by the id of the cell, where that is its name. Graded
    and locked cells that are missing return; a solution cell that is missing stays missing: there is nothing to grade.

    What a person grades and had to be put back is noted in the notebook's metadata: its answer may stand elsewhere.
    """
    work = _Restoring(known.cells, of, log)
    work.reset(nb.cells)
    work.put_back(nb)
    if known.kernelspec:
        nb.metadata["kernelspec"] = NotebookNode(known.kernelspec)
    if work.put_back_by_hand and "autograder" not in nb.metadata:  # else it is empty because it cannot be read
        nb.metadata[PUT_BACK] = work.put_back_by_hand


class _Restoring:
    """The restoring of one notebook. `put_back_by_hand`: what a person grades and is no longer where it was."""

    def __init__(self, known: Mapping[str, KnownCell], of: Submission, log: "Logger | LoggerAdapter[Any]") -> None:
        self._known, self._log, self._who = known, log, (of.student, of.notebook)
        self.put_back_by_hand: list[str] = []

    def reset(self, cells: list[NotebookNode]) -> None:
        """Bring the cells that are there back to what is known of them."""
        known = self._known
        seen: set[str] = set()
        names = {_name(cell) for cell in cells}
        for index in reversed(range(len(cells))):
            name = _name(cells[index])
            if name not in known and cells[index].get("id") not in names:
                name = cells[index].get("id")
            cells[index].metadata = NotebookNode()
            if name is not None and name in known and name not in seen:
                seen.add(name)
                submitted = cells[index]
                cells[index] = self._restored(submitted, known[name])
                if known[name].given and submitted.source.strip() != known[name].source.strip():
                    # what a learner added (an import, say) is run, too, and before what was given
                    submitted.id = nbformat.corpus.words.generate_corpus_id()
                    cells.insert(index, submitted)

    def _restored(self, cell: NotebookNode, known: KnownCell) -> NotebookNode:
        """The learner's cell, where it may differ from the known one: in the text of a cell that is not locked."""
        changed = {"kind": cell.cell_type != known.kind, "text": known.meta["locked"] and cell.source != known.source}
        if changed["kind"] and known.by_hand:
            self.put_back_by_hand.append(known.meta["grade_id"])
        for what in (w for w, yes in changed.items() if yes):
            self._warn(known, "its %s had been changed and was restored", what)
        if not any(changed.values()):
            cell.metadata["nbgrader"] = NotebookNode(known.meta)
            return cell
        new = known.new()
        new.id = cell.get("id", new.id)
        if not known.meta["locked"]:
            new.source = cell.source
        return new

    def put_back(self, nb: NotebookNode) -> None:
        """Put back the cells that are missing."""
        present = [_name(c) for c in nb.cells]
        for name, cell in self._known.items():
            if name not in present and cell.returns:
                self._warn(cell, "it was missing and was put back")
                if cell.by_hand:
                    self.put_back_by_hand.append(name)
                place = _place(name, present, [c.get("id", "") for c in nb.cells])
                nb.cells.insert(place, cell.new())
                present.insert(place, name)

    def _warn(self, cell: KnownCell, text: str, *values: object) -> None:
        self._log.warning(f"%s, %s, cell %s: {text}", *self._who, cell.meta["grade_id"], *values)


def _place(name: str, present: Sequence[str | None], ids: Sequence[str]) -> int:
    """Where a missing cell goes.

    Given code before its task's solution cell, a test after it, a text after what introduces it ("<name>-…"): what a
    learner wrote instead follows it. All else at the end.
    """
    task, _underscore, role = name.rpartition("_")
    if task in present and role in ("given", "test"):
        return present.index(task) + (role == "test")
    before = [index for index, cell_id in enumerate(ids) if cell_id.startswith(f"{name}-")]
    if before:
        return before[-1] + 1
    return 0 if role == "given" else len(present)


def _name(cell: NotebookNode) -> str | None:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) else None
