r"""Collectors for the zip files of submissions that Moodle and Canvas make.

    nbgrader zip_collect week1 --collector=autograder.lms.MoodleCollector \
        --MoodleCollector.worksheet=Grades-COURSE-week1-3.csv

The names in such a zip are partly the learner's to choose, so a file is only taken when its name can be read
in one way, and a learner only when the platform's number has one owner: never guessed, always listed.
"""

import re
import sys
import zipfile
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook
from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.utils import find_all_notebooks
from traitlets import Bool, Dict, Unicode

from autograder.errors import LmsError
from autograder.files import plain_files
from autograder.grading.names import is_hidden, released_name
from autograder.i18n import Message, _, say
from autograder.lms import moodle
from autograder.lms.archives import SafeExtractor
from autograder.lms.csvtext import read_csv
from autograder.lms.matching import Identity, find_column, normal
from autograder.scale import quiet

NEWER = _("there is a newer attempt, or one further up")


@dataclass(frozen=True, slots=True)
class Found:
    """A submitted file: whose it is on the platform, its path in the submission, and how recent it is.

    `upload` is shared by what was handed in together: of that the topmost file counts, of several uploads the newest.
    """

    owner: str
    file: str
    upload: str
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

    def __init__(self, **settings: Any) -> None:
        """Called by nbgrader; `lost`, `strangers` and `taken` are what its extractor tells at the end."""
        super().__init__(**settings)
        self.lost: list[str] = []  # notebooks that nobody got
        self.strangers: set[str] = set()  # numbers of the platform that nobody here is known by
        self.taken = 0
        # not in the extractor: what nbgrader's own collector skips is told by lines that a quiet run leaves out
        quiet.begin(self.parent, Path(self.parent.coursedir.root), "zip_collect")
        if not isinstance(self.parent.extractor_plugin_inst, SafeExtractor):  # nbgrader's own forgets the times
            self.parent.extractor_plugin_inst = SafeExtractor(parent=self.parent)

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Called by `nbgrader zip_collect` for each file; None skips it."""
        path = Path(submitted_file)
        if path.suffix not in self.valid_ext or is_hidden(path.relative_to(self.root)):
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
            self.lost.append(str(path.relative_to(self.root)))
            return None
        if problem := self._problem(path, found):
            why = say(problem.text, **problem.values)
            self.log.warning(say(_("Skipped a file of number {owner}: {why}."), owner=found.owner, why=why))
            if problem.text != NEWER:
                self.lost.append(str(path.relative_to(self.root)))
            return None
        self.taken += 1
        student = self.students[found.owner]
        groups = {"student_id": student, "file_id": self._names[path]}
        if found.when and self.timezone:
            groups["timestamp"] = found.when.replace(tzinfo=ZoneInfo(self.timezone)).isoformat()
        return groups

    def _problem(self, path: Path, found: Found) -> Message | None:
        student = self.students.get(found.owner)
        if student is None:
            self.strangers.add(found.owner)
            return Message(_("nobody here is known by this number of the platform"))
        best = self._best[student, self._names[path]]
        if path in best:
            text = _("{count} different files could be {name}, and nothing tells which is meant")
            return Message(text, {"count": len(best), "name": self._names[path]}) if len(best) > 1 else None
        return Message(NEWER)

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
        taken = [
            p for p in plain_files(self.root) if p.suffix in self.valid_ext and not is_hidden(p.relative_to(self.root))
        ]
        return {p: found for p in taken if (found := self.find(p.relative_to(self.root)))}

    @cached_property
    def _names(self) -> dict[Path, str]:
        """What each file is called here."""
        released = self._released()
        counts = Counter(f.owner for f in self._index.values())
        return {
            p: self._only_name(released, counts[f.owner]) or released_name(f.file, released)
            for p, f in self._index.items()
        }

    def _only_name(self, released: list[str], count: int) -> str | None:
        """The name of the only released notebook, for a learner's only notebook, if that is wished."""
        return released[0] if self.only_notebook and len(released) == count == 1 else None

    @cached_property
    def _best(self) -> dict[tuple[str, str], list[Path]]:
        """The files that may be a learner's under a name: one, if it can be told."""
        newest: dict[tuple[str, str], float] = {}
        claims: dict[tuple[str, str], list[Path]] = {}
        for path, found in self._index.items():
            upload = found.owner, found.upload
            newest[upload] = max(found.rank, newest.get(upload, found.rank))
            if student := self.students.get(found.owner):
                claims.setdefault((student, self._names[path]), []).append(path)

        def key(path: Path) -> tuple[float, ...]:
            """Greater is better: the newest upload, in it the topmost, then its own name, the newer."""
            found = self._index[path]
            depth, exact = found.file.count("/"), Path(found.file).name == self._names[path]
            return newest[found.owner, found.upload], -depth, exact, found.rank, path.stat().st_mtime

        best = {name: [p for p in paths if key(p) == max(map(key, paths))] for name, paths in claims.items()}
        # copies of one another: either will do
        return {n: ps[:1] if len(ps) > 1 and len({p.read_bytes() for p in ps}) == 1 else ps for n, ps in best.items()}

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
    columns = Dict(help="what a column of the worksheet is → its header, where that is not found").tag(config=True)
    yes = Unicode("", help="the worksheet's word for yes, in a language this program does not know").tag(config=True)

    _folder = re.compile(
        r"(?P<name>((?!_assignsubmission_)[^/])*?)_(?P<id>\d+)_assignsubmission_file(?:_?/|_)(?P<file>.+)", re.DOTALL
    )

    def find(self, path: Path) -> Found | None:
        # from the left: what follows the first part that Moodle named is the learner's own naming
        for depth, part in enumerate(path.parts):
            if "_assignsubmission_" in part:
                found = self._folder.fullmatch("/".join(path.parts[depth:]))
                when = self._when(path)
                rank = when.timestamp() if when else 0.0
                return found and Found(found["id"], found["file"], path.parts[0], rank, when)
        return None

    def _when(self, path: Path) -> datetime | None:
        """When it was submitted: what is in a learner's own archive came with that."""
        return next((self._times[p.as_posix()] for p in (path, *path.parents) if p.as_posix() in self._times), None)

    @cached_property
    def students(self) -> dict[str, str]:
        if not self.worksheet:
            raise LmsError(_("Which worksheet? Give it with --MoodleCollector.worksheet=FILE."))
        csv = read_csv(Path(self.worksheet))
        at = moodle.find_columns(csv, self.columns, self.yes)
        if self.blind:
            numbers = [at.participant(record) for record in csv.body]
            return {n: f"participant-{n}" for n in numbers}
        identity = Identity(self.key_column, self.strip_domain, self.match_email)
        columns = at.key_columns(csv, identity)
        known = {} if self.key_column else self._known()
        owners: dict[str, str] = {}
        for record in csv.body:
            if self.key_column:
                value = record[columns[0]].strip()
                names = {value.split("@")[0] if self.strip_domain else value}
            else:
                names = {known[key] for key in identity.of_line(record, columns) if key in known}
            if len(names) == 1 and (name := names.pop()):
                owners[at.participant(record)] = name
        return _checked(owners)

    def _known(self) -> dict[tuple[str, str], str]:
        """Id or e-mail address → the only student who has it."""
        owners: dict[tuple[str, str], set[str]] = defaultdict(set)
        with _gradebook(self.parent.coursedir) as gradebook:
            for student in gradebook.students:
                owners["id", normal(student.id)].add(student.id)
                if student.email:
                    owners["email", normal(student.email)].add(student.id)
        return {key: students.pop() for key, students in owners.items() if len(students) == 1}

    @cached_property
    def _times(self) -> dict[str, datetime]:
        """When each file was submitted, from Moodle's zip itself, by its path where that was unpacked."""
        archives = Path(self.parent._format_collect_path(self.parent.archive_directory))
        times: dict[str, datetime] = {}
        for archive in sorted(p for p in archives.rglob("*") if zipfile.is_zipfile(p)):
            folder = archive.relative_to(archives)
            with zipfile.ZipFile(archive) as file:
                for info in file.infolist():
                    with suppress(ValueError):  # a month 0: no time was written
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
        claims = [(depth, found) for depth, part in enumerate(path.parts) if (found := [*self._numbers.finditer(part)])]
        if not claims or (claims[0][0] == 0 and len(claims) > 1):  # is the whole archive a learner's, or what is in it?
            return None
        depth, readings = claims[0]  # what follows is the learner's own naming
        known = [m for m in readings if m["id"] in self.students]
        if len(known) != 1:
            return None
        file = "/".join((known[0]["file"], *path.parts[depth + 1 :]))
        return Found(known[0]["id"], file, path.parts[depth], float(known[0]["attachment"]))

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
            students = [s for s in gradebook.students if s.lms_user_id]
            counts = Counter(s.lms_user_id for s in students)
            return _checked({s.lms_user_id: s.id for s in students if counts[s.lms_user_id] == 1})


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


__all__ = ["CanvasCollector", "LmsCollector", "MoodleCollector"]
