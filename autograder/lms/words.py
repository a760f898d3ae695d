"""What a learner reads beside the grade: a sentence for each task, and what graders wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.headings import titled
from autograder.i18n import _, translate
from autograder.i18n import number as local_number
from autograder.lms.classwork import Cell, CellGrade

DECIMALS = 5  # what Moodle stores (grade_grades.finalgrade is NUMERIC(10,5)); removes binary noise of sums


@dataclass(frozen=True, slots=True)
class Tasks:
    """(Notebook, grade_id) of a cell → its task's title, in the order of the notebooks."""

    titles: Mapping[tuple[str, str], str]


class Writer:
    """Writes the text beside the grades of one assignment."""

    def __init__(self, cells: Mapping[str, Cell], tasks: Tasks, language: str) -> None:
        order = {key: place for place, key in enumerate(tasks.titles)}
        last = len(order)
        self._cells = sorted(cells.values(), key=lambda c: (order.get((c.notebook, c.name), last), c.notebook, c.name))
        self._titles = tasks.titles
        self._language = language

    def text(self, grades: Mapping[str, CellGrade], comments: Mapping[str, list[str]], penalty: float) -> str:
        """A line for each task, below those of a notebook what graders wrote in it; no names."""
        lines: list[str] = []
        for place, cell in enumerate(self._cells):
            lines.append(self._task(cell, grades[cell.id].score))
            after = self._cells[place + 1 : place + 2]
            if not after or after[0].notebook != cell.notebook:
                lines.extend(f"  {text.strip()}" for text in comments.get(cell.notebook, ()))
        if penalty:
            lines.append(self._say(_("Late penalty: −{penalty} points."), penalty=penalty))
        return "\n".join(lines)

    def _task(self, cell: Cell, score: float) -> str:
        title = self._titles.get((cell.notebook, cell.name)) or cell.name.removesuffix("_test")
        if cell.maximum > 0 and score >= cell.maximum:
            return self._say(_("{title}: complete, {score} of {maximum} points."), title, score, cell.maximum)
        if score <= 0:
            return self._say(_("{title}: nothing yet, {score} of {maximum} points."), title, score, cell.maximum)
        return self._say(_("{title}: in part, {score} of {maximum} points."), title, score, cell.maximum)

    def _say(self, text: str, title: str = "", score: float = 0, maximum: float = 0, penalty: float = 0) -> str:
        points = {"score": score, "maximum": maximum, "penalty": penalty}
        written = {name: local_number(round(value, 2), self._language) for name, value in points.items()}
        return translate(text, self._language, title=title, **written)


def read_tasks(folder: Path) -> Tasks:
    """The titles of the graded cells in the notebooks of `folder`: the nearest heading before each.

    A notebook that cannot be read gives none; the cell's own name then stands in its place.
    """
    return Tasks({
        (notebook, str(found.about.get("grade_id"))): found.heading
        for notebook, cells in titled(folder)
        for found in cells
        if found.about.get("grade")
    })  # fmt: skip


def number(value: float, decimals: int = DECIMALS) -> str:
    """`value` in its shortest decimal form, with a point: 17.5, 0, 3.33333. Never an exponent or "-0".

    >>> number(17.50), number(0.0), number(10 / 3)
    ('17.5', '0', '3.33333')
    """
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
