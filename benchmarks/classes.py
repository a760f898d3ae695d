"""Course folders with a class that handed in, for measurements."""

import re
import shutil
from pathlib import Path

import nbformat

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
    """Let `learners` hand in: the class of examples in turns, each work a little different in its text.

    All but the one that waits for ever.
    """
    examples = [t for t in read_class(PROJECT / "tests" / "submissions") if t.assignment == ASSIGNMENT and _has_code(t)]
    for number in range(learners):
        example = examples[number % len(examples)]
        folder = course / "typed" / f"l{number:03}"
        shutil.copytree(example.folder, folder, ignore=shutil.ignore_patterns("*.ipynb"))
        for path in folder.glob("*.py"):
            path.write_text(path.read_text(encoding="utf-8") + f"\n# {folder.name}\n", encoding="utf-8")
        hand_in(Typed(folder, ASSIGNMENT, hands_in=tuple(notebooks) if notebooks else None), course)


def _has_code(typed: Typed) -> bool:
    return typed.student != WAITS and typed.base == "reference" and not list(typed.folder.glob("*.ipynb"))


def make_models_differ(course: Path) -> None:
    """No two learners' models are equal: each has strengths and rates of its own.

    They differ by parts of a million: too little for any check to see.

    The given models stay equal, as in every class.
    """
    for number, path in enumerate(sorted(course.glob("submitted/*/*/*.ipynb")), 1):
        nb, factor = nbformat.read(path, as_version=4), 1 + 1e-7 * number
        for cell in nb.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = _scaled(cell.source, factor)
        nbformat.write(nb, path)


def _scaled(text: str, factor: float) -> str:
    return _DECIMAL.sub(lambda found: repr(float(found[0]) * factor), text)
