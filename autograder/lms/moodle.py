"""Moodle's offline grading worksheet, in whatever language it was downloaded.

Moodle translates the headers, and which columns there are, and in which order, depends on the site and the
assignment (mod/assign/gradingtable.php): marking workflow, groups, outcomes, offline work, plugins. A column is
taken by its header; where that is in an unknown language, by what it holds; where that leaves a doubt, the
teacher names it. Whose a line is, is never told from its contents: only named columns are ids.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.csvtext import CsvText, Record
from autograder.lms.matching import Identity, find_column
from autograder.lms.moodle_words import WORDS, roles

_IDENTIFIER = re.compile(r"\D*?(\d+)\s*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_CLOCK = re.compile(r"\d{1,2}\s?[:.h時시]\s?\d{2}")
# core's "yes" and "no" (lang/*/moodle.php), for the column "Grade can be changed"
YES = frozenset("yes oui ja sí si sim да tak ano áno kyllä igen evet ναι da はい 是 예 نعم כן bai oes".split())
NO = frozenset("no non nein não nee nej nei нет nie ne ei nem hayır όχι nu いいえ 否 아니요 아니오 لا לא ez".split())
ID_ROLES = ("idnumber", "email", "username")


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Where the columns of a worksheet are; `feedback` is None when the assignment has no comments.

    `ids`: the columns that say whose a line is: ID number, e-mail address, user name.
    """

    identifier: int
    grade: int
    maximum: int
    changeable: int
    feedback: int | None
    ids: tuple[int, ...]

    def key_columns(self, csv: CsvText, identity: Identity) -> list[int]:
        """The columns that hold a learner's id: the named one, or those of Moodle. Names never count."""
        return [find_column(csv, identity.column)] if identity.column else list(self.ids)

    def participant(self, record: Record) -> str:
        """The participant number of a line, as in the names of the submission files: "Participant 3" → "3"."""
        found = _IDENTIFIER.fullmatch(record[self.identifier].strip())
        if not found:
            text = _(
                "A line of the sheet has no participant number. Expected Moodle's offline grading worksheet as it "
                "was downloaded."
            )
            raise LmsError(text)
        return found.group(1)


def find_columns(csv: CsvText, named: Mapping[str, str] | None = None, yes: str = "") -> Worksheet:
    """Find the columns. `named`: what a column is → its header, as the teacher says; `yes` as in `is_locked`.

    Raises LmsError when one is not certain.
    """
    body = csv.body
    if not body:
        raise LmsError(_("The sheet has no learners: only a header line."))
    width = len(csv.header)
    if any(len(record) != width for record in body):
        raise LmsError(_("Some lines of the sheet have more or fewer cells than its header: download it again."))
    finder = _Finder(csv, named or {}, yes)
    identifier = finder.one("identifier", finder.is_identifier)
    maximum_at = finder.one("maximum", finder.is_maximum)
    grade = finder.one("grade", lambda c: c == maximum_at - 1 and finder.is_grade(c))
    if not finder.is_grade(grade) or not finder.is_number(maximum_at):
        raise LmsError(_("The sheet's grades are no points: expected a numeric grade, no scale."))
    changeable = finder.one("changeable", finder.is_yes_or_no)
    ids = tuple(c for c in range(width) if roles(csv.header[c]) & set(ID_ROLES))
    found = Worksheet(identifier, grade, maximum_at, changeable, finder.feedback(), ids)
    numbers = [found.participant(record) for record in body]
    if len(set(numbers)) < len(numbers):
        raise LmsError(_("Two lines of the sheet have the same participant number."))
    return found


class _Finder:
    """Looks for one column after the other."""

    def __init__(self, csv: CsvText, named: Mapping[str, str], yes: str) -> None:
        if odd := sorted(set(named) - set(WORDS)):
            text = _("The worksheet has no column of the kind “{odd}”. Kinds: {known}.")
            raise LmsError(text, odd=", ".join(odd), known=", ".join(WORDS))
        self._csv = csv
        self._named = named
        self._yes = yes
        self._columns = range(len(csv.header))

    def one(self, role: str, fits: Callable[[int], bool]) -> int:
        """The column that is `role`: as named, by its header, or the only one in an unknown language that `fits`."""
        if header := self._named.get(role):
            return find_column(self._csv, header)
        known = [c for c in self._columns if role in roles(self._csv.header[c])]
        found = known if len(known) == 1 else [c for c in known or self._unknown() if fits(c)]
        if len(found) == 1:
            return found[0]
        text = _(
            "Cannot tell which column is “{role}”. Is this Moodle's worksheet, with a numeric grade? Then name the "
            "column: --MoodleWorksheet.columns={role}=HEADER. The sheet has: {known}."
        )
        raise LmsError(text, role=role, known=", ".join(c.value for c in self._csv.header.cells))

    def feedback(self) -> int | None:
        """The column of comments; None when no column can be it."""
        if self._named.get("feedback") or any("feedback" in roles(c.value) for c in self._csv.header.cells):
            return self.one("feedback", lambda c: True)
        dates = [c for c in self._columns if self._all(c, _is_time) and any(r[c].strip() for r in self._csv.body)]
        after = [c for c in self._unknown() if dates and c > dates[-1]]
        return self.one("feedback", lambda c: c in after) if after else None

    def is_identifier(self, column: int) -> bool:
        return self._all(column, lambda v: bool(_IDENTIFIER.fullmatch(v)) and not v[:1].isdigit())

    def is_number(self, column: int) -> bool:
        return self._all(column, lambda v: bool(_NUMBER.fullmatch(v)))

    def is_grade(self, column: int) -> bool:
        return column >= 0 and self._all(column, lambda v: not v or bool(_NUMBER.fullmatch(v)))

    def is_maximum(self, column: int) -> bool:
        """Points in every line, beside a column of points or blanks."""
        return self.is_number(column) and self.is_grade(column - 1)

    def is_yes_or_no(self, column: int) -> bool:
        words = YES | NO | {self._yes.strip().casefold()} - {""}
        if self._yes:
            return any(r[column].strip() == self._yes.strip() for r in self._csv.body)
        return self._all(column, lambda v: v.casefold() in words)

    def _unknown(self) -> list[int]:
        return [c for c in self._columns if not roles(self._csv.header[c])]

    def _all(self, column: int, fits: Callable[[str], bool]) -> bool:
        return all(fits(record[column].strip()) for record in self._csv.body)


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


def _is_time(text: str) -> bool:
    return text.strip() == "-" or bool(_CLOCK.search(text))
