"""What nbgrader is about to grade, in its order: `BaseConverter.convert_notebooks` decided without side effects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.grading.times import set_aside_time
from autograder.i18n import _, say


@dataclass(frozen=True)
class DueNotebook:
    """One notebook: the submission's folder and the file, spelled as nbgrader does."""

    folder: str
    file: str

    @property
    def assignment(self) -> str:
        return Path(self.folder).name

    @property
    def student(self) -> str:
        return Path(self.folder).parent.name

    @property
    def notebook(self) -> str:
        return Path(self.file).stem


def due_notebooks(converter: Any) -> list[DueNotebook]:
    """Every notebook that this `nbgrader autograde` will grade; `converter` is its Autograde."""
    known = known_notebooks(converter)
    folders = [f for f in sorted(converter.assignments) if _foreseen(converter, f)]
    return [
        DueNotebook(f, n)
        for f in folders
        for n in sorted(converter.assignments[f])
        if known is None or Path(n).stem in known
    ]


def graded_folder(converter: Any, student: str, assignment: str) -> Path:
    """Where nbgrader writes the graded submission."""
    coursedir = converter.coursedir
    return Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))


def known_notebooks(converter: Any) -> set[str] | None:
    """Names of the assignment's notebooks, nbgrader skips others; None when it cannot be told beforehand."""
    coursedir = converter.coursedir
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            return {n.name for n in gradebook.find_assignment(coursedir.assignment_id).notebooks}
        except MissingEntry:
            return None


def _foreseen(converter: Any, folder: str) -> bool:
    """Whether a submission is due; of one that cannot be looked at nbgrader decides, when it comes to it."""
    path = Path(folder)
    graded = graded_folder(converter, path.parent.name, path.name)
    try:
        aside = [set_aside_time(f) for f in (path, graded)]
        if any(aside):
            text = _("{folder}: when it was handed in cannot be read. Its time counts as unknown: it is not late.")
            converter.log.warning(say(text, folder=folder))
        return _is_due(converter, path, graded)
    except Exception as error:
        converter.log.warning("%s was not looked at beforehand: %r", folder, error)
        return False


def _is_due(converter: Any, path: Path, graded: Path) -> bool:
    """What `BaseConverter.init_destination` will decide."""
    coursedir, folder = converter.coursedir, str(path)
    if path.parent.name in coursedir.student_id_exclude.split(","):
        return False
    names = ["."] if coursedir.notebook_id == "*" else [Path(n).name for n in converter.assignments[folder]]
    if converter.force or any(not (graded / name).exists() for name in names):
        return True
    new, old = (coursedir.get_existing_timestamp(str(p)) for p in (path, graded))
    return bool(new and old and new > old)
