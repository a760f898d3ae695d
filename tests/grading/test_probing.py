"""Asking a kernel, whatever names a learner has given away there; and saying what a broken cell brought about."""

import ast
import builtins
import json
from pathlib import Path
from typing import Any

import IPython.display
import pytest

from autograder.checks.causes import explained
from autograder.checks.evidence import NoAnswer
from autograder.execution.probes import EVIDENCE_MIME, probe_source
from autograder.grading.grader import Grader
from autograder.records import BrokenCell, Evidence
from tests.mini.course import REFERENCE
from tests.mini.jobs import job

SPECS = {"p": {"kind": "call", "target": "double", "cases": [[{"json": 3}]], "inputs": []}}


def asked(namespace: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What comes back when `double(3)` is asked for in a notebook with these names."""
    published: list[Any] = []
    monkeypatch.setattr(IPython.display, "publish_display_data", published.append)
    cell, expression = probe_source(SPECS, "a" * 32)
    exec(compile(cell, "cell", "exec"), namespace)
    eval(expression, namespace)
    (message,) = published
    return json.loads(message[EVIDENCE_MIME]["evidence"])["p"]


def test_every_name_may_be_the_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "\n".join(probe_source(SPECS, "a" * 32))
    words = {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
    taken = dict.fromkeys((*dir(builtins), "json", "types", "side", "family", "spec", "namespace", "report"), "taken")
    namespace: dict[str, Any] = {k: v for k, v in taken.items() if not k.startswith("__")}
    namespace["double"] = lambda x: 2 * x
    before = set(namespace)
    assert asked(namespace, monkeypatch)["calls"][0]["value"] == {"json": 6}
    assert set(namespace) - before == {"__builtins__"}
    assert words == {"__asked_" + "a" * 32 + "__"}


def test_only_the_stubs_own_exception_means_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "def double(x):\n    raise NotImplementedError()": "not written",
        "def double(x):\n    raise NotImplementedError": "not written",
        "def double(x):\n    raise NotImplementedError('a mask is not supported')": "raised",
        "import numbers\ndef double(x):\n    return numbers.Complex.real.fget(x)": "raised",  # a library's own
    }
    for text, problem in texts.items():
        namespace: dict[str, Any] = {}
        exec(text, namespace)
        assert asked(namespace, monkeypatch)["problem"] == problem, text


def test_what_is_asked_is_not_in_a_cell_which_ipykernel_would_hash_in_python() -> None:
    cell, expression = probe_source({**SPECS, "long": {"cases": ["x" * 10_000]}}, "a" * 32)
    assert len(cell) < 100
    assert len(expression) > 10_000


def test_what_kept_the_kernel_from_being_asked_is_told(tmp_path: Path) -> None:
    answers = [REFERENCE["double"], "# test: double", REFERENCE["word"], "# test: word"]
    grader = Grader(tmp_path)
    try:
        outcome = grader.grade(job(["import builtins", "builtins.globals = 3", *answers]))
    finally:
        grader.close()
    assert {task: grade.score for task, grade in outcome.grades.items()} == {"double": 0.0, "word": 0.0}
    (told, *_rest) = outcome.grades["double"].results
    assert told.message is not None
    assert "TypeError: 'int' object is not callable" in told.message.render("en")


IMPORTS = BrokenCell("from google.colab import drive\nimport numpy as np", "from google.colab import drive",
                     "ModuleNotFoundError", "No module named 'google.colab'")  # fmt: skip
SLIP = BrokenCell("values = np.ones(3)\ndef double(x):\n    return 2 * x", "values = np.ones(3)",
                  "NameError", "name 'np' is not defined")  # fmt: skip
THERE = "keras, numpy"


def said(answer: NoAnswer, target: str = "double", *broken: BrokenCell) -> str:
    found = explained(answer, broken, target, THERE)
    return found.text.render() if found is not answer else ""


def test_the_first_cell_that_raised_is_told_to_every_task_that_it_stopped() -> None:
    missing_np = NoAnswer("raised", "NameError", "name 'np' is not defined")
    told = said(missing_np, "double", IMPORTS, SLIP)
    assert told.startswith(
        "The cell with `from google.colab import drive` stopped at this line: the package `google` is"
    )
    assert "these are: keras, numpy, and what comes with Python" in told
    told = said(NoAnswer("missing"), "double", SLIP)
    assert told.startswith("The cell with `values = np.ones(3)` stopped at this line with NameError: name 'np' is not")


def test_a_cell_that_raised_is_not_blamed_for_anything_else() -> None:
    assert said(NoAnswer("raised", "ValueError", "name 'np' is not defined"), "double", IMPORTS) == ""
    assert said(NoAnswer("missing"), "other", IMPORTS, SLIP) == ""
    assert explained(3.0, (IMPORTS,), "double", THERE) == 3.0


def test_broken_cells_travel_with_the_evidence() -> None:
    evidence = Evidence("{}", broken=(IMPORTS, SLIP))
    assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence
