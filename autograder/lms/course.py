"""The course folder that a command runs in: its gradebook, as nbgrader finds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url

from autograder.errors import SetupError
from autograder.i18n import _


@contextmanager
def open_gradebook(db_url: str = "") -> Iterator[Gradebook]:
    """The gradebook of nbgrader_config.py in this folder, or of `db_url`.

    Raises SetupError when there is none: nbgrader would make an empty one.
    """
    app = NbGraderApp()
    app.log_level = "ERROR"  # a missing configuration file is fine: nbgrader has defaults
    app.load_config_file()
    course = CourseDirectory(config=app.config)
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
