"""Writes the pages of `nbgrader generate_feedback`."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from nbconvert.exporters import Exporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades

from autograder.feedback.charts import Charts, charts_of
from autograder.feedback.page import Page
from autograder.grading.results import StoredResults, awaits_person, unpack
from autograder.i18n import number, translate
from autograder.scale.settings import Course
from autograder.unit import load

FOLDER = Path(__file__).parent


class GetGradesAndState(GetGrades):  # type: ignore[misc]
    """Gets scores and comments from the gradebook, and for each whether a person has still to grade it."""

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        """One graded cell. Called by GetGrades."""
        super()._get_score(cell, resources)
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["awaiting"] = awaits_person(grade)


class FeedbackExporter(Exporter):  # type: ignore[misc]
    """An autograded notebook to one self-contained HTML page, without any program in it."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[str, ResourcesDict]:
        """Write the page of one notebook; the gradebook was asked by the preprocessors."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        results = unpack(nb.metadata) or StoredResults()
        page = Page(nb, resources["nbgrader"], results, self._charts())
        return render("page.html.j2", results.language, page=page), resources

    def _charts(self) -> Charts:
        """Of the course's unit, whose texts are known from here on."""
        return charts_of(load(Course(parent=self.parent).unit, Path(self.parent.coursedir.root)))


def render(template: str, language: str, folder: Path = FOLDER, **values: Any) -> str:
    """A page from its template; `_` in it translates, `number` writes a number, all but Markup is escaped."""

    def translated(text: str, /, **fields: Any) -> str:
        return translate(text, language, **fields)

    def written(value: float, spec: str = "g") -> str:
        return number(round(value, 2), language, spec)

    environment = _environment(folder)
    return environment.get_template(template).render(_=translated, number=written, language=language, **values)


@cache
def _environment(folder: Path) -> Environment:
    loader = FileSystemLoader([folder, FOLDER])
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
