"""Writes the pages of `nbgrader generate_feedback`."""

import base64
import hashlib
import json
from contextlib import suppress
from functools import cache, partial
from logging import Logger, LoggerAdapter
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader
from nbconvert.exporters import Exporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution, is_task
from sqlalchemy.orm import joinedload

from autograder.feedback.charts import charts_of
from autograder.feedback.page import Chapter, Page
from autograder.feedback.run import FeedbackRun
from autograder.files import open_plain, write_whole
from autograder.grading.notebooks import NBGRADERS_OWN
from autograder.grading.results import StoredResults, awaits_person, unpack
from autograder.i18n import _, number, translate, translate_count
from autograder.scale.in_time import in_time
from autograder.scale.logs import escape_names
from autograder.scale.settings import Course
from autograder.unit import load
from autograder.worked import by_task, is_over

FOLDER = Path(__file__).parent
MAX_OWN = 1000  # bytes of a file of nbgrader's
SECONDS = 20.0  # of CPU time for a page; most need a tenth of one
STYLE_HASH = "the-hash-of-the-style"  # in the template
TOO_LONG = _("What stands in this notebook could not be shown in time. The results of its tasks are complete.")


class GetGradesAndState(NbGraderPreprocessor):  # type: ignore[misc]
    """Gets scores and comments from the gradebook, and for each whether a person has still to grade it.

    Also what the learner has in the assignment's other notebooks. nbgrader's own asks the gradebook for each cell.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """One notebook."""
        about = resources["nbgrader"]
        where = about["notebook"], about["assignment"], about["student"]
        with Gradebook(about["db_url"]) as gradebook:
            own = gradebook.find_submission_notebook(*where)
            grades, comments = (_by_cell(gradebook, kind, own) for kind in (Grade, Comment))
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if is_task(cell) or is_solution(cell):
                    comment = comments.get(name) or gradebook.find_comment(name, *where)
                    cell.metadata.nbgrader["comment"] = comment.comment
                if is_task(cell) or is_grade(cell):
                    grade = grades.get(name) or gradebook.find_grade(name, *where)
                    cell.metadata.nbgrader |= {
                        "score": grade.score, "points": grade.max_score, "awaiting": awaits_person(grade)
                    }  # fmt: skip
            late = own.late_submission_penalty or 0
            about |= {"score": own.score - late, "max_score": own.max_score, "late_penalty": late}
            about["chapters"] = chapters(gradebook, *where[1:], Path(resources["metadata"]["path"]))
            about["over"] = is_over(gradebook, about["assignment"])
        return nb, resources


def _by_cell(gradebook: Gradebook, kind: Any, notebook: Any) -> dict[str, Any]:
    """Everything of a kind that a submitted notebook has, by the name of its cell, in one query."""
    rows = gradebook.db.query(kind).options(joinedload(kind.cell)).filter_by(notebook=notebook)
    return {row.cell.name: row for row in rows}


def chapters(gradebook: Gradebook, assignment: str, student: str, graded: Path) -> list[Chapter]:
    """The assignment's notebooks with a learner's points, less what coming late took off.

    `graded`: the folder of the autograded ones. nbgrader gives 0 to what was not handed in; here it has no points.
    """
    handed_in = {n.name: n for n in gradebook.find_submission(assignment, student).notebooks}
    found = []
    for notebook in sorted(gradebook.find_assignment(assignment).notebooks, key=lambda n: str(n.name)):
        own = handed_in.get(notebook.name)
        score = None
        was_graded = (graded / f"{notebook.name}.ipynb").exists()
        if own and was_graded and any(g.auto_score is not None or g.manual_score is not None for g in own.grades):
            score = max(0.0, own.score - (own.late_submission_penalty or 0.0))
        found.append(Chapter(notebook.name, score, notebook.max_score, bool(own and own.needs_manual_grade)))
    return found


class FeedbackExporter(Exporter):  # type: ignore[misc]
    """An autograded notebook to one self-contained HTML page, without any program in it."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self, **kw: Any) -> None:
        """nbgrader makes it before it comes to the first submission."""
        super().__init__(**kw)
        escape_names()
        self._run: FeedbackRun | None = None
        if self.parent is not None:
            self._run = FeedbackRun(self.parent, self.file_extension)
            self.parent.init_assignment = partial(copy_nbgraders_own, self.parent)

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, ResourcesDict]:
        """Write the page of one notebook; the gradebook was asked by the preprocessors."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        settings = Course(parent=self.parent)
        about = {**resources["nbgrader"], "contact": settings.contact}
        coursedir = self.parent.coursedir
        if settings.solutions_in_feedback and about.get("over"):
            folder = coursedir.format_path(coursedir.source_directory, ".", about["assignment"])
            about["solved"] = str(Path(folder, f"{about['notebook']}.ipynb").resolve())
        html = page_in_time(nb, about, (settings.unit, coursedir.root), self.log)
        if self._run is not None:
            self._run.made(about["student"])
        return html, resources


def page_in_time(
    nb: NotebookNode, about: dict[str, Any], course: tuple[str, str], log: Logger | LoggerAdapter[Any], limit: int = 0
) -> str:
    """The page of an autograded notebook, made by a process that has `SECONDS` for it; see `page`.

    What takes longer, or is larger than `limit` bytes, is left out: the page then shows the results only.
    """
    try:
        html = in_time(SECONDS, page, json.dumps(nb), about, *course)
        if not limit or len(html.encode()) <= limit:
            return html
    except TimeoutError:
        pass
    log.warning("%s, %s: the page shows results only", about.get("student"), about.get("notebook"))
    language = (unpack(nb.metadata) or StoredResults()).language
    return page(json.dumps(_without_texts(nb)), {**about, "note": translate(TOO_LONG, language)}, *course)


def copy_nbgraders_own(converter: Any, assignment: str, student: str) -> None:
    """Take the place of nbgrader's `init_assignment`, which copies every file that a learner handed in.

    A page of theirs would lie among ours and look like one. What nbgrader put there itself, it needs again.
    """
    source, target = (
        Path(converter.coursedir.format_path(folder, student, assignment))
        for folder in (converter.coursedir.autograded_directory, converter.coursedir.feedback_directory)
    )
    target.mkdir(parents=True, exist_ok=True)
    for name in NBGRADERS_OWN:
        with suppress(OSError), open_plain(source / name) as file:  # missing, or a folder of the learner's
            write_whole(target / name, file.read(MAX_OWN))


def page(notebook: str, about: dict[str, Any], unit: str, course: str) -> str:
    """The page of an autograded notebook (JSON text) with its scores.

    Arguments:
        about: what `Page` takes: nbgrader's resources and ours.
        unit: as `c.Course.unit` names it, from the folder `course`.
    """
    loaded = load(unit, Path(course))  # its texts are known from here on
    charts = charts_of(loaded)
    nb = nbformat.reads(notebook, as_version=4)
    results = unpack(nb.metadata) or StoredResults()
    if solved := about.get("solved"):
        about["worked"] = by_task(Path(solved), loaded, results.language)
    return render("page.html.j2", results.language, page=Page(nb, about, results, charts))


def _without_texts(nb: NotebookNode) -> NotebookNode:
    """The notebook without anything that a learner wrote or printed."""
    for cell in nb.cells:
        cell.source = ""
        if cell.cell_type == "code":
            cell.outputs = []
    return nb


def render(template: str, language: str, folder: Path = FOLDER, **values: Any) -> str:
    """A page from its template: `_` and `ngettext` translate, `number` writes numbers, all but Markup is escaped."""

    def translated(text: str, /, **fields: Any) -> str:
        return translate(text, language, **fields)

    def counted(one: str, many: str, count: int, /, **fields: Any) -> str:
        return translate_count(one, many, count, language, **fields)

    def written(value: float, spec: str = "g") -> str:
        return number(round(value, 2), language, spec)

    environment = _environment(folder)
    texts = {"_": translated, "ngettext": counted, "number": written, "language": language}
    html = environment.get_template(template).render(**texts, **values)
    return html.replace(STYLE_HASH, _style_hash(html), 1)


def _style_hash(html: str) -> str:
    """What a Content-Security-Policy calls the page's style: no other one is heeded, no `style` attribute neither."""
    style = html.partition("<style>")[2].partition("</style>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


@cache
def _environment(folder: Path) -> Environment:
    loader = FileSystemLoader([folder, FOLDER])
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
