"""Try a learner's function on a public example: what is expected stands beside what came out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .checking import NotYet
from .messages import _, number, say

FEW = 4  # numbers that are shown of an array


def require_example(
    found: Any, right: Any, example: str, mistakes: Mapping[str, Any], tolerance: float = 1e-3, near: float = 1e-3
) -> None:
    """`found` is `right` within `tolerance`, else a sentence with both, and the mistake that gives what was found.

    `mistakes`: sentence of a known mistake → what it gives on this example, within `near`.
    """
    if close(found, right, tolerance):
        return
    named = next((sentence for sentence, wrong in mistakes.items() if close(found, wrong, near)), "")
    text = say(
        _("{example}: expected {right}, found {found}."), example=example, right=shown(right), found=shown(found)
    )
    raise NotYet(f"{text} {say(named)}".strip())


def close(found: Any, right: Any, tolerance: float) -> bool:
    """Whether both have the same shape and numbers that differ by `tolerance` at most."""
    found, right = np.asarray(found, "float64"), np.asarray(right, "float64")
    return found.shape == right.shape and bool(np.all(np.abs(found - right) <= tolerance))


def shown(values: Any) -> str:
    """A few numbers as the folder's language writes them."""
    values = np.asarray(values, "float64")
    if values.ndim == 0:
        return number(float(values))
    few = [number(float(value)) for value in values.reshape(-1)[:FEW]]
    return "[" + " ".join([*few, "…"] if values.size > FEW else few) + "]"


def tried(text: str, **values: Any) -> None:
    """Print what was tried, after all of it was right."""
    print("✓", say(text, **values))
    print(" ", say(_("Right on these examples. The grading tries others.")))
