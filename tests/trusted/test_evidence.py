"""Evidence comes from a stranger: anything may be in it, and nothing but data comes out."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checks import evidence
from autograder.checks.evidence import CallResult, NoAnswer, Other, Thing
from autograder.errors import EvidenceRefused
from autograder.families.keras import family
from autograder.families.keras.evidence import ModelData

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4),
    max_leaves=20,
)
keys = st.sampled_from(
    "json float array list dict model object other value calls problem shape dtype b64 config".split()
)
lookalikes = st.recursive(
    json_values, lambda c: st.lists(c, max_size=3) | st.dictionaries(keys, c, max_size=3), max_leaves=20
)


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    _parse_or_refuse(text)


@given(st.dictionaries(st.text(max_size=8), lookalikes, max_size=4))
@settings(max_examples=400)
def test_any_json_shaped_like_evidence_is_parsed_or_refused(data: dict[str, Any]) -> None:
    _parse_or_refuse(json.dumps(data))


def _parse_or_refuse(text: str) -> None:
    try:
        found = evidence.parse(text, family.decode)
    except EvidenceRefused:
        return
    assert all(_is_data(v) for v in found.values())


def _is_data(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_data(v) for v in value)
    if isinstance(value, dict):
        return all(_is_data(v) for v in value.values())
    plain = (type(None), bool, int, float, str, np.ndarray, NoAnswer, CallResult, Thing, Other, ModelData)
    return isinstance(value, plain)


@given(hnp.arrays(st.sampled_from(["float32", "float64", "int32", "uint8", "bool"]), hnp.array_shapes(max_dims=4)))
def test_an_array_comes_back_as_it_went(array: np.ndarray[Any, Any]) -> None:
    again = evidence.array(json.loads(json.dumps(evidence.encode_array(array))))
    np.testing.assert_array_equal(again, array)
    assert again.dtype == array.dtype


@pytest.mark.parametrize(
    "body",
    [
        {"shape": [2, 2], "dtype": "float32", "b64": base64.b64encode(b"\0" * 12).decode()},
        {"shape": [10**9, 10**9], "dtype": "float32", "b64": ""},
        {"shape": [-1], "dtype": "float32", "b64": ""},
        {"shape": [True], "dtype": "float32", "b64": "AAAAAA=="},
        {"shape": [1], "dtype": "object", "b64": "AAAAAAAAAAA="},
        {"shape": [1], "dtype": "float32", "b64": "not base64!"},
        {"shape": "4", "dtype": "float32", "b64": ""},
    ],
)
def test_an_array_that_lies_about_itself_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(EvidenceRefused):
        evidence.parse(json.dumps({"probe": {"value": {"array": body}}}))


def test_deep_nesting_is_refused() -> None:
    deep = '{"list": [' * 100_000 + '{"json": 1}' + "]}" * 100_000
    with pytest.raises(EvidenceRefused):
        evidence.parse('{"probe": {"value": ' + deep + "}}")


def test_too_much_text_is_refused() -> None:
    with pytest.raises(EvidenceRefused, match="too large"):
        evidence.parse(" " * (evidence.MAX_TEXT + 1))


def test_a_problem_keeps_its_kind_and_a_part_of_its_text() -> None:
    found = evidence.parse(json.dumps({"p": {"problem": "raised", "type": "ValueError", "text": "x" * 10_000}}))
    assert found["p"].kind == "raised"
    assert len(found["p"].text) == 500
