"""Arbitrary bytes to the evidence parser: a valid object or the project's own refusal, nothing else.

    python -m tests.fuzz.fuzz_evidence [libFuzzer's options] FOLDER

A corpus folder that is empty gets real evidence to begin from, as `kernel_side` writes it.
"""

import json
from typing import Any

import atheris

with atheris.instrument_imports(include=["autograder.checks", "autograder.families"]):
    from autograder.checks import evidence
    from autograder.families.keras import family
    from autograder.families.keras.evidence import ModelData

import numpy as np

from autograder.errors import EvidenceRefused
from autograder.execution.kernel_side import answers
from autograder.families.keras import kernel_side as keras_side
from tests.fuzz.bounds import fuzz
from tests.fuzz.mutate import JsonMutator

KEYS = """json float array list dict model object other value calls unchanged problem type text shape dtype b64 config
weights losses class outputs inference training unserializable classes attributes""".split()
VALUES = [*sorted(evidence.DTYPES), "object", "V8", "AAAA", "AAAAAA==", {"json": 1}, {"float": "nan"}, {"list": []}]
PLAIN = (type(None), bool, int, float, str, np.ndarray)


def target(data: bytes) -> None:
    """Parse; whatever comes back is data through and through."""
    try:
        found = evidence.parse(data.decode("utf-8", errors="surrogateescape"), family.decode)
    except EvidenceRefused:
        return
    for name, answer in found.items():
        assert type(name) is str
        _check(answer)


def _check(value: Any) -> None:
    """Raise AssertionError for anything that is not one of the parser's own types."""
    if type(value) in (list, tuple):
        _check_all(value)
    elif type(value) is dict:
        _check_all((*value, *value.values()))
    elif type(value) is np.ndarray:
        assert value.dtype.name in evidence.DTYPES
        assert value.size <= evidence.MAX_ELEMENTS
    elif type(value) is evidence.CallResult:
        _check_all((value.value, *value.unchanged))
    elif type(value) is evidence.Thing:
        _check_all((*value.classes, value.attributes))
    elif type(value) is ModelData:
        _check_all((value.config, value.class_name, value.unserializable, value.weights, value.losses))
        _check_all(part for output in value.outputs for part in (output.inference, output.training))
    else:
        assert type(value) in (*PLAIN, evidence.NoAnswer, evidence.Other), type(value)


def _check_all(values: Any) -> None:
    for value in values:
        _check(value)


def seeds() -> list[bytes]:
    """Real evidence: values of every kind, calls, problems, a model."""
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_regularizer="l2")])
    space = {
        "v": {"a": [1, 2.5, None, True, "x"], 3: np.eye(2, dtype="float32")},
        "f": lambda x: x + 1,
        "m": lambda: model,
        "o": keras.regularizers.L1L2(0.1, 0.2),
        "bad": lambda: 1 / 0,
    }
    given = {"array": evidence.encode_array(np.arange(3.0))}
    asked = {name: {"target": name, "kind": "value"} for name in ("v", "o", "none")}
    asked |= {name: {"target": name, "kind": "call", "cases": [[]], "inputs": []} for name in ("m", "bad")}
    asked["f"] = {"target": "f", "kind": "call", "cases": [[given], [given]]}
    return [json.dumps(answers({k: spec}, space, keras_side)).encode() for k, spec in asked.items()]


if __name__ == "__main__":
    fuzz(target, seeds, JsonMutator(KEYS, VALUES))
