"""The course that a command runs in: its folder, its gradebook, and what it says to learners."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_core.application import JupyterApp
from nbgrader.api import Gradebook
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url

from autograder.errors import SetupError
from autograder.i18n import _
from autograder.lms.words import Tasks, read_tasks
from autograder.scale.settings import CONFIGURATION, Course


@dataclass(frozen=True, slots=True)
class Words:
    """What a course says of an assignment: the language of its feedback, and the titles of its tasks."""

    language: str | None
    tasks: Tasks


def words_of(course: CourseDirectory, assignment: str) -> Words:
    """From `c.Course.languages` and the notebooks that were released."""
    language = Course(parent=course).languages.get(assignment)
    return Words(language, read_tasks(Path(course.format_path(course.release_directory, ".", assignment))))


def course_here() -> CourseDirectory:
    """The course of the nearest folder, from here upwards, with nbgrader_config.py; of this folder if there is none."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / CONFIGURATION).exists()), here)
    app = NbGraderApp()
    app.log_level = "ERROR"  # a missing configuration file is fine: nbgrader has defaults
    app.load_cwd_config = False
    app.load_config_file()
    super(JupyterApp, app).load_config_file(app.config_file_name, str(root))  # as NbGrader does for the current folder
    course = CourseDirectory(config=app.config)
    # as nbgrader does in the course's folder itself: without a setting it is that folder
    course.root = str(root / course.root) if "root" in app.config.CourseDirectory else str(root)
    return course


@contextmanager
def open_gradebook(course: CourseDirectory, db_url: str = "") -> Iterator[Gradebook]:
    """The gradebook of the course, or of `db_url`.

    Raises SetupError when there is none: nbgrader would make an empty one.
    """
    url = db_url or course.db_url
    path = make_url(url).database if url.startswith("sqlite") else None
    if path and not Path(path).exists():
        text = _("There is no gradebook {path}. Run this in the course folder, or give --db.")
        raise SetupError(text, path=path)
    gradebook = Gradebook(url, course.course_id)
    try:
        yield gradebook
    finally:
        gradebook.close()
        gradebook.engine.dispose()
