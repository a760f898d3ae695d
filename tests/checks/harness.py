"""Grade a piece of code as if a learner had written it, in this process: for code of our own only.

The corpus of answers (`answers_<notebook>.py`) has two mappings:

    RIGHT: task → label → code that earns every point of the task
    WRONG: task → label → Wrong(code, the one check that fails, the beginning of its diagnosis)
"""

import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from autograder.execution import kernel_side
from autograder.trusted import checker, plugin
from autograder.records import CheckResult
from autograder.checks.seeds import generator

CHECKS = Path(__file__).parents[2] / "autograder" / "checks"
SECRET = "a secret for tests"
# trainings of the corpus are remembered between test runs, as they are between learners
STORE = os.environ.get("AUTOGRADER_TEST_STORE") or str(Path(tempfile.gettempdir()) / f"ag-test-store-{os.getuid()}")


class Wrong(NamedTuple):
    """A likely mistake: the code, the check it loses, and how the diagnosis begins (English)."""

    code: str
    check: str
    diagnosis: str


def grade(notebook: str, task: str, code: str, student: str = "somebody") -> list[CheckResult]:
    """The results of the task's checks for this code."""
    with warnings.catch_warnings():  # a learner's kernel does not make errors of them
        warnings.simplefilter("ignore")
        return _grade(notebook, task, code, student)


def _grade(notebook: str, task: str, code: str, student: str) -> list[CheckResult]:
    module = checker.load_checks(str(CHECKS / f"check_{notebook}.py"))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, f"<{task}>", "exec"), namespace)
    request = {
        "checks": str(CHECKS / f"check_{notebook}.py"),
        "secret": SECRET,
        "names": ["assignment", student, notebook],
        "store": STORE,
    }
    probes = plugin.probes_by_task(module)[task]  # as `plugin.plan` does for every task
    spec = {p: probe.plan(generator(SECRET, *request["names"], task, p)) for p, probe in probes.items()}
    text = json.dumps(kernel_side.answers(json.loads(json.dumps(spec)), namespace))
    results = checker.check(module, {**request, "evidence": {task: {"text": text}}})
    return [r for r in results if r.task == task]
