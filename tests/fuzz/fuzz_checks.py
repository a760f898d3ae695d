"""Evidence that no learner's code gave to the whole of the checks: points or none, and never a check that breaks.

    python -m tests.fuzz.fuzz_checks [libFuzzer's options] FOLDER

An input is JSON {"task", "evidence": probe → answer, as `kernel_side` writes it}, but that large arrays are written
{"shape", "dtype", "fill": number}. A corpus folder that is empty gets those of right and of wrong answers.
"""

import base64
import importlib
import json
import warnings
from functools import cache
from typing import Any

import atheris

with atheris.instrument_imports(include=["autograder.units", "autograder.checks"]):
    from autograder.units.regularization import unit  # noqa: F401
    from tests.checks.harness import FAMILY, SECRET, checks_of

import numpy as np

from autograder.checks import evidence
from autograder.checks.seeds import generator
from autograder.errors import EvidenceRefused
from autograder.execution import kernel_side
from autograder.families.keras import kernel_side as keras_side
from autograder.records import Outcome
from autograder.trusted import plugin
from tests.checks.trainings import Trainings
from tests.fuzz.bounds import fuzz
from tests.fuzz.mutate import JsonMutator

NOTEBOOKS = ("1_gap", "2_l1_l2", "3_dropout", "4_challenge", "5_beyond")
SMALL = 64  # numbers in an array that is written out
KEYS = "json float array list dict model object other value calls unchanged problem shape dtype fill config".split()
VALUES = [
    *({"float": "nan"}, {"float": "inf"}, {"json": 10**400}, {"json": 1}, {"list": []}, {"other": "x"}, {"dict": []}),
    {"object": {"classes": [], "attributes": []}},
    {"array": {"shape": [2, 2], "dtype": "float64", "fill": 0.5}},
]


@cache
def modules() -> dict[str, Any]:
    """Task → the module of its checks."""
    return {task: module for module in map(checks_of, NOTEBOOKS) for task in plugin.tasks_of(module)}


def target(data: bytes) -> None:
    """Run the task's checks on the evidence; none of them breaks."""
    try:
        found = json.loads(data.decode())
        task, answers = found["task"], evidence.parse(json.dumps(_written_out(found["evidence"])), FAMILY.decode)
    except (ValueError, KeyError, TypeError, RecursionError, EvidenceRefused):
        return
    if not isinstance(task, str) or task not in modules():
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(task, answers)


def run(task: str, answers: dict[str, Any]) -> None:
    """Raise AssertionError when one of the task's checks breaks."""
    session = plugin.Session(modules()[task], {task: answers}, SECRET, {}, {"trainer": lambda: Trainings(0.5)})
    for check in session.tasks[task].checks:
        result, _error = session.run(check)
        session.results.append(result)
        assert result.outcome is not Outcome.ERROR, result.detail


def _written_out(node: Any) -> Any:
    """With the bytes of arrays that are given by one number."""
    if isinstance(node, list):
        return [_written_out(part) for part in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"shape", "dtype", "fill"} and np.prod([abs(n) for n in node["shape"]], dtype=float) <= 1_000_000:
        array = np.full(node["shape"], node["fill"]).astype(node["dtype"])
        return {"shape": node["shape"], "dtype": node["dtype"], "b64": base64.b64encode(array.tobytes()).decode()}
    return {key: _written_out(part) for key, part in node.items()}


def _short(node: Any) -> Any:
    """With large arrays given by one number."""
    if isinstance(node, list):
        return [_short(part) for part in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"shape", "dtype", "b64"} and np.prod(node["shape"]) > SMALL:
        return {"shape": node["shape"], "dtype": node["dtype"], "fill": 0.25}
    return {key: _short(part) for key, part in node.items()}


def seeds() -> list[bytes]:
    """What the corpus of answers gives: of every task a right answer and a wrong one."""
    found = []
    for notebook in NOTEBOOKS:
        corpus = importlib.import_module(f"tests.checks.answers_{notebook}")
        for task, right in corpus.RIGHT.items():
            wrong = [answer.code for answer in list(corpus.WRONG.get(task, {}).values())[:1]]
            found += [_evidence(task, code) for code in (next(iter(right.values())), *wrong)]
    return [json.dumps(one).encode() for one in found]


def _evidence(task: str, code: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, f"<{task}>", "exec"), space)
    probes = plugin.probes_by_task(modules()[task])[task]
    plan = {p: probe.plan(generator(SECRET, task, p), FAMILY.encode) for p, probe in probes.items()}
    answers = kernel_side.answers(json.loads(json.dumps(plan)), space, keras_side)
    return {"task": task, "evidence": _short(json.loads(json.dumps(answers)))}


if __name__ == "__main__":
    for seed in seeds():
        target(seed)  # what Keras imports when it is first used is no reading of a stranger's
    fuzz(target, seeds, JsonMutator(KEYS, VALUES))
