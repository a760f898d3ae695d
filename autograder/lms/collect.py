r"""Collectors for the zip files of submissions that Moodle and Canvas make.

    nbgrader zip_collect week1 --collector=autograder.lms.MoodleCollector \
        --MoodleCollector.worksheet=Grades-COURSE-week1-3.csv

The names in such a zip are partly the learner's to choose, so a file is only taken when its name can be read
in one way, and a learner only when the platform's number has one owner: never guessed, always listed.
"""

import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook
from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.utils import find_all_notebooks
from traitlets import Bool, Unicode

from autograder.errors import LmsError
from autograder.i18n import Message, _, say
from autograder.lms import moodle
from autograder.lms.csvtext import read_csv
from autograder.lms.matching import Identity, find_column, normal


@dataclass(frozen=True, slots=True)
class Found:
    """A submitted file: whose it is on the platform, its path in the submission, and how recent it is."""

    owner: str
    file: str
    rank: float
    when: datetime | None = None  # the platform's local time


class LmsCollector(FileNameCollectorPlugin):  # type: ignore[misc]  # nbgrader has no types
    """What the collectors share: one learner for each file, released names, the latest attempt only."""

    timezone = Unicode(
        "", help="the platform's time zone, as Europe/Paris: submission times are kept if it is given"
    ).tag(config=True)
    only_notebook = Bool(
        False, help="the assignment has one notebook: a learner's only one is it, whatever its name"
    ).tag(config=True)

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Called by `nbgrader zip_collect` for each file; None skips it."""
        path = Path(submitted_file)
        if path.suffix not in self.valid_ext:
            return None
        try:
            return self._collect(path)
        except LmsError as error:
            self.log.error(str(error))
            sys.exit(1)

    def _collect(self, path: Path) -> dict[str, str] | None:
        found = self._index.get(path)
        # nbgrader names each skipped file in its own log; here only numbers: file names hold people's names
        if found is None:
            self.log.warning(say(_("Skipped a file: the platform gives no such name, or it fits two people.")))
            return None
        if problem := self._problem(path, found):
            why = say(problem.text, **problem.values)
            self.log.warning(say(_("Skipped a file of number {owner}: {why}."), owner=found.owner, why=why))
            return None
        student = self.students[found.owner]
        groups = {"student_id": student, "file_id": found.file}
        if found.when and self.timezone:
            groups["timestamp"] = found.when.replace(tzinfo=ZoneInfo(self.timezone)).isoformat()
        return groups

    def _problem(self, path: Path, found: Found) -> Message | None:
        student = self.students.get(found.owner)
        if student is None:
            return Message(_("nobody here is known by this number of the platform"))
        if self._latest[student, found.file] != path:
            return Message(_("there is a newer attempt"))
        return None

    def find(self, path: Path) -> Found | None:
        """Read the platform's name of `path`, relative to the extracted folder; None when it has none."""
        raise NotImplementedError

    @property
    def students(self) -> dict[str, str]:
        """The platform's number of a learner → nbgrader's id."""
        raise NotImplementedError

    @cached_property
    def root(self) -> Path:
        """The folder that nbgrader extracted to."""
        return Path(self.parent._format_collect_path(self.parent.extracted_directory))

    @cached_property
    def _index(self) -> dict[Path, Found]:
        # a link, out of a learner's own archive, could point at a file of this machine
        files = [p for p in sorted(self.root.rglob("*")) if p.is_file() and not p.is_symlink()]
        taken = [p for p in files if p.suffix in self.valid_ext]
        index = {p: found for p in taken if (found := self.find(p.relative_to(self.root)))}
        released = self._released()
        counts = Counter(f.owner for f in index.values())
        return {
            p: replace(f, file=self._only_name(released, counts[f.owner]) or released_name(f.file, released))
            for p, f in index.items()
        }

    def _only_name(self, released: list[str], count: int) -> str | None:
        """The name of the only released notebook, for a learner's only notebook, if that is wished."""
        return released[0] if self.only_notebook and len(released) == count == 1 else None

    @cached_property
    def _latest(self) -> dict[tuple[str, str], Path]:
        """The most recent file of each learner under each name."""
        latest: dict[tuple[str, str], Path] = {}
        for path, found in self._index.items():
            if (student := self.students.get(found.owner)) is None:
                continue
            held = latest.get((student, found.file))
            if held is None or self._index[held].rank <= found.rank:
                latest[student, found.file] = path
        return latest

    def _released(self) -> list[str]:
        course = self.parent.coursedir
        folder = course.format_path(course.release_directory, ".", course.assignment_id)
        return [str(name) for name in find_all_notebooks(folder)]


class MoodleCollector(LmsCollector):
    """Moodle's "Download all submissions", with or without folders.

    `<name>_<participant number>_assignsubmission_file[_]/<file>`, or flat `…_assignsubmission_file_<file>`
    (mod/assign/locallib.php); an underscore in a name becomes a blank there. The number is that of the
    grading worksheet, which says whose it is.
    """

    worksheet = Unicode("", help="the grading worksheet of the same assignment").tag(config=True)
    key_column = Unicode("", help="header of the worksheet's column with nbgrader's ids").tag(config=True)
    strip_domain = Bool(False, help="take alice@example.org in that column for alice").tag(config=True)
    match_email = Bool(False, help="also match by the gradebook's e-mail addresses").tag(config=True)
    blind = Bool(False, help="blind marking: use participant-N as id").tag(config=True)

    _folder = re.compile(r"(?P<name>[^/]*?)_(?P<id>\d+)_assignsubmission_file(?:_?/|_)(?P<file>.+)", re.DOTALL)

    def find(self, path: Path) -> Found | None:
        # from the left: what follows the first match is the learner's own naming
        for depth in range(min(2, len(path.parts))):
            rest = "/".join(path.parts[depth:])
            if found := self._folder.fullmatch(rest):
                when = self._times.get(path.as_posix())
                return Found(found["id"], found["file"], when.timestamp() if when else 0.0, when)
        return None

    @cached_property
    def students(self) -> dict[str, str]:
        if not self.worksheet:
            raise LmsError(_("Which worksheet? Give it with --MoodleCollector.worksheet=FILE."))
        csv = read_csv(Path(self.worksheet))
        if self.blind:
            numbers = [moodle.participant(record) for record in csv.body]
            return {n: f"participant-{n}" for n in numbers}
        identity = Identity(self.key_column, self.strip_domain, self.match_email)
        columns = moodle.find_columns(csv).key_columns(csv, identity)
        known = {} if self.key_column else dict(self._known())
        owners: dict[str, str] = {}
        for record in csv.body:
            if self.key_column:
                value = record[columns[0]].strip()
                names = {value.split("@")[0] if self.strip_domain else value}
            else:
                names = {known[key] for key in identity.of_line(record, columns) if key in known}
            if len(names) == 1 and (name := names.pop()):
                owners[moodle.participant(record)] = name
        return _checked(owners)

    def _known(self) -> Iterable[tuple[tuple[str, str], str]]:
        with _gradebook(self.parent.coursedir) as gradebook:
            for student in gradebook.students:
                yield ("id", normal(student.id)), student.id
                if student.email:
                    yield ("email", normal(student.email)), student.id

    @cached_property
    def _times(self) -> dict[str, datetime]:
        """When each file was submitted, from the zip itself: nbgrader's extraction forgets it."""
        archives = Path(self.parent._format_collect_path(self.parent.archive_directory))
        times: dict[str, datetime] = {}
        for archive in sorted(archives.rglob("*.zip")):
            folder = archive.relative_to(archives).with_suffix("")
            with zipfile.ZipFile(archive) as file:
                for info in file.infolist():
                    times[(folder / info.filename).as_posix()] = datetime(*info.date_time)
        return times


class CanvasCollector(LmsCollector):
    """Canvas's "Download submissions": `<name>[_LATE]_<user id>_<attachment id>_<file>`, or
    `anon_<id>_…` (lib/content_zipper.rb). The user id is the ID of the gradebook export.

    A learner may call themselves `x_101_5`: a name that can be read as two learners' is refused.
    """

    gradebook = Unicode("", help="Canvas's gradebook export of the course").tag(config=True)
    key_column = Unicode("SIS Login ID", help="header of its column with nbgrader's ids").tag(config=True)
    strip_domain = Bool(False, help="take alice@example.org in that column for alice").tag(config=True)

    _numbers = re.compile(r"(?=_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>[^/]+)$)")

    def find(self, path: Path) -> Found | None:
        readings = [m for m in self._numbers.finditer(path.name) if m["id"] in self.students]
        if len(readings) != 1:
            return None
        found = readings[0]
        return Found(found["id"], found["file"], float(found["attachment"]))

    @cached_property
    def students(self) -> dict[str, str]:
        if not self.gradebook:
            return self._from_roster()
        csv = read_csv(Path(self.gradebook))
        key, number = find_column(csv, self.key_column), find_column(csv, "ID")
        owners = {}
        for record in csv.body:
            value = record[key].strip()
            if record[number].strip() and value:
                owners[record[number].strip()] = value.split("@")[0] if self.strip_domain else value
        return _checked(owners)

    def _from_roster(self) -> dict[str, str]:
        with _gradebook(self.parent.coursedir) as gradebook:
            return _checked({s.lms_user_id: s.id for s in gradebook.students if s.lms_user_id})


def released_name(file: str, released: Iterable[str]) -> str:
    """The released notebook that `file` is a copy of; `file` itself when that is not certain.

    Browsers and platforms rename: "Week1 (1).ipynb", "week1-2.ipynb", "week1-Copy1.ipynb", "f/week1.ipynb".
    """
    names = list(released)
    if file in names:
        return file
    stem = Path(file).stem
    for candidate in (stem, _COPY.sub("", stem)):
        fits = {name for name in names if _plain(Path(name).stem) == _plain(candidate)}
        if len(fits) == 1:
            return fits.pop()
    return file


_COPY = re.compile(r"(\s*\((\d+|copy)\)|[-_ ]copy\d*|-\d+)+$", re.IGNORECASE)


def _plain(stem: str) -> str:
    return re.sub(r"[\W_]+", "", stem).casefold()


def _checked(owners: dict[str, str]) -> dict[str, str]:
    """Raises LmsError when two people of the platform would be one learner here, or an id is no file name."""
    if odd := sorted(v for v in owners.values() if "/" in v or "\\" in v or v.startswith(".")):
        text = _("These ids cannot be the name of a folder: {listed}.")
        raise LmsError(text, listed=", ".join(odd))
    values = sorted(owners.values())
    if doubles := sorted({v for v, after in pairwise(values) if v == after}):
        text = _("Two people of the platform have the same id: {listed}. Choose another key column.")
        raise LmsError(text, listed=", ".join(doubles))
    return owners


def _gradebook(course: Any) -> Gradebook:
    return Gradebook(course.db_url, course.course_id)


__all__ = ["CanvasCollector", "LmsCollector", "MoodleCollector", "released_name"]
