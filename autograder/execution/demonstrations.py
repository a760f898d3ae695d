"""Given cells that only show something: grading does not execute them for each learner.

Their author marks them with the tag `demonstration` in `source/`; it is kept in `release/`. What counts is the released
notebook alone: a learner's cell is left out where its program is that of a marked one, whatever its own tags, and where
no other cell of the learner's notebook needs a name of it. What such cells show is drawn once for all learners, by a
kernel that holds nothing but the given cells: by the author, and the unit brings it along, or else by the first worker
that comes to such a notebook.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbformat import NotebookNode

from autograder.execution.programs import LONG_NOTEBOOK, names_of, needed, program_of
from autograder.execution.runner import LEFT_OUT, task_of
from autograder.i18n import Message, _, translate
from autograder.store import key_of

TAG = "demonstration"
Outputs = Mapping[str, list[dict[str, Any]]]  # of cells, by index, as JSON
NOT_EXECUTED = _("This cell only shows something: it was not executed for the grade.")
AS_HANDED_IN = _(
    "This cell only shows something: it was not executed for the grade. What follows is from the notebook as it was "
    "handed in."
)
# in the metadata of an output, where a kernel's own have none:
HANDED_IN = "handed_in"  # it says so, and the pictures behind it are a learner's
OF_THE_UNIT = "of_the_unit"  # nothing of a learner's is in it
MARKS = (HANDED_IN, OF_THE_UNIT)
NOT_GIVEN = _("The cell {cell} is marked as a {tag}, and learners write in it or it is a test: only given code can be.")
IS_NEEDED = _("The cell {cell} is marked as a {tag}, but other cells need what it does: {names}. Take the tag away, or "
              "let them do without.")  # fmt: skip
WHATEVER = _("whatever it changes")


@dataclass(frozen=True)
class Demonstrations:
    """Those of a released notebook.

    Arguments:
        programs: of each.
        given: sources of the cells that draw what they show.
        shown: outputs of these cells, where the unit brings them along; None: they are to be drawn.
    """

    programs: frozenset[str] = frozenset()
    given: tuple[str, ...] = ()
    shown: Outputs | None = None

    @cached_property
    def key(self) -> str:
        """Hash of what decides what is to be drawn."""
        return key_of(self.given, self.shown is None)

    def __reduce__(self) -> tuple[Any, ...]:
        """To a worker it goes without what the unit brings along: who asks for the outcome puts it in."""
        return Demonstrations, (self.programs, self.given, None if self.shown is None else {})

    def skipped(self, notebook: str) -> dict[int, str]:
        """Index → program of the cells of a canonical notebook that are not executed."""
        cells = json.loads(notebook)["cells"]
        return {i: program_of(c["source"]) for i, c in enumerate(cells) if c["metadata"].get(LEFT_OUT)}

    def put_in(self, notebook: str, drawn: Outputs, language: str) -> dict[str, list[dict[str, Any]]]:
        """What stands below the cells of a canonical notebook that were left out: what was `drawn`, or a note."""
        shown = {program_of(source): drawn.get(str(i), []) for i, source in enumerate(self.given)}
        shown = {program: o for program, o in shown.items() if all(one["output_type"] != "error" for one in o)}
        shown = {program: [_marked(one) for one in o] for program, o in shown.items()}
        text = translate(NOT_EXECUTED, language)
        note = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {LEFT_OUT: True}}
        return {str(index): shown.get(program, [note]) for index, program in self.skipped(notebook).items()}


def _marked(output: dict[str, Any]) -> dict[str, Any]:
    return {**output, "metadata": {OF_THE_UNIT: True}} if "data" in output else output


NONE = Demonstrations()


def demonstrations_of(cells: Sequence[NotebookNode]) -> Demonstrations:
    """The demonstrations of a released notebook."""
    programs = frozenset(program_of(cell.source) for cell in cells if _is_marked(cell) and is_given(cell))
    return Demonstrations(programs, tuple(_without_answers(cells))) if programs else NONE


def left_out(cells: Sequence[NotebookNode], programs: Collection[str]) -> set[int]:
    """Which cells of a learner's notebook are not executed, by their index. `programs`: of the demonstrations."""
    code = [index for index, cell in enumerate(cells) if cell.cell_type == "code"]
    if not programs or sum(len(cells[index].source) for index in code) > LONG_NOTEBOOK:
        return set()
    optional = {i for i in code if is_given(cells[i]) and program_of(cells[i].source) in programs}
    reasons = needed([(cells[index].source, index in optional) for index in code])
    return {index for index, names in zip(code, reasons, strict=True) if index in optional and not names}


def problems(cells: Sequence[NotebookNode]) -> Iterator[Message]:
    """What an author's marks cannot mean."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    yield from (Message(NOT_GIVEN, {"cell": c.id, "tag": TAG}) for c in code if _is_marked(c) and not is_given(c))
    marked = [_is_marked(cell) and is_given(cell) for cell in code]
    reasons = needed([(cell.source, mark) for cell, mark in zip(code, marked, strict=True)])
    for cell, names in zip(code, reasons, strict=True):
        if names:
            told = Message(WHATEVER) if "*" in names else ", ".join(sorted(names))
            yield Message(IS_NEEDED, {"cell": cell.id, "tag": TAG, "names": told})


def is_given(cell: NotebookNode) -> bool:
    """Whether it is code that learners neither write nor are graded by."""
    return bool(cell.cell_type == "code" and task_of(cell) is None and not _nbgraders(cell).get("solution"))


def _is_marked(cell: NotebookNode) -> bool:
    return TAG in cell.metadata.get("tags", ())


def _nbgraders(cell: NotebookNode) -> dict[str, object]:
    found: dict[str, object] = cell.metadata.get("nbgrader", {})
    return found


def _without_answers(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """The given cells that need no answer, nor what another cell makes of one."""
    missing: set[str] = set()
    for cell in cells:
        if cell.cell_type != "code" or task_of(cell) is not None:
            continue
        names = names_of(cell.source)
        if _nbgraders(cell).get("solution") or (names.needs | names.later) & missing:
            missing |= names.changes
        else:
            missing -= names.binds
            yield cell.source
