"""What a lecturer sets in `nbgrader_config.py`: `c.Course.…` and `c.Scale.…`."""

import os
from pathlib import Path

from traitlets import Dict, Integer, Unicode
from traitlets.config import LoggingConfigurable

CHECKS_DIR = Path(__file__).parents[1] / "checks"


class Course(LoggingConfigurable):
    """The course, as `c.Course.…`."""

    secret = Unicode("demo", config=True, help="hidden inputs and training seeds derive from it: choose your own")
    languages = Dict(Unicode(), config=True, help="assignment → language of its feedback; English where not named")
    checks_directory = Unicode(str(CHECKS_DIR), config=True, help="folder of the files check_<notebook>.py")
    cell_seconds = Integer(120, config=True, help="time a cell may run, s")
    notebook_seconds = Integer(600, config=True, help="time a notebook may run, s")


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
