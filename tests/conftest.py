"""What every test needs: nbgrader's programs on the path, and a captured standard error that stays open."""

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from absl import logging as absl_logging
from hypothesis import settings
from nbgrader import api

from autograder.grading.grader import Grader

# nbgrader starts `alembic` by name when it makes a gradebook, to ask it for a number: once is enough for this process
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
api.get_alembic_version = cache(api.get_alembic_version)

# Keras brings absl, whose handler closes its stream whenever logging is configured anew, as each of nbgrader's
# applications does; it spares the interpreter's own stream only. Imported within a test, it would take pytest's
# capture file for its stream, and the next application started in this process would close it.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """What grades for the tests of one file, with a store of its own that is empty at first."""
    grader = Grader(tmp_path_factory.mktemp("grader"))
    yield grader
    grader.close()


# These files take longest. Two processes take file after file: the last ones should be short.
LONGEST = (
    *("lms/test_lti_faults.py", "browser/test_hub.py", "course/test_i_want_to.py", "checks/test_answers.py"),
    *("course/test_new_course.py", "units/test_second_unit.py"),
    *("sandbox/test_guarantees.py", "scale/test_runs.py", "course/test_cycle.py", "course/test_exchange.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first."""
    rank = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


# machines are shared: how long an example takes says nothing
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
