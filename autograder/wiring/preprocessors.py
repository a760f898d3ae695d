"""nbgrader's autograding, with a boundary: learners' code runs elsewhere, and only results come back."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder.errors import SetupError
from autograder.execution.runner import task_of
from autograder.grading.job import Graded
from autograder.grading.report import UNGRADED, html_report, note, plain_report
from autograder.grading.results import KEY, pack
from autograder.i18n import Message, _, say
from autograder.records import CheckResult, Outcome, TaskGrade
from autograder.wiring.exporter import UNREADABLE, GradingExporter
from autograder.wiring.sanitize import PUT_BACK

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
        outcome = self._unreadable(nb, about, exporter) or exporter.run.outcome(nb, about)
        for index, outputs in outcome.outputs.items():
            nb.cells[index].outputs = [NotebookNode(output) for output in outputs]
        resources[GRADED] = outcome
        resources[LANGUAGE] = exporter.run.course.languages.get(about["assignment"], "en")
        return nb, resources

    def _unreadable(self, nb: NotebookNode, about: dict[str, str], exporter: GradingExporter) -> Graded | None:
        """For a notebook that could not be read: nothing of every task, with the reason."""
        stored = nb.metadata.get(UNREADABLE)
        if stored is None:
            return None
        message = Message.from_json(stored)
        points = {task_of(c): c.metadata.nbgrader["points"] for c in nb.cells if task_of(c)}
        grades = {
            task: TaskGrade(
                task,
                [CheckResult(task, "readable", READABLE, worth, Outcome.FAILED, message=message, problem="unreadable")],
            )
            for task, worth in points.items()
            if task
        }
        outcome = Graded(grades=grades)
        exporter.run.unreadable(about, outcome)
        return outcome


READABLE = _("The notebook can be read.")


class WriteReports(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts each task's report below its test cell. Comes after CleanTexts, which would take its style away."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the reports of one notebook."""
        language = resources[LANGUAGE]
        for cell in nb.cells:
            task = task_of(cell)
            if task is None:
                continue
            grade = resources[GRADED].grades.get(task)
            texts = (
                {"text/html": html_report(grade, language), "text/plain": plain_report(grade, language)}
                if grade
                else {"text/html": note(Message(UNGRADED), language), "text/plain": Message(UNGRADED).render(language)}
            )
            # valid by its making, and the exporter validates the whole notebook: `new_output` would do it once more
            cell.outputs = [NotebookNode(output_type="display_data", data=NotebookNode(texts), metadata=NotebookNode())]
            cell.execution_count = None
        nb.metadata.pop(UNREADABLE, None)
        attempt = self.parent.attempt(resources["nbgrader"])
        nb.metadata[KEY] = pack(resources[GRADED], language, *attempt)  # for the feedback page and the class report
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
