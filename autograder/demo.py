"""`python -m autograder demo`: grade the class of examples from end to end, and say where to look."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from rich.table import Table

from autograder.classroom import Typed, hand_in, read_class
from autograder.errors import SetupError
from autograder.i18n import _, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("the project: holds source/, tests/")))
    parser.add_argument("--folder", type=Path, default=Path("demo"), help=say(_("where the course is laid out")))


def run(arguments: argparse.Namespace) -> int:
    """Lay out the course, grade, write feedback, show a table."""
    console = Console(stderr=False)
    folder: Path = arguments.folder.resolve()
    submissions = read_class(arguments.course / "tests" / "submissions")
    if not submissions:
        raise SetupError(_("There is no class below {folder}."), folder=arguments.course / "tests" / "submissions")
    lay_out(arguments.course, folder)
    assignments = sorted({s.assignment for s in submissions})
    for assignment in assignments:
        nbgrader(folder, "generate_assignment", assignment, "--force", quiet=True)
    for submission in submissions:
        hand_in(submission, folder)
    for assignment in assignments:
        console.print(say(_("[bold]nbgrader autograde {name}[/bold]"), name=assignment))
        nbgrader(folder, "autograde", assignment)
        nbgrader(folder, "generate_feedback", assignment, "--force", quiet=True)
    for assignment in assignments:
        console.print(table(folder, [s for s in submissions if s.assignment == assignment], assignment))
    console.print(say(_("Gradebook: {path}"), path=folder / "gradebook.db"), soft_wrap=True)
    console.print(say(_("Feedback pages: {path}"), path=folder / "feedback"), soft_wrap=True)
    console.print(say(_("The formgrader: cd {path} && jupyter lab, then Nbgrader > Formgrader"), path=folder),
                  soft_wrap=True)  # fmt: skip
    return 0


def lay_out(project: Path, folder: Path) -> None:
    """A course folder of its own, so that a lecturer's gradebook is not touched."""
    keep = folder / ".autograder"  # what was computed in an earlier demonstration
    for path in folder.iterdir() if folder.exists() else []:
        if path != keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(project / "source", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project / "nbgrader_config.py", folder)


def nbgrader(folder: Path, *words: str, quiet: bool = False) -> None:
    """Run the real `nbgrader` in the course folder.

    Raises:
        SetupError: it ended with an error; what it said is shown.
    """
    command = [sys.executable, "-m", "nbgrader", *words]
    # nbgrader calls alembic by name: the environment's own programs come first
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, check=False,
        stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None, text=True,
    )  # fmt: skip
    if done.returncode:
        print((done.stdout or "")[-3000:], file=sys.stderr)
        raise SetupError(_("`nbgrader {words}` ended with an error."), words=" ".join(words))


def table(folder: Path, submissions: Sequence[Typed], assignment: str) -> Table:
    """Who, points per notebook, what went wrong first."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        notebooks = [n.name for n in gradebook.find_assignment(assignment).notebooks]
        found = Table(title=assignment, show_lines=False)
        found.add_column(say(_("learner")))
        for name in notebooks:
            found.add_column(name, justify="right")
        found.add_column(say(_("what it shows")))
        for submission in submissions:
            cells = [_points(gradebook, folder, n, assignment, submission.student) for n in notebooks]
            found.add_row(submission.student, *cells, submission.says)
    return found


def _points(gradebook: Gradebook, folder: Path, notebook: str, assignment: str, student: str) -> str:
    if not (folder / "submitted" / student / assignment / f"{notebook}.ipynb").exists():
        return "–"
    try:
        graded = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry:
        return say(_("not graded"))
    mark = " *" if graded.needs_manual_grade else ""
    return f"{graded.score:g}/{graded.max_score:g}{mark}"
