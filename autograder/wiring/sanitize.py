"""Bring a submitted notebook back to what the gradebook knows of it, before anything of it is run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from autograder.errors import SetupError
from autograder.i18n import _
from autograder.wiring.exporter import GradingExporter

Resources = Any
PUT_BACK = "autograder_put_back"  # in a notebook's metadata: names of cells


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


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Resets what learners must not change, and puts back cells that were deleted.

    It does the work of nbgrader's OverwriteCells and OverwriteKernelspec too, which ask the gradebook anew for each
    cell: of a locked cell the text returns, of every known cell the kind, and the kernel is the released one.

    Learners' metadata decide nothing: points, ids and flags are the gradebook's. Of cells with the same id the last
    counts; a cell that lost its metadata in an editor is known by the id of the cell, where that is its name. Graded
    and locked cells that are missing return; a solution cell that is missing stays missing: there is nothing to grade.

    What a person grades and had to be put back is noted in the notebook's metadata: its answer may stand elsewhere.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Restore all cells of one notebook."""
        about = resources["nbgrader"]
        known = self._known(about)
        self._put_back_by_hand: list[str] = []
        self._reset(nb.cells, known.cells, about)
        self._put_back(nb, known.cells, about)
        if known.kernelspec:
            nb.metadata["kernelspec"] = NotebookNode(known.kernelspec)
        if self._put_back_by_hand and "autograder" not in nb.metadata:  # else it is empty because it cannot be read
            nb.metadata[PUT_BACK] = self._put_back_by_hand
        return nb, resources

    def _known(self, about: Mapping[str, str]) -> KnownNotebook:
        """Asked of the gradebook once per run, which an exporter lives as long as."""
        cache = self.parent.known if isinstance(self.parent, GradingExporter) else {}
        key = about["db_url"], about["assignment"], about["notebook"]
        if key not in cache:
            cache[key] = known_notebook(*key)
        known: KnownNotebook = cache[key]
        return known

    def _reset(self, cells: list[NotebookNode], known: Mapping[str, KnownCell], about: Mapping[str, str]) -> None:
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
                cells[index] = self._restored(submitted, known[name], about)
                if known[name].given and submitted.source.strip() != known[name].source.strip():
                    # what a learner added (an import, say) is run, too, and before what was given
                    submitted.id = nbformat.corpus.words.generate_corpus_id()
                    cells.insert(index, submitted)

    def _restored(self, cell: NotebookNode, known: KnownCell, about: Mapping[str, str]) -> NotebookNode:
        """The learner's cell, where it may differ from the known one: in the text of a cell that is not locked."""
        changed = {"kind": cell.cell_type != known.kind, "text": known.meta["locked"] and cell.source != known.source}
        if changed["kind"] and known.by_hand:
            self._put_back_by_hand.append(known.meta["grade_id"])
        for what in (w for w, yes in changed.items() if yes):
            self._warn(about, known, "its %s had been changed and was restored", what)
        if not any(changed.values()):
            cell.metadata["nbgrader"] = NotebookNode(known.meta)
            return cell
        new = known.new()
        new.id = cell.get("id", new.id)
        if not known.meta["locked"]:
            new.source = cell.source
        return new

    def _put_back(self, nb: NotebookNode, known: Mapping[str, KnownCell], about: Mapping[str, str]) -> None:
        present = [_name(c) for c in nb.cells]
        for name, cell in known.items():
            if name not in present and cell.returns:
                self._warn(about, cell, "it was missing and was put back")
                if cell.by_hand:
                    self._put_back_by_hand.append(name)
                place = _place(name, present, [c.get("id", "") for c in nb.cells])
                nb.cells.insert(place, cell.new())
                present.insert(place, name)

    def _warn(self, about: Mapping[str, str], cell: KnownCell, text: str, *values: object) -> None:
        who = about["student"], about["notebook"], cell.meta["grade_id"]
        self.log.warning(f"%s, %s, cell %s: {text}", *who, *values)


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
