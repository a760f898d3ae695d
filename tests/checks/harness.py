"""Grade a piece of code as if a learner had written it, in this process: for code of our own only.

The corpus of answers (`answers_<notebook>.py`) has two mappings:

    RIGHT: task → label → code that earns every point of the task
    WRONG: task → label → Wrong(code, the one check that fails, the beginning of its diagnosis)
"""

import importlib
import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from autograder.checks.seeds import generator
from autograder.execution import kernel_side
from autograder.families.keras import kernel_side as keras_side
from autograder.records import BrokenCell, CheckResult, Evidence, Request
from autograder.trusted import checker, plugin
from autograder.unit import Unit, checks_module, load, load_family

UNIT = load("autograder.units.regularization")
FAMILY = load_family(UNIT.family)
SECRET = "a secret for tests"
# trainings of the corpus are remembered between test runs, as they are between learners
STORE = os.environ.get("AUTOGRADER_TEST_STORE") or str(Path(tempfile.gettempdir()) / f"ag-test-store-{os.getuid()}")


class Wrong(NamedTuple):
    """A likely mistake: the code, the check it loses, and how the diagnosis begins (English).

    `too`: checks that are lost with it.
    """

    code: str
    check: str
    diagnosis: str
    too: tuple[str, ...] = ()


def grade(
    notebook: str,
    task: str,
    code: str,
    student: str = "somebody",
    unit: Unit = UNIT,
    broken: tuple[BrokenCell, ...] = (),
) -> list[CheckResult]:
    """The results of the task's checks for this code. `broken`: cells that raised before."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")  # a learner's kernel does not make errors of them
        patch.delenv("PYTEST_ADDOPTS", raising=False)  # is for the tests' pytest, not for the one within
        return _grade(notebook, task, code, student, unit, broken)


def _grade(
    notebook: str, task: str, code: str, student: str, unit: Unit, broken: tuple[BrokenCell, ...]
) -> list[CheckResult]:
    module, family = checks_of(notebook, unit), load_family(unit.family)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, f"<{task}>", "exec"), namespace)
    names = ["assignment", student, notebook]
    probes = plugin.probes_by_task(module)[task]  # as `plugin.plan` does for every task
    spec = {p: probe.plan(generator(SECRET, *names, task, p), family.encode) for p, probe in probes.items()}
    text = json.dumps(
        kernel_side.answers(json.loads(json.dumps(spec)), namespace, keras_side if unit is UNIT else None)
    )
    evidence = {task: Evidence(text, broken=broken).to_json()}
    request = Request("check", unit.package, str(unit.folder), notebook, SECRET, {task: names}, evidence, store=STORE)
    return checker.check(unit, family, module, request)


def checks_of(notebook: str, unit: Unit = UNIT) -> Any:
    """The module of a notebook's checks."""
    return importlib.import_module(checks_module(unit.package, notebook))
