"""How long `python -m autograder report` takes for a large class.

    python -m benchmarks.class_report [LEARNERS] [FOLDER]

Lays out a gradebook and autograded notebooks of a made-up class below FOLDER, then times the command. Each notebook
holds 200 KB of pictures, as a real one does. Writes `benchmarks/results/class_report.json`: wall-clock and CPU seconds
of three runs, importing nbgrader included.
"""

import base64
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4
from nbgrader.api import Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook

from autograder.grading.job import Graded
from autograder.grading.results import pack
from autograder.i18n import Message
from autograder.nbgrader_command import environment
from autograder.records import CheckResult, Outcome, TaskGrade
from benchmarks.machine import save

RESULTS = Path(__file__).with_name("results") / "class_report.json"
NOTEBOOKS = ("1_gap", "2_l1_l2", "3_dropout", "4_challenge")
TASKS = ("first", "second", "third", "fourth")
CHECKS = 3  # per task
PICTURES = 5  # of 40 KB
FAULTS = (
    "Your penalty is half of the expected one: look at the factor before the sum.",
    "Your model keeps nearly the whole gap of the given one: the regularization is too weak to show.",
    "The penalty lies on the output layer: look at which layer learns the details.",
)
PNG = base64.b64encode(random.Random(0).randbytes(30_000)).decode()  # noqa: S311  # no secret
CURVE = {"train": [1.0 / (i + 1) for i in range(40)], "held_out": [0.5 + 1.0 / (i + 1) for i in range(40)]}


def grade(task: str, ability: float, chance: random.Random) -> TaskGrade:
    """A task's results for a learner of this ability, 0 to 1."""
    rows = []
    for i in range(CHECKS):
        passed = chance.random() < ability
        strength = 10 ** chance.uniform(-5, -1)
        reduction = min(0.98, max(-0.1, 0.25 * (5 + math.log10(strength)) + chance.gauss(0, 0.05)))
        picture: dict[str, Any] = {}
        if task == "fourth" and i == 0:
            kind = chance.choice(("l1", "l2"))
            picture = {"given": CURVE, "theirs": CURVE, "reduction": [reduction] * 3, "strengths": {kind: strength}}
        message = None if passed else Message(chance.choice(FAULTS))
        outcome = Outcome.PASSED if passed else Outcome.FAILED
        rows.append(
            CheckResult(
                task, f"check_{i}", f"Check {i} of the {task} task.", 2, outcome, 2.0 * passed, message, picture=picture
            )
        )
    return TaskGrade(task, rows)


def lay_out(course: Path, learners: int) -> None:
    """The class."""
    chance = random.Random(1)  # noqa: S311
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "course") as book:
        book.add_assignment("unit")
        for name in NOTEBOOKS:
            book.add_notebook(name, "unit")
            for task in TASKS:
                book.add_grade_cell(f"{task}_test", name, "unit", max_score=2.0 * CHECKS, cell_type="code")
        assignment = book.find_assignment("unit")
        for number in range(learners):
            one_learner(book, assignment, course, f"s{number:05}", chance)
        book.db.commit()


def one_learner(book: Gradebook, assignment: Any, course: Path, name: str, chance: random.Random) -> None:
    """A learner's submission, in the gradebook and as files."""
    ability = min(1.0, max(0.0, chance.gauss(0.7, 0.2)))
    student = Student(id=name)
    submission = SubmittedAssignment(student=student, assignment=assignment)
    book.db.add_all([student, submission])
    for notebook in assignment.notebooks:
        grades = {task: grade(task, ability, chance) for task in TASKS}
        submitted = SubmittedNotebook(notebook=notebook, assignment=submission)
        book.db.add(submitted)
        for cell in notebook.grade_cells:
            score = grades[cell.name.removesuffix("_test")].score
            book.db.add(Grade(cell=cell, notebook=submitted, auto_score=score, needs_manual_grade=False))
        write(course / "autograded" / name / "unit" / f"{notebook.name}.ipynb", grades, chance)


def write(path: Path, grades: dict[str, TaskGrade], chance: random.Random) -> None:
    """An autograded notebook."""
    picture = v4.new_output("display_data", {"image/png": PNG, "text/plain": "curves"})
    cells = [v4.new_code_cell("lab.plot()", outputs=[picture]) for _ in range(PICTURES)]
    cells += [v4.new_code_cell(f"def {task}(): ...", metadata={"nbgrader": {"grade_id": task}}) for task in TASKS]
    outcome = Graded(grades=grades, seconds=chance.uniform(5, 20))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells, metadata={"autograder": pack(outcome, "en")}), path)


def main() -> None:
    """Lay out, time three runs, save."""
    os.environ.update(environment())
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        course = Path(sys.argv[2] if len(sys.argv) > 2 else folder)
        if not (course / "gradebook.db").exists():
            lay_out(course, learners)
        runs = [timed(course) for _ in range(3)]
    save(RESULTS, {"learners": learners, "notebooks": learners * len(NOTEBOOKS), "runs": runs})


def timed(course: Path) -> dict[str, float]:
    """One run of the command."""
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "autograder", "report", "unit"], cwd=course, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    page = (course / "reports" / "unit.html").stat().st_size
    return {"seconds": round(time.perf_counter() - began, 1), "cpu_seconds": round(cpu, 1), "page_bytes": page}


if __name__ == "__main__":
    main()
