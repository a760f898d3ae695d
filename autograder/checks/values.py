"""Compare numbers that a learner's function returned with the right ones, and recognise known mistakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.api import Call, fail, kind_of, require
from autograder.i18n import _

Formula = Callable[..., Any]
LARGEST = 1e30  # no number of the course comes near it, and float32 ends at 3e38


def number(value: Any, name: str) -> float:
    """One finite number out of what a learner returned (0-d and one-element arrays too); else the check fails."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
        value = value.reshape(-1)[0].item()
    require(
        isinstance(value, (int, float)) and not isinstance(value, bool),
        _("`{name}` should return one number, but it returned: {kind}."),
        name=name,
        kind=kind_of(value),
    )
    _require_usable(float(value), name)
    return float(value)


def numbers(value: Any, shape: tuple[int, ...], name: str) -> NDArray[np.float64]:
    """An array of finite numbers with that shape out of what a learner returned; else the check fails."""
    if isinstance(value, list) and all(_is_number(v) for v in value):
        value = np.array([np.asarray(v).item() for v in value], dtype="float64")
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        fail(_("`{name}` should return an array of numbers, but it returned: {kind}."), name=name, kind=kind_of(value))
    require(
        value.shape == shape,
        _("`{name}` should return an array of shape {expected}, but its shape is {found}."),
        name=name,
        expected=str(shape),
        found=str(value.shape),
    )
    found = value.astype("float64")
    _require_usable(found, name)
    return found


def _require_usable(values: Any, name: str) -> None:
    require(
        np.isfinite(values).all(),
        _("`{name}` returned a value that is not finite (NaN or infinity)."),
        name=name,
    )
    require(
        (np.abs(values) <= LARGEST).all(),
        _("`{name}` returned a value that is larger than any number of this course: {found:.3g}."),
        name=name,
        found=float(np.max(np.abs(values), initial=0.0)),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) or (
        isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu"
    )


def close(found: Any, right: Any, tolerance: float = 1e-3) -> bool:
    """Equal within `tolerance`, relative to the largest magnitude and to 1e-6 at least: float32 sums pass."""
    found, right = np.asarray(found, "float64"), np.asarray(right, "float64")
    if found.shape != right.shape:
        return False
    scale = max(1e-6, float(np.max(np.abs(right), initial=0.0)))
    return bool(np.max(np.abs(found - right), initial=0.0) <= tolerance * scale)


def one_of(calls: Sequence[Call], index: int, name: str) -> list[Call]:
    """The calls of a function that returns two things, each with the first (0) or second (1) as its result."""
    for call in calls:
        is_list = isinstance(call.result, list) or (isinstance(call.result, np.ndarray) and call.result.ndim > 0)
        require(
            is_list and len(call.result) == 2,
            _("`{name}` should return two things, as in `return first, second`, but it returned: {kind}."),
            name=name,
            kind=kind_of(call.result),
        )
    # an element of an array comes out as a NumPy scalar, which nothing else here expects
    return [
        replace(call, result=np.asarray(item) if isinstance(item := call.result[index], np.generic) else item)
        for call in calls
    ]


def match(
    calls: Sequence[Call], right: Formula, mistakes: Mapping[str, Formula], name: str, tolerance: float = 1e-3
) -> None:
    """Every call returned the number that `right(*arguments)` gives, else the check fails.

    `mistakes`: sentence → what a learner with this mistake would return, tried in this order over all calls.
    """
    found = [number(call.result, name) for call in calls]
    if all(close(f, right(*c.arguments), tolerance) for f, c in zip(found, calls, strict=True)):
        return
    for sentence, formula in mistakes.items():
        if all(close(f, formula(*c.arguments), tolerance) for f, c in zip(found, calls, strict=True)):
            fail(sentence, name=name)
    wrong = next(c for f, c in zip(found, calls, strict=True) if not close(f, right(*c.arguments), tolerance))
    shapes = ", ".join(_described(a) for a in wrong.arguments)
    fail(_("`{name}` returned {found:.6g} for {arguments}: that is not the value of the formula."),
         name=name, found=number(wrong.result, name), arguments=shapes)  # fmt: skip


def _described(argument: Any) -> str:
    if isinstance(argument, np.ndarray):
        return "[" + "×".join(map(str, argument.shape)) + "]"
    return f"{argument:.4g}" if isinstance(argument, (int, float)) else kind_of(argument)
