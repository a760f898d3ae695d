"""Course folders with a class that handed in, for measurements."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.classroom import Typed, hand_in, read_class
from autograder.demo import lay_out
from autograder.nbgrader_command import nbgrader

PROJECT = Path(__file__).parents[1]
WAITS = "edgar"  # waits for ever in a cell: on either side that is nothing but the time until it is stopped
ASSIGNMENT = "regularisation"
_DECIMAL = re.compile(r"(?<![\w.])(?:0\.\d+|\d(?:\.\d+)?e-\d+)(?![\w.])")  # 0.001, 1e-4, 2.5e-3
# nbgrader as it comes: it executes the notebooks, and no more; a cell may take as long as in ours
STOCK = 'c = get_config()\nc.CourseDirectory.course_id = "regularization"\nc.Execute.timeout = 120\n'


def make_course(folder: Path) -> Path:
    """The project's course, its assignment released."""
    lay_out(PROJECT, folder)
    nbgrader(folder, "generate_assignment", ASSIGNMENT, "--force")
    return folder


def fill(course: Path, learners: int, notebooks: list[str] | None) -> None:
    """Let `learners` hand in: the class of examples in turns, but for the one that waits for ever.

    No two notebooks are one program.
    """
    examples = [t for t in read_class(PROJECT / "tests" / "submissions") if t.assignment == ASSIGNMENT and _has_code(t)]
    for number in range(learners):
        example = examples[number % len(examples)]
        folder = course / "typed" / f"l{number:03}"
        shutil.copytree(example.folder, folder, ignore=shutil.ignore_patterns("*.ipynb"))
        hand_in(Typed(folder, ASSIGNMENT, hands_in=tuple(notebooks) if notebooks else None), course)
    own_programs(course)


def own_programs(course: Path) -> None:
    """Let no two notebooks be one program."""
    for path in course.glob("submitted/*/*/*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        own_program(nb, path.parts[-3])
        nbformat.write(nb, path)


def own_program(nb: NotebookNode, learner: str) -> NotebookNode:
    """Put a statement of the learner's own before the first answer; the cell of that answer."""
    first = next(_answers(nb))
    first.source = f"learner = {learner!r}\n{first.source}"
    return first


def _answers(nb: NotebookNode) -> Iterator[NotebookNode]:
    """The cells of code that a learner wrote."""
    return (c for c in nb.cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution"))


def _has_code(typed: Typed) -> bool:
    return typed.student != WAITS and typed.base == "reference" and not list(typed.folder.glob("*.ipynb"))


def make_models_differ(course: Path) -> None:
    """No two learners' models are equal: each has strengths and rates of its own.

    They differ by parts of a million: too little for any check to see.

    The given models stay equal, as in every class.
    """
    for number, path in enumerate(sorted(course.glob("submitted/*/*/*.ipynb")), 1):
        nb, factor = nbformat.read(path, as_version=4), 1 + 1e-7 * number
        for cell in _answers(nb):
            cell.source = _scaled(cell.source, factor)
        nbformat.write(nb, path)


def _scaled(text: str, factor: float) -> str:
    return _DECIMAL.sub(lambda found: repr(float(found[0]) * factor), text)
