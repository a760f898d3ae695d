"""Jobs made directly from cells, for tests below nbgrader."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from autograder.execution.runner import Limits
from autograder.grading.job import Job
from autograder.grading.notebooks import canonical
from autograder.records import Files, Submission
from autograder.unit import UnitSource, load

PROJECT = Path(__file__).parents[2]
LAB = PROJECT / "autograder" / "units" / "regularization" / "lab"
UNIT = load("tests.mini.unit").source
KERAS = load("autograder.units.regularization").source
CHECKS = "m/checks.py"
# the tiny notebook among those of the Keras unit, whose kernels can ask for trainings
TRAINING = replace(
    KERAS, files=Files({**KERAS.files.content, "m/__init__.py": b"", CHECKS: UNIT.files.content[CHECKS]})
)


def job(
    cells: Sequence[str],
    *,
    files: Mapping[str, bytes] | None = None,
    unit: UnitSource = UNIT,
    student: str = "ada",
    limits: Limits | None = None,
    sandbox: Mapping[str, Any] | None = None,
) -> Job:
    """A job whose notebook has these code cells; a cell that begins with `# test: name` is that task's test."""
    nb = nbformat.v4.new_notebook(cells=[_cell(text) for text in cells])
    submission = Submission("mini", student, "m")
    return Job(submission, canonical(nb), files or {}, unit, "secret", limits or Limits(), sandbox or {})


def with_checks(text: str) -> UnitSource:
    """The tiny unit with other checks."""
    return replace(UNIT, files=Files({**UNIT.files.content, CHECKS: text.encode()}))


def _cell(text: str) -> Any:
    cell = nbformat.v4.new_code_cell(text)
    if text.startswith("# test: "):
        name = text.removeprefix("# test: ").strip() + "_test"
        cell.metadata["nbgrader"] = {"grade": True, "solution": False, "grade_id": name}
    return cell


def lab_files() -> dict[str, bytes]:
    """`lab.py` and `labkit`, as they lie beside a learner's notebooks."""
    found = [LAB / "lab.py", *sorted((LAB / "labkit").iterdir())]
    return {str(p.relative_to(LAB)): p.read_bytes() for p in found if p.is_file()}


def printed(outputs: Mapping[int, Sequence[Mapping[str, Any]]], index: int) -> str:
    """What a cell printed, and the name of its error."""
    return "".join(o.get("text", o.get("ename", "")) for o in outputs[index])
