"""Canvas's gradebook CSV (lib/gradebook_exporter.rb, lib/gradebook_importer.rb).

The header has the learner's columns (Student or LastName and FirstName, ID, optional ids, Section last),
then one column for each assignment, "title (id)", then totals. Below it may stand a line of posting policies,
and a line of "Points Possible"; neither has an ID.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.csvtext import CsvText, Record
from autograder.lms.matching import Key, heading, normal

ID_COLUMNS = ("sis user id", "sis login id", "integration id")
_ASSIGNMENT = re.compile(r"(?P<title>.*) \((?P<id>\d+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Columns:
    """`id` is Canvas's own user id, never nbgrader's; `ids` what can hold that; `learner` all that say who it is."""

    learner: tuple[int, ...]
    id: int
    ids: tuple[int, ...]
    grade: int


def find_columns(csv: CsvText, assignment: str) -> Columns:
    """Find the learner's columns and that of `assignment` (its title or its Canvas id).

    Raises LmsError when there is none, or more than one.
    """
    titles = [_ASSIGNMENT.fullmatch(c.value.strip()) for c in csv.header.cells]
    names = [heading(c.value) for c in csv.header.cells]
    columns = [n for n, found in enumerate(titles) if found]
    learner = tuple(range(min(columns, default=0)))
    if "id" not in (names[n] for n in learner):
        text = _("The sheet has no “ID” column before the assignments. Expected Canvas's gradebook export.")
        raise LmsError(text)
    wanted = heading(assignment)
    fits = [n for n in columns if (t := titles[n]) and wanted in (heading(t["title"]), t["id"])]
    if len(fits) != 1:
        text = _(
            "{count} columns of the sheet are named “{assignment}”: "
            "give the assignment's Canvas id with --CanvasGradebook.column=ID. It has: {known}."
        )
        known = ", ".join(csv.header[n].strip() for n in columns)
        raise LmsError(text, count=len(fits), assignment=assignment, known=known)
    key = names.index("id")
    return Columns(learner, key, tuple(n for n in learner if names[n] in ID_COLUMNS), fits[0])


def learners(csv: CsvText, at: Columns) -> list[Record]:
    """The lines of learners: those with an ID."""
    return [record for record in csv.body if record[at.id].strip()]


def lms_key(record: Record, at: Columns) -> frozenset[Key]:
    """The Canvas user id of a line."""
    return frozenset({("lms", normal(record[at.id]))})


def points_possible(csv: CsvText, at: Columns) -> float | None:
    """The assignment's points from the last line without ID above the learners; None when there is none."""
    points = None
    for record in csv.body:
        if record[at.id].strip():
            break
        value = record[at.grade].strip().replace(",", ".")
        points = float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else points
    return points


def subset(csv: CsvText, grade: int, grades: Mapping[int, str]) -> bytes:
    """The learner's columns and column `grade`, of the lines without ID and those in `grades` (start of the
    record → text), each cell as it stands in the file."""
    at = find_columns(csv, _id_of(csv.header[grade]))
    known = {record.start for record in learners(csv, at)}
    kept = []
    for record in (csv.header, *csv.body):
        if record.start in known and record.start not in grades:
            continue
        if record.start in grades and grade >= len(record):
            raise LmsError(_("A line of the sheet has only {found} cells."), found=len(record))
        cells = [csv.text[c.start : c.end] for n, c in enumerate(record.cells) if n in (*at.learner, grade)]
        if record.start in grades:
            cells[-1] = csv.write(grades[record.start], record.cells[grade].quoted)
        kept.append(csv.delimiter.join(cells) + csv.text[record.cells[-1].end : record.end])
    return csv.encode("".join(kept))


def _id_of(header: str) -> str:
    found = _ASSIGNMENT.fullmatch(header.strip())
    return found["id"] if found else header
