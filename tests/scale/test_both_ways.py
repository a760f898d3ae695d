"""The reference notebooks with their demonstrations and without: the same answers, outcomes and points."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from traitlets.config import Config

from autograder.classroom import without_marks
from autograder.grading.grader import Grader
from autograder.grading.job import Graded
from autograder.records import Submission
from autograder.scale.jobs import Jobs
from autograder.scale.settings import Course, configuration
from autograder.unit import load

PROJECT = Path(__file__).parents[2]
ENGLISH = PROJECT / "source" / "regularization"

pytestmark = pytest.mark.slow


def jobs(execute: bool) -> Jobs:
    config = Config(configuration(PROJECT))
    config.Course.execute_demonstrations = execute
    sandbox = dict(config.get("Sandbox", {}))
    unit = load(config.Course.unit, PROJECT)
    return Jobs(unit, Course(config=config), sandbox, "secret", lambda _: ENGLISH, lambda _: 1, lambda _: ENGLISH)


def reference(name: str) -> Any:
    nb = nbformat.read(ENGLISH / f"{name}.ipynb", as_version=4)
    for cell in nb.cells:
        cell.source = without_marks(cell.source)
    return nb


def told(outcome: Graded) -> Any:
    """Check → outcome and points."""
    assert outcome.fault == ""
    return {t: [(r.name, r.outcome, r.earned) for r in grade.results] for t, grade in outcome.grades.items()}


@pytest.mark.parametrize("name", sorted(path.stem for path in ENGLISH.glob("*.ipynb")))
def test_nothing_depends_on_a_demonstration(grader: Grader, name: str) -> None:
    nb, submission = reference(name), Submission("regularization", "ada", name)
    both = [jobs(execute).job(submission, nb, lambda _own: {}) for execute in (False, True)]
    left_out = [sum("left_out" in c["metadata"] for c in json.loads(job.notebook)["cells"]) for job in both]
    assert left_out[0] > 3
    assert left_out[1] == 0
    without, all_executed = (grader.grade(job) for job in both)
    assert told(without) == told(all_executed)
    assert [len(o) for _i, o in sorted(without.outputs.items())].count(0) == [
        len(o) for _i, o in sorted(all_executed.outputs.items())
    ].count(0)  # what is not executed is shown all the same
