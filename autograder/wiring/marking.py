"""The way of a submitted notebook to the graded one: read, restored, run and checked elsewhere, made fit to be shown.

nbgrader's converters go it step by step, each a preprocessor; practice goes it at once (`marked`).
"""

from collections.abc import Callable, Mapping
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.preprocessors import LimitOutput

from autograder.errors import UnreadableNotebook
from autograder.execution.runner import task_of
from autograder.grading.job import Graded
from autograder.grading.notebooks import read_notebook
from autograder.grading.report import UNGRADED, html_report, note, plain_report
from autograder.grading.results import KEY, pack
from autograder.i18n import Message, _
from autograder.records import CheckResult, Outcome, Submission, TaskGrade
from autograder.wiring.clean import clean_texts
from autograder.wiring.handed_in import with_handed_in

UNREADABLE = "autograder_unreadable"  # in a notebook's metadata: the message that says why it is empty
READABLE = _("The notebook can be read.")
Log = Logger | LoggerAdapter[Any]


def submitted_notebook(path: Path, log: Log) -> NotebookNode:
    """The submitted notebook, or an empty one that carries why there is none."""
    try:
        return read_notebook(path)
    except UnreadableNotebook as error:
        log.warning("%s: %s It is graded as empty.", path, error)
        empty = v4.new_notebook()
        empty.metadata[UNREADABLE] = error.message.to_json()
        return empty


def is_readable(nb: NotebookNode) -> bool:
    """Whether a submitted notebook could be read."""
    return UNREADABLE not in nb.metadata


def nothing_readable(nb: NotebookNode) -> Graded:
    """The outcome of a notebook that could not be read: nothing of every task, with the reason."""
    message = Message.from_json(nb.metadata[UNREADABLE])
    points = {task: c.metadata.nbgrader["points"] for c in nb.cells if (task := task_of(c))}
    grades = {
        task: TaskGrade(
            task,
            [CheckResult(task, "readable", READABLE, worth, Outcome.FAILED, message=message, problem="unreadable")],
        )
        for task, worth in points.items()
    }
    return Graded(grades=grades)


def show_outputs(nb: NotebookNode, outcome: Graded, read: Callable[[], bytes], language: str) -> None:
    """Put the outputs of the learner's cells in. `read`: gives the file that was handed in."""
    for index, outputs in with_handed_in(outcome, nb, read, language).items():
        nb.cells[index].outputs = [NotebookNode(output) for output in outputs]


def write_reports(
    nb: NotebookNode, outcome: Graded, language: str, handed_in: str = "", before: Mapping[str, float] | None = None
) -> None:
    """Put each task's report below its test cell, and all results into the notebook's metadata.

    `handed_in` and `before`: see `StoredResults`.
    """
    for cell in nb.cells:
        task = task_of(cell)
        if task is None:
            continue
        grade = outcome.grades.get(task)
        texts = (
            {"text/html": html_report(grade, language), "text/plain": plain_report(grade, language)}
            if grade
            else {"text/html": note(Message(UNGRADED), language), "text/plain": Message(UNGRADED).render(language)}
        )
        # valid by its making, and the exporter validates the whole notebook: `new_output` would do it once more
        cell.outputs = [NotebookNode(output_type="display_data", data=NotebookNode(texts), metadata=NotebookNode())]
        cell.execution_count = None
    nb.metadata.pop(UNREADABLE, None)
    nb.metadata[KEY] = pack(outcome, language, handed_in, before)  # for the feedback page and the class report


def marked(
    nb: NotebookNode,
    outcome: Graded,
    of: Submission,
    log: Log,
    raw: bytes,
    before: Mapping[str, float] | None = None,
) -> NotebookNode:
    """The graded notebook, as `nbgrader autograde` would write it: what people read of it is bounded and cleaned.

    `raw`: the file that was handed in. `before`: points by task of the attempt before.
    """
    show_outputs(nb, outcome, lambda: raw, of.language)
    clean_texts(nb, of, log)
    nb, _resources = LimitOutput()(nb, {})
    write_reports(nb, outcome, of.language, before=before)
    return nb
