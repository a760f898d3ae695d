"""`python -m autograder demo`: grade the class of examples from end to end, and say where to look."""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from autograder.classroom import Typed, hand_in, read_class
from autograder.errors import SetupError
from autograder.execution.runner import task_of
from autograder.grading.report import sentence
from autograder.grading.results import unpack
from autograder.i18n import _, environment_language, say
from autograder.nbgrader_command import environment, nbgrader
from autograder.records import TaskGrade
from autograder.scale.settings import CONFIGURATION, configured_unit

LOG = "nbgrader.log"
FEW = 2  # of each assignment, in the small class
CELL_SECONDS = 60  # half of what a course gives: one of the class waits for ever
_GRADED = re.compile(r"\[(?P<count>\d+)/(?P<total>\d+)\] .*(?P<left>; .*)")  # a line of `scale.progress`


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("the project: holds source/, tests/")))
    text = _("how many of the examples: small takes two of each assignment")
    parser.add_argument("--class", dest="size", choices=("all", "small"), default="all", help=say(text))
    parser.add_argument("--folder", type=Path, default=Path("demo"), help=say(_("where the course is laid out")))


def run(arguments: argparse.Namespace) -> int:
    """Lay out the course, grade, write feedback, show a table."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    folder: Path = arguments.folder.resolve()
    submissions = read_class(arguments.course / "tests" / "submissions")
    if not submissions:
        raise SetupError(_("There is no class below {folder}."), folder=arguments.course / "tests" / "submissions")
    if arguments.size == "small":
        submissions = small(submissions)
    configured_unit(arguments.course)  # its texts are told below
    lay_out(arguments.course, folder)
    with (folder / CONFIGURATION).open("a", encoding="utf-8") as configuration:
        configuration.write(f"c.Course.cell_seconds = {CELL_SECONDS}\n")
    assignments = sorted({s.assignment for s in submissions})
    with Log(folder / LOG, console) as log:
        for assignment in assignments:
            nbgrader(folder, "generate_assignment", assignment, "--force", on_line=log.line)
        for submission in submissions:
            hand_in(submission, folder)
        add_names(folder, submissions)
        for assignment in assignments:
            log.begin(assignment)
            nbgrader(folder, "autograde", assignment, on_line=log.line)
            nbgrader(folder, "generate_feedback", assignment, "--force", on_line=log.line)
    surprises = []
    for assignment in assignments:
        chosen = [s for s in submissions if s.assignment == assignment]
        console.print(table(folder, chosen, assignment))
        surprises += [s.student for s in chosen if lost(folder, s) != set(s.loses)]
        command = [sys.executable, "-m", "autograder", "report", assignment]
        subprocess.run(command, cwd=folder, env=environment(), check=True)
    for text, path in (
        (_("Gradebook: {path}"), "gradebook.db"),
        (_("Feedback pages: {path}"), "feedback"),
        (_("What nbgrader said: {path}"), LOG),
    ):
        console.print(say(text, path=folder / path), soft_wrap=True)
    text = _("The formgrader: cd {path} && jupyter lab, then Nbgrader > Formgrader")
    console.print(say(text, path=folder), soft_wrap=True)
    if surprises:
        raise SetupError(_("These were not graded as their submission.json says: {names}"), names=", ".join(surprises))
    return 0


class Log:
    """What nbgrader says goes to a file; on the terminal one line moves: how much of the class is graded.

    Where nothing can move, a line is printed for every tenth of the class.
    """

    def __init__(self, path: Path, console: Console) -> None:
        """`path`: of the file, which is written anew."""
        self.file = path.open("w", encoding="utf-8")
        self.console = console
        self.status = console.status("")
        self.assignment, self.told = "", 0

    def __enter__(self) -> "Log":
        self.status.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.status.stop()
        self.file.close()

    def begin(self, assignment: str) -> None:
        """From here on this assignment is graded."""
        self.assignment, self.told = assignment, 0
        self.show(say(_("nbgrader autograde {name}"), name=assignment))

    def line(self, text: str) -> None:
        """One line of nbgrader's."""
        self.file.write(text)
        if found := _GRADED.search(text):
            tenth = 10 * int(found["count"]) // int(found["total"])
            shown = f"nbgrader autograde {self.assignment}: {found['count']}/{found['total']}{found['left']}"
            self.show(shown, tenth > self.told)
            self.told = max(self.told, tenth)

    def show(self, text: str, moved: bool = True) -> None:
        """Move the line; print it, where none can move, when much has `moved`."""
        self.status.update(text)
        if moved and not self.console.is_terminal:
            self.console.print(text, markup=False, soft_wrap=True)


def small(submissions: Sequence[Typed]) -> list[Typed]:
    """A few of each assignment, those who handed in the fewest notebooks."""
    by_size = sorted(submissions, key=lambda s: sys.maxsize if s.hands_in is None else len(s.hands_in))
    return [
        s
        for assignment in sorted({s.assignment for s in submissions})
        for s in [t for t in by_size if t.assignment == assignment][:FEW]
    ]


def lay_out(project: Path, folder: Path) -> None:
    """A course folder of its own, so that a lecturer's gradebook is not touched."""
    keep = folder / ".autograder"  # what was computed in an earlier demonstration
    for path in folder.iterdir() if folder.exists() else []:
        if path != keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(project / "source", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    text = (project / CONFIGURATION).read_text(encoding="utf-8")
    (folder / CONFIGURATION).write_text(f"{text}\nc.Course.demonstration = True\n", encoding="utf-8")


def add_names(folder: Path, submissions: Sequence[Typed]) -> None:
    """The learners, with the names that the formgrader shows."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for student in sorted({submission.student for submission in submissions}):
            first, _space, last = student.replace("_", " ").title().partition(" ")
            gradebook.update_or_create_student(student, first_name=first, last_name=last or say(_("Example")))


def table(folder: Path, submissions: Sequence[Typed], assignment: str) -> Table:
    """Who, points per notebook, what went wrong first."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        notebooks = [n.name for n in gradebook.find_assignment(assignment).notebooks]
        found = Table(title=assignment, box=SIMPLE_HEAD)
        found.add_column(say(_("learner")))
        for name in notebooks:
            found.add_column(name, justify="right")
        found.add_column(say(_("what went wrong first")))
        for submission in submissions:
            cells = [_points(gradebook, folder, n, assignment, submission.student) for n in notebooks]
            found.add_row(submission.student, *cells, first_problem(folder, submission))
    return found


def grades(folder: Path, submission: Typed) -> Iterator[TaskGrade]:
    """The grade of each task that a check looked at, in the order of the notebooks."""
    for path in sorted((folder / "autograded" / submission.student / submission.assignment).glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        stored = unpack(nb.metadata)
        tasks = [task_of(cell) for cell in nb.cells]
        yield from (stored.grades[t] for t in tasks if stored and t and t in stored.grades)


def first_problem(folder: Path, submission: Typed) -> str:
    """What the learner's page says first, in the language of the person at the terminal."""
    problems = (grade.first_problem for grade in grades(folder, submission))
    return next((sentence(p, environment_language()) for p in problems if p), "")


def lost(folder: Path, submission: Typed) -> set[str]:
    """The tasks that did not earn every point."""
    return {g.task for g in grades(folder, submission) if g.score is None or g.score < g.maximum}


def _points(gradebook: Gradebook, folder: Path, notebook: str, assignment: str, student: str) -> str:
    if not (folder / "submitted" / student / assignment / f"{notebook}.ipynb").exists():
        return "–"
    try:
        graded = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry:
        return say(_("not graded"))
    mark = " *" if graded.needs_manual_grade else ""
    return f"{graded.score:g}/{graded.max_score:g}{mark}"
