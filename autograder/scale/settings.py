"""What a lecturer sets in `nbgrader_config.py`: `c.Course.…` and `c.Scale.…`."""

import os
from pathlib import Path

from traitlets import Bool, Dict, Integer, Unicode
from traitlets.config import LoggingConfigurable
from traitlets.config.loader import Config, PyFileConfigLoader

from autograder.errors import SetupError
from autograder.i18n import _
from autograder.unit import Unit, load

CONFIGURATION = "nbgrader_config.py"
KNOWN_SECRET = "demo"  # noqa: S105


class Course(LoggingConfigurable):
    """The course, as `c.Course.…`."""

    secret = Unicode(KNOWN_SECRET, config=True, help="hidden inputs and training seeds derive from it: choose your own")
    demonstration = Bool(False, config=True, help="nothing is at stake: everybody may know the secret")
    languages = Dict(Unicode(), config=True, help="assignment → language of its feedback; English where not named")
    contact = Unicode(
        config=True,
        help="whom learners ask who see a verdict differently: a mail address, a web address or a sentence; empty: the "
        "feedback page says nothing of it",
    )
    solutions_in_feedback = Bool(
        False,
        config=True,
        help="feedback pages that are written after the deadline, extensions included, show a worked solution of each "
        "task",
    )
    execute_demonstrations = Bool(
        False,
        config=True,
        help="given cells that only show something, which their author has marked, are executed for each learner, too",
    )
    unit = Unicode(config=True, help="import name of the package with the course's checks, such as mycourse.unit")
    cell_seconds = Integer(120, config=True, help="time a cell may run, s")
    notebook_seconds = Integer(600, config=True, help="time a notebook may run, s")
    submission_seconds = Integer(
        3000,
        config=True,
        help="CPU time that grading a learner's submission may take, over all cores, s: kernels, trainings and checks; "
        "each notebook of the assignment has an equal part",
    )

    @property
    def secret_is_known(self) -> bool:
        """Whether hidden inputs and seeds derive from what everybody can read, in a course that is no demonstration."""
        return self.secret == KNOWN_SECRET and not self.demonstration


KNOWN = _(
    "c.Course.secret is the one that everybody knows: learners can compute hidden inputs and seeds. Choose your own in "
    "nbgrader_config.py."
)


class Scale(LoggingConfigurable):
    """How much is graded at once, as `c.Scale.…`."""

    workers = Integer(os.cpu_count() or 1, min=1, config=True, help="notebooks graded at the same time")
    lookahead = Integer(3, min=1, config=True, help="notebooks handed to each worker before nbgrader asks for them")
    store = Unicode(".autograder", config=True, help="folder of what was computed already; empty: remember nothing")
    store_bytes = Integer(4 << 30, config=True, help="size the store is trimmed to after a run")
    scheduler_address = Unicode("", config=True, help="tcp://… of a Dask scheduler; empty: processes on this machine")
    flagged_status = Integer(
        3,
        config=True,
        help="exit status of `nbgrader autograde` when a person has to look at a notebook; 0: never mind",
    )


def configuration(course: Path) -> Config:
    """The configuration in a course's folder.

    Raises:
        SetupError: there is none.
    """
    if not (course / CONFIGURATION).exists():
        raise SetupError(
            _("There is no {file} in {folder}: this is no course's folder."), file=CONFIGURATION, folder=course
        )
    return PyFileConfigLoader(CONFIGURATION, str(course)).load_config()


def configured_unit(course: Path) -> Unit:
    """The unit that the configuration in a course's folder names.

    Raises:
        SetupError: there is no configuration, or it names no unit.
    """
    return load(Course(config=configuration(course)).unit, course.resolve())
