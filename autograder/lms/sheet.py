"""Exporters that fill the sheet a teacher downloaded from the platform.

    nbgrader export --exporter=autograder.lms.MoodleWorksheet --assignment="['week1']" \\
        --MoodleWorksheet.sheet=Grades-COURSE-week1-3.csv --to=filled.csv

A sheet made from scratch would work in one language only and would not know whom the platform knows; a
filled one differs from the download in the cells of the grades alone.
"""

import html
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Unicode

from autograder.errors import LmsError
from autograder.i18n import Message, _, say, say_count
from autograder.lms import canvas, moodle
from autograder.lms.course import Words, words_of
from autograder.lms.csvtext import CsvText, Record, harmless, read_csv, write_atomically
from autograder.lms.grades import GradeRow, Grades, number, read_grades
from autograder.lms.matching import Identity, Key, Problem, by_reason, find_column, match
from autograder.lms.words import Tasks


@dataclass(frozen=True, slots=True)
class Line:
    """A learner's line: who it is, the most points it takes (None: unknown), whether it may be changed."""

    record: Record
    keys: frozenset[Key]
    maximum: float | None
    locked: bool = False
    number: str = ""  # Moodle's participant number


@dataclass(frozen=True, slots=True)
class Layout:
    """What a platform's sheet holds, and where grade and feedback go."""

    lines: Sequence[Line]
    grade: int
    feedback: int | None = None
    comma: bool = False  # the sheet writes 17,5


@dataclass(frozen=True, slots=True)
class Placed:
    """A sheet, the grades, which of them has which line, and why the others have none."""

    csv: CsvText
    layout: Layout
    grades: Grades
    pairs: tuple[tuple[GradeRow, Line], ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """The bytes of the filled sheet, who is in it, and who is not and why."""

    data: bytes
    students: tuple[str, ...]
    problems: tuple[Problem, ...]
    held: tuple[GradeRow, ...]


class SheetExporter(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """What the exporters share; a platform says how its sheet is laid out."""

    sheet = Unicode("", help="the file as it was downloaded from the platform").tag(config=True)
    encoding = Unicode("", help="its encoding, when it is not UTF-8 or UTF-16").tag(config=True)
    key_column = Unicode("", help="header of the column that has nbgrader's student ids").tag(config=True)
    strip_domain = Bool(False, help="take alice@example.org in that column for alice").tag(config=True)
    match_email = Bool(False, help="also match by the gradebook's e-mail addresses").tag(config=True)
    partial = Bool(False, help="write what can be written; otherwise one problem stops all").tag(config=True)
    missing_as_zero = Bool(False, help="a missing submission is a grade of 0").tag(config=True)
    cap = Bool(False, help="lower grades above the maximum to it").tag(config=True)
    rescale = Bool(False, help="convert points when the sheet has another maximum").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Called by `nbgrader export`: write the filled sheet, or say why not and exit with 1."""
        try:
            filled = self.fill(gradebook)
            target = Path(self.to or _beside(Path(self.sheet)))
            write_atomically(target, filled.data)
        except LmsError as error:
            self.log.error(str(error))
            sys.exit(1)
        self.tell(filled.problems, filled.held)
        self.log.info(
            say_count(
                "{count} grade written to {path}", "{count} grades written to {path}", len(filled.students), path=target
            )
        )

    def fill(self, gradebook: Gradebook) -> Filled:
        """The filled sheet. Raises LmsError, with a list, when a grade cannot be written (see `partial`)."""
        placed = self.place(gradebook)
        changes: dict[tuple[int, int], str] = {}
        for row, line in placed.pairs:
            changes |= self._cells(row, line, placed.layout)
        data = self.render(placed.csv, placed.layout, changes)
        students = tuple(row.student for row, _line in placed.pairs)
        return Filled(data, students, placed.problems, placed.grades.held)

    def place(self, gradebook: Gradebook) -> Placed:
        """Which grade goes into which line. Raises LmsError, with a list, when one has none (see `partial`)."""
        if not self.sheet:
            text = _("Which file? Give the sheet downloaded from the platform with --{name}.sheet=FILE.")
            raise LmsError(text, name=type(self).__name__)
        csv = read_csv(Path(self.sheet), self.encoding)
        grades = self._grades(gradebook)
        layout = self.layout(csv, grades)
        matched, problems = match(grades.rows, [line.keys for line in layout.lines], self._identity(), grades.everyone)
        pairs = []
        for row in (row for row in grades.rows if row.student in matched):
            line = layout.lines[matched[row.student]]
            if found := self.refusal(row, line):
                problems.append(Problem(row.student, found))
            else:
                pairs.append((row, line))
        if problems and not self.partial:
            text = _("Nothing was written. Grades without a place in the sheet: {count}\n{listed}")
            raise LmsError(text, count=len(problems), listed="\n".join(f"  {line}" for line in _lines(problems)))
        return Placed(csv, layout, grades, tuple(pairs), tuple(problems))

    def tell(self, problems: Sequence[Problem], held: Sequence[GradeRow]) -> None:
        """Name in the log whoever was left out."""
        for line in _lines(problems):
            self.log.warning(say(_("left out: {problem}"), problem=line))
        for students, state in by_reason((row.student, row.state.label) for row in held):
            self.log.warning(say(_("held back: {student}: {state}"), student=students, state=state))

    def layout(self, csv: CsvText, grades: Grades) -> Layout:
        """Where this platform's sheet has what. Raises LmsError when that is not certain."""
        raise NotImplementedError

    def render(self, csv: CsvText, layout: Layout, changes: Mapping[tuple[int, int], str]) -> bytes:
        """The file to upload: by default the download with only `changes` made."""
        return csv.with_cells(changes)

    def feedback_text(self, text: str) -> str:
        """Feedback as the platform takes it: by default as it is, but no formula."""
        return harmless(text)

    def _identity(self) -> Identity:
        return Identity(self.key_column, self.strip_domain, self.match_email)

    def _grades(self, gradebook: Gradebook) -> Grades:
        names = [str(name) for name in self.assignment]
        if len(names) != 1:
            text = _("A sheet is for one assignment: give --assignment=\"['NAME']\".")
            raise LmsError(text)
        words = words_of(self.parent.coursedir, names[0]) if self.parent else Words(None, Tasks({}))
        return read_grades(
            gradebook,
            names[0],
            missing_as_zero=self.missing_as_zero,
            cap=self.cap,
            students=[str(s) for s in self.student],
            language=words.language,
            tasks=words.tasks,
        )

    def refusal(self, row: GradeRow, line: Line) -> Message | None:
        """Why `row` must not go into `line`; None when it may."""
        if line.locked:
            return Message(_("the sheet says that this grade cannot be changed"))
        if row.score > row.maximum:
            values = {"score": number(row.score), "maximum": number(row.maximum), "name": type(self).__name__}
            return Message(
                _("{score} points are more than the maximum of {maximum} (--{name}.cap=True lowers)"), values
            )
        if line.maximum is None or self.rescale or abs(line.maximum - row.maximum) < 1e-6:
            return None
        values = {"sheet": number(line.maximum), "ours": number(row.maximum), "name": type(self).__name__}
        text = _("the sheet's maximum is {sheet}, the gradebook's {ours}: set it there, or add --{name}.rescale=True")
        return Message(text, values)

    def _cells(self, row: GradeRow, line: Line, layout: Layout) -> dict[tuple[int, int], str]:
        score = row.score
        if self.rescale and line.maximum is not None:
            score = row.score / row.maximum * line.maximum
        text = number(score)
        cells = {(line.record.start, layout.grade): text.replace(".", ",") if layout.comma else text}
        if layout.feedback is not None and row.feedback:
            cells[line.record.start, layout.feedback] = self.feedback_text(row.feedback)
        return cells


class MoodleWorksheet(SheetExporter):
    """Moodle's offline grading worksheet (assignment → "Download grading worksheet")."""

    yes = Unicode("", help="the sheet's word for yes, in a language this program does not know").tag(config=True)
    columns = Dict(
        help="what a column is → its header, where that is not found: grade, maximum, changeable, feedback, identifier"
    ).tag(config=True)
    without_feedback = Bool(False, help="fill a sheet that has no column for comments").tag(config=True)
    needs_comments = True

    def layout(self, csv: CsvText, grades: Grades) -> Layout:
        at = moodle.find_columns(csv, self.columns, self.yes)
        if (
            self.needs_comments
            and at.feedback is None
            and not self.without_feedback
            and any(row.feedback for row in grades.rows)
        ):
            text = _(
                "The sheet has no column for comments: learners would get no feedback. Tick “Feedback comments” in "
                "the assignment's settings and download the sheet again, name the column with "
                "--MoodleWorksheet.columns=feedback=HEADER, or give --MoodleWorksheet.without_feedback=True."
            )
            raise LmsError(text)
        keys = at.key_columns(csv, self._identity())
        lines = [
            Line(
                record,
                # under blind marking learners are collected by their participant number
                self._identity().of_line(record, keys) | {("id", f"participant-{at.participant(record)}")},
                moodle.maximum(record[at.maximum]),
                moodle.is_locked(record[at.changeable], self.yes),
                at.participant(record),
            )
            for record in csv.body
        ]
        comma = any("," in line.record[at.maximum] for line in lines)
        return Layout(lines, at.grade, at.feedback, comma)

    def feedback_text(self, text: str) -> str:
        """HTML, as Moodle takes comments: line breaks as <br>, no formula when opened in a spreadsheet."""
        line = html.escape(text).replace("\n", "<br>")
        first = line[:1]
        return f"&#{ord(first)};{line[1:]}" if harmless(first) != first else line


class CanvasGradebook(SheetExporter):
    """Canvas's gradebook export (Grades → Export → Export entire gradebook)."""

    column = Unicode("", help="the assignment's title or id in Canvas, when it differs").tag(config=True)

    def layout(self, csv: CsvText, grades: Grades) -> Layout:
        at = canvas.find_columns(csv, self.column or grades.assignment)
        identity = self._identity()
        keys = [find_column(csv, self.key_column)] if self.key_column else at.ids
        points = canvas.points_possible(csv, at)
        lines = [
            Line(record, identity.of_line(record, keys) | canvas.lms_key(record, at), points)
            for record in canvas.learners(csv, at)
        ]
        return Layout(lines, at.grade)

    def render(self, csv: CsvText, layout: Layout, changes: Mapping[tuple[int, int], str]) -> bytes:
        """The id columns, the assignment's column and the graded lines only: Canvas takes a blank for a
        deletion, and an old value of another column for a change."""
        return canvas.subset(csv, layout.grade, {at[0]: text for at, text in changes.items()})


class CsvSheet(SheetExporter):
    """Any CSV file with a line for each learner, by the headers of its columns."""

    grade_column = Unicode("", help="header of the column of the grades").tag(config=True)
    feedback_column = Unicode("", help="header of the column of the feedback").tag(config=True)
    maximum_column = Unicode("", help="header of a column of maximum points").tag(config=True)

    def layout(self, csv: CsvText, grades: Grades) -> Layout:
        if not (self.key_column and self.grade_column):
            text = _("Name the columns: --CsvSheet.key_column=HEADER --CsvSheet.grade_column=HEADER.")
            raise LmsError(text)
        key = find_column(csv, self.key_column)
        most = find_column(csv, self.maximum_column) if self.maximum_column else None
        lines = [Line(r, self._identity().of_line(r, [key]), _points(r, most)) for r in csv.body]
        feedback = find_column(csv, self.feedback_column) if self.feedback_column else None
        return Layout(lines, find_column(csv, self.grade_column), feedback)


def _lines(problems: Iterable[Problem]) -> list[str]:
    return [f"{students}: {reason}" for students, reason in by_reason((p.student, p.reason) for p in problems)]


def _points(record: Record, column: int | None) -> float | None:
    if column is None:
        return None
    try:
        return moodle.maximum(record[column])
    except ValueError:
        raise LmsError(_("“{found}” is not a number of points."), found=record[column]) from None


def _beside(sheet: Path) -> Path:
    return sheet.with_name(f"{sheet.stem}.filled{sheet.suffix}")
