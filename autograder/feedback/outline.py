"""The order of a notebook: its parts, and what belongs to the answer of a task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.execution.runner import task_of
from autograder.grading.headings import headings, plain, without_first


@dataclass(frozen=True)
class Part:
    """A part of the notebook: a heading of level 1 or 2, and the cells below it, from `start` until before `end`."""

    title: str
    start: int
    end: int

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return f"part-{self.start}"


class Outline:
    """The cells of a notebook in parts."""

    def __init__(self, cells: Sequence[NotebookNode], name: str) -> None:
        """`name`: of the notebook, for what stands before its first heading."""
        self.cells = cells
        begins = [i for i, cell in enumerate(cells) if i == 0 or _opens(cell)]
        self.parts = [
            Part(_opens(cells[start]) or name, start, end)
            for start, end in zip(begins, [*begins[1:], len(cells)], strict=True)
        ]
        self.title = plain(self.parts[0].title) if self.parts else name

    def part(self, index: int) -> Part:
        """The part that a cell is in."""
        return next(p for p in self.parts if p.start <= index < p.end)

    def heading(self, index: int) -> str:
        """The nearest heading of any level before a cell, within its part; empty where there is none."""
        for i in range(index, self.part(index).start - 1, -1):
            if not is_answer(self.cells[i]) and (found := _headings(self.cells[i])):
                return plain(found[-1][1])
        return ""

    def find(self, grade_id: str) -> int | None:
        """The last cell with this grade_id."""
        return max((i for i, cell in enumerate(self.cells) if grade_of(cell).get("grade_id") == grade_id), default=None)

    def named(self, ids: set[str]) -> int | None:
        """The first cell with one of these ids that is no answer."""
        return next((i for i, c in enumerate(self.cells) if c.get("id") in ids and not is_answer(c)), None)

    def tried(self, index: int) -> Iterator[NotebookNode]:
        """What the notebook does with an answer: code below it, until the next heading or the next answer."""
        for cell in self.cells[index + 1 :]:
            if is_answer(cell) or _headings(cell):
                return
            if cell.cell_type == "code" and not task_of(cell):
                yield cell

    def lesson(self, part: Part) -> Iterator[NotebookNode]:
        """A part's cells before its first answer, without its own heading."""
        for index in range(part.start, part.end):
            cell = self.cells[index]
            if is_answer(cell) or task_of(cell):
                return
            if index == part.start and _opens(cell):
                cell = NotebookNode(cell, source=without_first(cell.source))
            if cell.cell_type in ("code", "markdown"):
                yield cell


def grade_of(cell: NotebookNode) -> dict[str, Any]:
    """nbgrader's metadata of a cell."""
    found: dict[str, Any] = cell.metadata.get("nbgrader", {})
    return found


def is_answer(cell: NotebookNode) -> bool:
    """Whether learners write here."""
    return bool(grade_of(cell).get("solution"))


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    """(Level, text) of the headings of a Markdown cell."""
    return headings(cell.source) if cell.cell_type == "markdown" else []


def _opens(cell: NotebookNode) -> str | None:
    """The heading with which a Markdown cell opens a part: of level 1 or 2."""
    level, text = next(iter(_headings(cell)), (3, ""))
    return text if level <= 2 else None
