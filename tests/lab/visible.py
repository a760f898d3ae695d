"""Helpers for the tests of visible checks: the notebooks' own answers and stubs, and the sentence of a check."""

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION", flags=re.S | re.M)
NOT_WRITTEN = "{name} is not written yet: replace the line `raise NotImplementedError()` with your code."
NOTHING = "{name} returns nothing: is its last line a `return`?"
NO_MODEL = "{name} must return a Keras model; it returns an object of type {kind}."


def notebook_names(labkit: ModuleType, notebook: str, stub: bool = False) -> dict[str, Any]:
    """What the given and the solution cells of a notebook define: right answers, or the stubs learners receive."""
    folder = Path(str(labkit.__file__)).parents[1]
    names: dict[str, Any] = {"keras": keras, "np": np, "json": json, "tempfile": tempfile}
    names |= {"Path": lambda path: folder / path, "lab": SimpleNamespace(**labkit.public)}
    for cell in json.loads((folder / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]:
        role = cell["metadata"].get("nbgrader")
        if cell["cell_type"] == "code" and role and not role["grade"] and role["grade_id"] != "imports_given":
            code = "".join(cell["source"])
            _run(SOLUTION.sub(r"\1raise NotImplementedError()", code) if stub else code, names)
    return names


def _run(code: str, names: dict[str, Any]) -> None:
    try:
        exec(code, names)
    except NotImplementedError:
        pass  # a stub outside functions stops its cell, as in the learner's notebook


def assert_told(labkit: ModuleType, source: str, check: Callable[[], object]) -> None:
    """`check` must raise the sentence whose English source is `source`, in the folder's language."""
    messages = sys.modules[f"{labkit.__name__}.messages"]
    sentence = re.sub(r"\\\{.*?\\\}", ".*", re.escape(messages.say(source)))
    with pytest.raises(AssertionError, match=f"(?s)^{sentence}$"):
        check()


def dense(*units: int, inputs: int = 28, classes: int = 10, **last: Any) -> Any:
    """Square images → hidden ReLU layers → classes with softmax, or with the activation in `last`."""
    hidden = [keras.layers.Dense(size, activation="relu") for size in units]
    output = keras.layers.Dense(classes, **{"activation": "softmax", **last})
    return keras.Sequential([keras.Input((inputs, inputs)), keras.layers.Flatten(), *hidden, output])
