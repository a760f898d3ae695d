"""Moodle's offline grading worksheet, in whatever language it was downloaded.

Moodle translates the headers, and which columns there are depends on the site and the assignment
(mod/assign/gradingtable.php). What does not change is their order and what they hold: the identifier comes
first, "Participant" and a number in every line; the grade, its maximum and whether it can be changed stand
side by side; dates follow; the feedback comments come last.
"""

import re
from dataclasses import dataclass

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.csvtext import CsvText, Record
from autograder.lms.matching import Identity, find_column

_IDENTIFIER = re.compile(r"\D*?(\d+)\s*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_CLOCK = re.compile(r"\d{1,2}\s?[:.h時시]\s?\d{2}")
# core's "yes" and "no" (lang/*/moodle.php), for the column "Grade can be changed"
YES = frozenset("yes oui ja sí si sim да tak ano áno kyllä igen evet ναι da はい 是 예 نعم כן bai oes".split())
NO = frozenset("no non nein não nee nej nei нет nie ne ei nem hayır όχι nu いいえ 否 아니요 아니오 لا לא ez".split())


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Where the columns of a worksheet are; `feedback` is None when the assignment has no comments."""

    grade: int
    maximum: int
    changeable: int
    feedback: int | None

    def key_columns(self, csv: CsvText, identity: Identity) -> list[int]:
        """The columns that can hold a learner's id: the named one, or all between identifier and grade."""
        return [find_column(csv, identity.column)] if identity.column else list(range(1, self.grade))


def participant(record: Record) -> str:
    """The participant number of a line, as in the names of the submission files: "Participant 3" → "3"."""
    found = _IDENTIFIER.fullmatch(record[0].strip())
    if not found:
        text = _(
            "The first column of the sheet has no participant number. Expected Moodle's offline grading "
            "worksheet as it was downloaded."
        )
        raise LmsError(text)
    return found.group(1)


def find_columns(csv: CsvText, feedback_header: str = "") -> Worksheet:
    """Find the columns by what they hold. Raises LmsError when that is not certain."""
    body = csv.body
    if not body:
        raise LmsError(_("The sheet has no learners: only a header line."))
    numbers = [participant(record) for record in body]
    if len(set(numbers)) < len(numbers):
        raise LmsError(_("Two lines of the sheet have the same participant number."))
    width = len(csv.header)
    if any(len(record) != width for record in body):
        raise LmsError(_("Some lines of the sheet have more or fewer cells than its header: download it again."))
    found = [c for c in range(1, width - 3) if _is_grade(csv, c)]
    if len(found) != 1:
        text = _(
            "Cannot tell which column is the grade. Expected a column of points, beside it their maximum, "
            "then whether it can be changed: is this Moodle's worksheet, with a numeric grade (no scale)?"
        )
        raise LmsError(text)
    at = found[0]
    feedback = find_column(csv, feedback_header) if feedback_header else _feedback(csv, at + 2)
    return Worksheet(at, at + 1, at + 2, feedback)


def maximum(text: str) -> float:
    """A number as Moodle writes it, with a point or a comma."""
    return float(text.strip().replace(",", "."))


def is_locked(word: str, yes: str) -> bool:
    """Whether "Grade can be changed" says no. `yes` is the word for yes in an unknown language."""
    value = word.strip().casefold()
    if value == yes.strip().casefold() or (not yes and value in YES):
        return False
    if yes or value in NO:
        return True
    text = _(
        "Cannot tell whether “{word}” means that a grade can be changed: "
        "give the sheet's word for yes with --MoodleWorksheet.yes=…"
    )
    raise LmsError(text, word=word)


def _is_grade(csv: CsvText, column: int) -> bool:
    def all_of(offset: int, pattern: re.Pattern[str], blank: str | None) -> bool:
        values = [record[column + offset].strip() for record in csv.body]
        return all(v == blank or pattern.fullmatch(v) for v in values)

    words = {record[column + 2].strip() for record in csv.body}
    return (
        all_of(0, _NUMBER, blank="")
        and all_of(1, _NUMBER, blank=None)
        and len(words) <= 2
        and not any(not w or _NUMBER.search(w) or w == "-" for w in words)
        and all(_is_time(record[column + 3]) for record in csv.body)
    )


def _is_time(text: str) -> bool:
    return text.strip() == "-" or bool(_CLOCK.search(text))


def _feedback(csv: CsvText, changeable: int) -> int | None:
    """The last column, if a column of dates (when the grade was changed) stands before it."""
    last = len(csv.header) - 1
    if last - changeable < 3 or not all(_is_time(record[last - 1]) for record in csv.body):
        return None
    return last
