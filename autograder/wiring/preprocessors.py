"""nbgrader's autograding, with a boundary: learners' code runs elsewhere, and only results come back."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder.errors import SetupError
from autograder.execution.runner import task_of
from autograder.i18n import _, say
from autograder.wiring.exporter import GradingExporter
from autograder.wiring.marking import is_readable, nothing_readable, show_outputs, write_reports
from autograder.wiring.restore import PUT_BACK

GRADED, LANGUAGE = "autograder_graded", "autograder_language"  # in nbconvert's resources, from one step to the next
Resources = Any


class RunNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Has the notebook graded and puts the outputs of the learner's cells in; takes the place of `Execute`."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade one notebook; the outcome goes on in `resources`."""
        exporter = self.parent
        if not isinstance(exporter, GradingExporter):
            raise SetupError(_("Set c.Autograde.exporter_class to autograder.wiring.exporter.GradingExporter."))
        about = resources["nbgrader"]
        if is_readable(nb):
            outcome = exporter.run.outcome(nb, about)
        else:
            outcome = nothing_readable(nb)
            exporter.run.unreadable(about, outcome)
        resources[GRADED] = outcome
        resources[LANGUAGE] = language = exporter.run.jobs.language(about["assignment"])
        show_outputs(nb, outcome, lambda: exporter.handed_in(about), language)
        return nb, resources


class WriteReports(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts each task's report below its test cell. Comes after CleanTexts, which would take its style away."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the reports of one notebook."""
        attempt = self.parent.attempt(resources["nbgrader"])
        write_reports(nb, resources[GRADED], resources[LANGUAGE], attempt.handed_in, attempt.before)
        return nb, resources


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Writes scores into the gradebook from the results alone: nothing a cell shows can become a point."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """All scores and comments of a notebook in one transaction: all of them are written, or none."""
        about = resources["nbgrader"]
        self._put_back = nb.metadata.get(PUT_BACK, [])
        self.notebook_id, self.assignment_id, self.student_id = about["notebook"], about["assignment"], about["student"]
        with Gradebook(about["db_url"]) as self.gradebook:
            session = self.gradebook.db
            commit, session.commit = session.commit, session.flush  # SaveAutoGrades commits after every cell
            nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
            commit()
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        """One graded cell. Called by SaveAutoGrades.

        A task without a score is left for a person: its earlier score, if any, no longer counts, and is named in
        the log. A manual grade stays, and is flagged for another look, as nbgrader does.
        """
        task = task_of(cell)
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        if task is None:  # graded by a person
            super()._add_score(cell, resources)
            if name in self._put_back:  # nbgrader takes the released text for no answer
                grade.auto_score, grade.needs_manual_grade = None, True
                self.log.warning(say(_("{student}: {cell} was missing; look for the answer in the notebook."),
                                     student=self.student_id, cell=name))  # fmt: skip
            return
        result = resources[GRADED].grades.get(task)
        score = result.score if result else None
        if score is not None and abs(result.maximum - grade.max_score) > 1e-9:
            self.log.error("%s: the checks give %g points, the gradebook %g", name, result.maximum, grade.max_score)
            score = None
        if score is None:
            before = "no earlier score" if grade.auto_score is None else f"earlier score {grade.auto_score:g}"
            self.log.error("%s, %s: to be graded by a person (%s)", self.student_id, name, before)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
        self.gradebook.db.commit()
