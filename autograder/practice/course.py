"""The course as practice sees it: what was released, with a secret of its own. Nothing of the official gradebook."""

import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.errors import SetupError
from autograder.execution.programs import program_of
from autograder.execution.runner import task_of
from autograder.files import write_whole
from autograder.grading.headings import headed, plain
from autograder.i18n import _
from autograder.practice.settings import Practice
from autograder.records import Submission
from autograder.scale.jobs import Jobs
from autograder.scale.settings import Course, Scale, configuration
from autograder.store import key_of
from autograder.unit import load
from autograder.wiring.restore import KnownNotebook, released_notebook, restore

REST = ""  # stands for the code that belongs to no task
_silent = logging.Logger("practice")  # what a learner changed is told on no log
_silent.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Released:
    """A notebook that was released. `tasks`: those that the program grades, in order; `titles`: what each is called."""

    assignment: str
    name: str
    known: KnownNotebook
    tasks: tuple[str, ...]
    titles: Mapping[str, str]


class PracticeCourse:
    """The course in a folder, from its `nbgrader_config.py`."""

    def __init__(self, root: Path, config: Config | None = None) -> None:
        """`config`: in place of the file's, for tests.

        Raises:
            SetupError: there is no configuration, nothing is released, or practice would use the official secret.
        """
        self.config = configuration(root) if config is None else config
        self.root, self.settings = root, Practice(config=self.config)
        self.settings.check()
        course, self.scale = Course(config=self.config), Scale(config=self.config)
        self.directory = CourseDirectory(config=self.config, root=str(root.resolve()))
        self.folder = root.resolve() / self.settings.folder
        self.unit_name = course.unit
        unit = load(course.unit, root.resolve())
        self.released = {(r.assignment, r.name): r for r in self._released()}
        if not self.released:
            text = _("Nothing is released in {folder}: run nbgrader generate_assignment first.")
            raise SetupError(text, folder=self._path(self.directory.release_directory, ""))
        secret = self._secret(course.secret)
        sandbox = dict(self.config.get("Sandbox", {}))
        self.jobs = Jobs(unit, course, sandbox, secret, self._source, self._count, self._release)

    def _path(self, step: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, ".", assignment))

    def _source(self, assignment: str) -> Path:
        return self._path(self.directory.source_directory, assignment)

    def _release(self, assignment: str) -> Path:
        return self._path(self.directory.release_directory, assignment)

    def _count(self, assignment: str) -> int:
        return sum(of == assignment for of, _name in self.released)

    @property
    def assignments(self) -> list[str]:
        """What can be practised, in order."""
        return list(dict.fromkeys(assignment for assignment, _name in self.released))

    def _released(self) -> list[Released]:
        folder = self._path(self.directory.release_directory, "")
        found = []
        for path in sorted(folder.glob("*/*.ipynb")):
            assignment = path.parent.name
            if not self.settings.assignments or assignment in self.settings.assignments:
                nb = read_released(path)
                tasks = tuple(task for cell in nb.cells if (task := task_of(cell)))
                if tasks:
                    found.append(Released(assignment, path.stem, released_notebook(nb), tasks, titles_of(nb)))
        return found

    def _secret(self, official: str) -> str:
        """The configured secret, or one that is drawn once and kept."""
        secret = self.settings.secret or drawn(self.folder / "secret")
        if secret == official:
            text = _("c.Practice.secret is the secret of the grade: with practice, learners would find out its "
                     "numbers. Choose another one, or leave it out.")  # fmt: skip
            raise SetupError(text)
        return secret

    def recognized(self, nb: NotebookNode, assignment: str) -> Released | None:
        """Which notebook of an assignment this is a copy of: its cells say so, never its file's name."""
        names = [_cell_name(cell) for cell in nb.cells]
        best: tuple[int, Released | None] = 0, None
        for released in self.released.values():
            if released.assignment == assignment:
                own = sum(name in released.known.cells for name in names if name)
                best = max(best, (own, released), key=lambda pair: pair[0])
        return best[1]

    def restored(self, nb: NotebookNode, submission: Submission) -> NotebookNode:
        """The notebook, brought back to what was released."""
        released = self.released[submission.assignment, submission.notebook]
        restore(nb, released.known, submission, _silent)
        return nb


def drawn(path: Path) -> str:
    """A secret, 64 hexadecimal digits: drawn once, and kept in a file that nobody else may read."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    secret = secrets.token_hex(32)
    write_whole(path, secret.encode(), durable=True)
    return secret


def read_released(path: Path) -> NotebookNode:
    """A released notebook.

    Raises:
        SetupError: it is none.
    """
    try:
        nb = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise SetupError(_("{path} is no released notebook: {error}"), path=path, error=error) from error
    return nb


def titles_of(nb: NotebookNode) -> dict[str, str]:
    """Task → the heading before it, without Markdown's marks."""
    return {task: plain(heading) or task for cell, _part, heading in headed(nb.cells) if (task := task_of(cell))}


def task_keys(nb: NotebookNode) -> dict[str, str]:
    """Task → what the code of its answer is, whatever its comments and its layout; `REST`: of all other code."""
    tasks = {task for cell in nb.cells if (task := task_of(cell))}
    parts: dict[str, list[str]] = {task: [] for task in (*sorted(tasks), REST)}
    for cell in nb.cells:
        if cell.cell_type == "code" and task_of(cell) is None:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", REST)
            parts[name if name in tasks else REST].append(program_of(cell.source))
    return {task: key_of(codes) for task, codes in parts.items()}


def _cell_name(cell: NotebookNode) -> str | None:
    name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id"))
    return name if isinstance(name, str) else None
