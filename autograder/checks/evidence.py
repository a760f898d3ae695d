"""Evidence, from the text that came out of a sandbox to values that a check can look at.

Every byte of it may be forged. Nothing here executes, imports or resolves a name: JSON in, plain values out.
"""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.errors import EvidenceRefused
from autograder.i18n import Message, _

MAX_TEXT = 64 << 20  # bytes of one cell's evidence
MAX_DEPTH = 40
MAX_ITEMS = 100_000
MAX_ELEMENTS = 5_000_000  # numbers in one array
_NONE: Mapping[str, Any] = {}
DTYPES = frozenset("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split())


Kinds = Mapping[str, Callable[[Any], Any]]


class Foreign:
    """An object of a family's library, as data: what its `decode` makes. `class_name` is the learner's word for it."""

    class_name: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A probe that brought no answer. `kind`: missing, not written, not callable, raised, died.

    `text`: what an exception said, or a sentence of ours.
    """

    kind: str
    type: str = ""
    text: str | Message = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object that is neither data nor a model: the names of its classes and its plain attributes."""

    classes: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Other:
    """Something that is not taken as data; `what` says why."""

    what: str


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a function of the learner's returned.

    `unchanged` per argument: True, False, or None when not tracked. `separate`: whether the result is none of the
    arguments, nor an array on the memory of one; None when the kernel does not say.
    """

    value: Any
    unchanged: tuple[bool | None, ...]
    separate: bool | None = None


def parse(text: str, kinds: Kinds = _NONE) -> dict[str, Any]:
    """Evidence text to {probe: NoAnswer | value | list[CallResult]}. `kinds`: a family's `decode`.

    Raises:
        EvidenceRefused: not JSON, too large, too deep, or not shaped like evidence.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise EvidenceRefused(_("Your notebook's answers are too large to be graded."))
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise EvidenceRefused(_("Your notebook's answers came back damaged."))
        return {str(name): _answer(answer, kinds) for name, answer in data.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, binascii.Error) as error:
        raise EvidenceRefused(_("Your notebook's answers came back damaged.")) from error


def _answer(answer: Mapping[str, Any], kinds: Kinds) -> Any:
    if "problem" in answer:
        return NoAnswer(*(str(answer.get(key, ""))[:500] for key in ("problem", "type", "text")))
    if "value" in answer:
        return decode(answer["value"], kinds)
    return [_call(c, kinds) for c in answer["calls"]]


def _call(call: Mapping[str, Any], kinds: Kinds) -> CallResult:
    unchanged = tuple(_flag(u) for u in call["unchanged"])
    return CallResult(decode(call["value"], kinds), unchanged, _flag(call.get("separate")))


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def decode(item: Mapping[str, Any], kinds: Kinds = _NONE, depth: int = 0) -> Any:
    """One encoded value: None, bool, int, float, str, array, list, dict, Thing, Other or what a family makes."""
    if depth > MAX_DEPTH or len(item) != 1:
        raise ValueError("not an encoded value")
    ((kind, body),) = item.items()
    if kind == "list":
        return [decode(v, kinds, depth + 1) for v in bounded(body)]
    if kind == "dict":
        return {_key(decode(k, kinds, depth + 1)): decode(v, kinds, depth + 1) for k, v in bounded(body)}
    if kind == "object":
        attributes = decode({"dict": body["attributes"]}, kinds, depth + 1)
        return Thing(tuple(str(c) for c in bounded(body["classes"])), attributes)
    return kinds[kind](body) if kind in kinds else _LEAVES[kind](body)


def _plain(body: Any) -> Any:
    if body is not None and type(body) not in (bool, int, str):
        raise ValueError("not a plain value")
    return _whole(body) if type(body) is int else body


def _whole(body: int) -> Any:
    """A whole number, where a float can hold its size."""
    try:
        float(body)
    except OverflowError:
        return Other(f"int of {body.bit_length()} bits")
    return body


def bounded(items: Any) -> list[Any]:
    """A list out of evidence, not too long; else ValueError."""
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise ValueError("not a list, or too long")
    return items


def _key(key: Any) -> Any:
    if isinstance(key, np.ndarray) and key.size == 1:  # a NumPy scalar is a common key
        key = key.item()
    return key if isinstance(key, (str, int, float, bool)) else str(key)


def array(body: Mapping[str, Any]) -> NDArray[Any]:
    """{"shape", "dtype", "b64"} to an array; the bytes must fit the declared shape exactly."""
    shape, dtype = body["shape"], body["dtype"]
    if not isinstance(shape, list) or len(shape) > 8 or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("bad shape")
    if dtype not in DTYPES or math.prod(shape) > MAX_ELEMENTS:
        raise ValueError("bad dtype or too many elements")
    raw = base64.b64decode(body["b64"], validate=True)
    if len(raw) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError("the bytes do not fit the shape")
    return np.frombuffer(raw, dtype).reshape(shape)


_LEAVES: Mapping[str, Callable[[Any], Any]] = {
    "json": _plain,
    "float": float,
    "array": array,
    "other": lambda body: Other(str(body)[:200]),
}


def encode_array(value: NDArray[Any]) -> dict[str, Any]:
    """An array as an argument of a probe: the inverse of `array`."""
    value = np.ascontiguousarray(value)
    return {"shape": list(value.shape), "dtype": value.dtype.name, "b64": base64.b64encode(value.tobytes()).decode()}
