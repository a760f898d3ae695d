"""Which line of a sheet is whose: decided by ids, never by names, and never guessed."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.errors import LmsError
from autograder.i18n import Message, _, say
from autograder.lms.csvtext import CsvText, Record
from autograder.lms.grades import GradeRow

# what an id is, and the id: ("id", "alice"), ("lms", "101"), ("email", "alice@example.org")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Identity:
    """How to tell people apart in a sheet.

    `column` is the header of the column with nbgrader's ids ("": the platform's columns of ids);
    `strip_domain` takes alice@example.org for alice; `by_email` also compares with the gradebook's e-mail.
    """

    column: str = ""
    strip_domain: bool = False
    by_email: bool = False

    def of_line(self, record: Record, columns: Sequence[int]) -> frozenset[Key]:
        """The keys in `columns` of a line."""
        keys: set[Key] = set()
        for column in columns:
            value = normal(record[column])
            if self.by_email and "@" in value:
                keys.add(("email", value))
            if self.strip_domain:
                value = value.split("@")[0]
            keys.add(("id", value))
        return frozenset(key for key in keys if key[1])

    def of_row(self, row: GradeRow) -> frozenset[Key]:
        """The keys of a learner of the gradebook."""
        keys = {("id", normal(row.student))}
        if row.lms_user_id:
            keys.add(("lms", normal(row.lms_user_id)))
        if self.by_email and row.email:
            keys.add(("email", normal(row.email)))
        return frozenset(keys)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a learner's grade was not written."""

    student: str
    message: Message

    @property
    def reason(self) -> str:
        """Why, in the reader's language."""
        return say(self.message.text, **self.message.values)

    def __str__(self) -> str:
        return f"{self.student}: {self.reason}"


def by_reason(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each reason once, behind everybody whom it concerns. `told`: students, each with a reason.

    >>> by_reason([("ada", "too late"), ("bob", "no id"), ("cleo", "too late")])
    [('ada, cleo', 'too late'), ('bob', 'no id')]
    """
    students: dict[str, list[str]] = defaultdict(list)
    for student, reason in told:
        students[reason].append(student)
    return [(", ".join(names), reason) for reason, names in students.items()]


def normal(value: str) -> str:
    """An id as it is compared: without surrounding blanks, in Unicode's composed form, letter for letter.

    Only an e-mail address is put into lower case.

    >>> normal(" straße") == normal("strasse"), normal("Bob"), normal("Bob@Example.org")
    (False, 'Bob', 'bob@example.org')
    """
    text = unicodedata.normalize("NFC", value.strip())
    return text.lower() if "@" in text else text


def heading(value: str) -> str:
    """A column's header as it is compared: letter case does not count."""
    return unicodedata.normalize("NFC", value.strip()).replace("’", "'").casefold()


def shared_ids(rows: Iterable[GradeRow]) -> dict[str, list[str]]:
    """Platform ids that more than one student of the gradebook has → those students."""
    owners: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.lms_user_id:
            owners[normal(row.lms_user_id)].append(row.student)
    return {user: students for user, students in owners.items() if len(students) > 1}


def find_column(csv: CsvText, header: str) -> int:
    """The column whose header is `header`; LmsError when there is none, or more than one."""
    names = [c.value.strip() for c in csv.header.cells]
    count = Counter(names)[header.strip()]
    if count == 1:
        return names.index(header.strip())
    if count:
        raise LmsError(_("The sheet has {count} columns named “{header}”."), count=count, header=header)
    text = _("The sheet has no column named “{header}”. It has: {known}.")
    raise LmsError(text, header=header, known=", ".join(n for n in names if n))


def match(
    rows: Iterable[GradeRow], lines: Sequence[frozenset[Key]], identity: Identity, everyone: Iterable[GradeRow]
) -> tuple[dict[str, int], list[Problem]]:
    """Student → index into `lines`, for those with exactly one line; the others as problems.

    Two learners who claim one line are both refused, even if only one of them (of `everyone` in the
    gradebook) has a grade: nobody can say whose it is.
    """
    index: dict[Key, set[int]] = defaultdict(set)
    for number, keys in enumerate(lines):
        for key in keys:
            index[key].add(number)
    hits = {row.student: {n for key in identity.of_row(row) for n in index.get(key, ())} for row in everyone}
    claims = Counter(n for found in hits.values() for n in found)
    matched: dict[str, int] = {}
    problems: list[Problem] = []
    for student in (row.student for row in rows):
        found = hits[student]
        if not found:
            problems.append(Problem(student, Message(_("no line of the sheet has this id"))))
        elif len(found) > 1 or claims[min(found)] > 1:
            problems.append(Problem(student, Message(_("ambiguous: the id fits more than one line or learner"))))
        else:
            matched[student] = min(found)
    return matched, problems
