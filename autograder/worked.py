"""`python -m autograder solutions ASSIGNMENT`: worked solutions for learners, once nobody can hand in any more.

A notebook of solutions is the instructor's, with two things more below each task: why the solution is right, and which
mistakes are made there. These sentences are the unit's: a module `worked` in it, whose `WORKED` has, by notebook (as
its checks' folder is called) and task, the reason first and then the mistakes. A unit without it has solutions alone.
"""

import argparse
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

from autograder.classroom import solutions, without_marks
from autograder.errors import SetupError
from autograder.execution.runner import task_of
from autograder.i18n import SOURCE_LANGUAGE, _, say, translate
from autograder.lms.course import course_here, open_gradebook
from autograder.scale.settings import Course, configured_unit
from autograder.unit import Unit, checks_module

HINT = "<details><summary>💡"
EXAMPLE = _("This is an example: other answers are as good.")
WHY, MISTAKES = _("Why it is right"), _("Likely mistakes")
Notes = Mapping[str, Sequence[str]]  # task → the reason, then the mistakes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("assignment", metavar="ASSIGNMENT")
    parser.add_argument("--to", type=Path, default=Path("solutions"), help=say(_("folder that they are written into")))
    text = _("before the deadline, too: whoever has them can hand them in")
    parser.add_argument("--now", action="store_true", help=say(text))


def run(arguments: argparse.Namespace) -> int:
    """Write the solutions of one assignment, or say why that is too early."""
    course = course_here()
    source = Path(course.format_path(course.source_directory, ".", arguments.assignment))
    paths = sorted(source.glob("*.ipynb"))
    if not paths:
        raise SetupError(_("There is no notebook in {folder}."), folder=source)
    kept_apart = {Path(course.root, name).resolve() for name in (course.release_directory, course.source_directory)}
    if kept_apart & {p for p in (arguments.to.resolve(), *arguments.to.resolve().parents)}:
        raise SetupError(_("{folder} is what learners receive, or what it is made of: write elsewhere."),
                         folder=arguments.to)  # fmt: skip
    if not arguments.now:
        with open_gradebook(course) as gradebook:
            refuse_before_the_end(gradebook, arguments.assignment)
    language = Course(parent=course).languages.get(arguments.assignment, SOURCE_LANGUAGE)
    unit = configured_unit(Path())
    for path in paths:
        target: Path = arguments.to / arguments.assignment / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(worked(nbformat.read(path, as_version=4), notes(unit, path.stem), language), target)
        print(say(_("{name}: worked solutions in {path}"), name=path.stem, path=target))
    return 0


def end(gradebook: Gradebook, assignment: str) -> datetime | None:
    """When the last learner has to hand in, extensions included, UTC; None without a deadline.

    Raises:
        SetupError: the gradebook does not know the assignment.
    """
    try:
        due = gradebook.find_assignment(assignment).duedate
    except MissingEntry as error:
        raise SetupError(_("The gradebook knows no assignment {name}."), name=assignment) from error
    if due is None:
        return None
    times: list[datetime] = [due, *(s.duedate for s in gradebook.assignment_submissions(assignment))]
    return max(times).replace(tzinfo=UTC)  # nbgrader keeps UTC, and does not say so


def is_over(gradebook: Gradebook, assignment: str) -> bool:
    """Whether a deadline is known, and has passed for everybody."""
    last = end(gradebook, assignment)
    return last is not None and last < datetime.now(UTC)


def refuse_before_the_end(gradebook: Gradebook, assignment: str) -> None:
    """Raises:
    SetupError: somebody may still hand in.
    """
    last = end(gradebook, assignment)
    if last is None:
        text = _(
            "{name} has no deadline in the gradebook (`nbgrader db assignment add {name} --duedate=…`). Give solutions "
            "out all the same with --now."
        )
        raise SetupError(text, name=assignment)
    if last >= datetime.now(UTC):
        text = _(
            "{name} can be handed in until {time} UTC, extensions included. Give solutions out all the same with --now."
        )
        raise SetupError(text, name=assignment, time=f"{last:%Y-%m-%d %H:%M}")


def notes(unit: Unit, notebook: str) -> Notes:
    """What the unit says of a notebook's tasks; nothing where it says nothing."""
    module = f"{unit.package}.worked"
    if importlib.util.find_spec(module) is None:
        return {}
    chapter = checks_module(unit.package, notebook).split(".")[-2]
    found: Notes = importlib.import_module(module).WORKED.get(chapter, {})
    return found


def worked(nb: NotebookNode, about: Notes, language: str) -> NotebookNode:
    """The instructor's notebook as learners may have it: no marks, no hints, no grading, and notes below each task."""
    cells = []
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.source.startswith(HINT):
            continue
        meta = cell.metadata.pop("nbgrader", {})
        cell.source = without_marks(cell.source)
        cells.append(cell)
        task = task_of(NotebookNode(cell_type=cell.cell_type, metadata={"nbgrader": meta}))
        text = (
            translate(EXAMPLE, language)
            if meta.get("grade") and task is None
            else note(about.get(task or "", ()), language)
        )
        if text:
            cells.append(nbformat.v4.new_markdown_cell(text, id=f"{cell.id}-worked"))
    nb.cells = cells
    return nb


def by_task(path: Path, unit: Unit, language: str) -> dict[str, tuple[str, str]]:
    """Task → the solution's code, and the note below it, of an instructor's notebook; nothing where it is not there."""
    if not path.exists():
        return {}
    about = notes(unit, path.stem)
    tasks = {name: code for name, code in solutions(path).items() if name in about}
    return {name: (code, note(about[name], language)) for name, code in tasks.items()}


def note(texts: Sequence[str], language: str) -> str:
    """The reason, then the mistakes, as Markdown; empty without any."""
    if not texts:
        return ""
    why, *mistakes = (translate(text, language) for text in texts)
    lines = [f"**{translate(WHY, language)}**", "", why]
    if mistakes:
        lines += ["", f"**{translate(MISTAKES, language)}**", "", *(f"- {text}" for text in mistakes)]
    return "\n".join(lines)
