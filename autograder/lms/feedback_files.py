"""Feedback pages for Moodle's "Upload multiple feedback files in a zip".

    nbgrader export --exporter=autograder.lms.MoodleFeedback --assignment="['week1']" \\
        --MoodleFeedback.sheet=Grades-COURSE-week1-3.csv --to=feedback.zip

Moodle takes a file for the participant whose number stands second in its folder's name, between underscores
(mod/assign/feedback/file/importziplib.php). What stands first is a name there; here it is a word, so that the
zip names nobody.
"""

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Gradebook
from traitlets import Integer

from autograder.errors import LmsError
from autograder.files import is_plain
from autograder.i18n import Message, _, say_count
from autograder.lms.csvtext import write_atomically
from autograder.lms.grades import GradeRow
from autograder.lms.sheet import Line, MoodleWorksheet, Placed

FOLDER = "feedback_{number}_assignsubmission_file_"


class MoodleFeedback(MoodleWorksheet):
    """The pages of `nbgrader generate_feedback`, each for the participant whose it is in the grading worksheet."""

    megabytes = Integer(100, min=1, help="a zip larger than this becomes several: Moodle limits uploads").tag(
        config=True
    )
    needs_comments = False

    def export(self, gradebook: Gradebook) -> None:
        """Called by `nbgrader export`: write the zip, or say why not and exit with 1."""
        try:
            placed = self.place(gradebook)
            target = Path(self.to or Path(self.sheet).with_suffix(".feedback.zip"))
            written = list(self._write(target, placed))
        except LmsError as error:
            self.log.error(str(error))
            sys.exit(1)
        self.tell(placed.problems, placed.grades.held)
        files = ", ".join(str(path) for path in written)
        self.log.info(
            say_count(
                "Feedback of {count} learner written to {files}",
                "Feedback of {count} learners written to {files}",
                len(placed.pairs),
                files=files,
            )
        )

    def refusal(self, row: GradeRow, line: Line) -> Message | None:
        """A page may go where a grade may not; but there has to be one."""
        return None if self._pages(row.student) else Message(_("no feedback page: run “nbgrader generate_feedback”"))

    def _pages(self, student: str) -> list[Path]:
        course = self.parent.coursedir
        folder = Path(course.format_path(course.feedback_directory, student, str(self.assignment[0])))
        return sorted(p for p in folder.glob("*.html") if is_plain(p))

    def _write(self, target: Path, placed: Placed) -> Iterator[Path]:
        """FILE.zip, and FILE-2.zip … when one would be too large."""
        if not placed.pairs:
            raise LmsError(_("There is no feedback to write."))
        count, todo = 0, list(placed.pairs)
        while todo:
            count += 1
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                while todo and (not archive.namelist() or buffer.tell() < self.megabytes * 900_000):
                    row, line = todo.pop(0)
                    for page in self._pages(row.student):
                        archive.write(page, f"{FOLDER.format(number=line.number)}/{page.name}")
            path = target if count == 1 else target.with_name(f"{target.stem}-{count}{target.suffix}")
            write_atomically(path, buffer.getvalue())
            yield path
