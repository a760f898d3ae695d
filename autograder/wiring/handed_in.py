"""The pictures of a notebook as it was handed in, for its given cells that grading does not execute.

They are a stranger's, as whatever a cell shows, and count for nothing. What is taken is a PNG; what is said beside it
says where it comes from.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.execution.demonstrations import AS_HANDED_IN, HANDED_IN
from autograder.execution.programs import program_of
from autograder.execution.runner import LEFT_OUT
from autograder.feedback.cells import FIGURE_CHARACTERS
from autograder.grading.job import Graded
from autograder.grading.notebooks import joined
from autograder.i18n import translate

MOST = 20  # pictures of a notebook: the unit's have at most eight
# base64 of the first eight bytes (https://www.w3.org/TR/png-3/#5PNG-file-signature) and on
_PNG = re.compile(r"iVBORw0KGg[A-Za-z0-9+/]+=*")
Outputs = list[dict[str, Any]]


def with_handed_in(outcome: Graded, nb: NotebookNode, read: Callable[[], bytes], language: str) -> dict[int, Outputs]:
    """The outcome's outputs by cell, and with those cells of `nb` that were left out what they showed to the learner.

    `read`: gives the notebook's file as it was handed in, where that is needed.
    """
    outputs = dict(outcome.outputs)
    left_out = [
        index for index, shown in outputs.items() if any(one.get("metadata", {}).get(LEFT_OUT) for one in shown)
    ]
    if not left_out:
        return outputs
    found = dict(_pictures(read()))
    for index in left_out:
        if drawn := found.get(program_of(nb.cells[index].source)):
            note = _display({"text/plain": translate(AS_HANDED_IN, language)})
            outputs[index] = [{**note, "metadata": {HANDED_IN: True}}, *drawn]
    return outputs


def _pictures(raw: bytes) -> Iterator[tuple[str, Outputs]]:
    """Program of a cell, and the pictures below it; of whatever the file holds."""
    try:
        cells = json.loads(raw)["cells"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    left = MOST
    for cell in cells if isinstance(cells, list) else ():
        source, outputs = (cell.get(key) for key in ("source", "outputs")) if isinstance(cell, dict) else (None, None)
        if not isinstance(outputs, list):
            continue
        drawn = [_display(data) for output in outputs if (data := _picture(output))][:left]
        if drawn:
            left -= len(drawn)
            yield program_of(joined(source)), drawn


def _picture(output: Any) -> dict[str, str]:
    """The PNG of an output, with the words that describe it; nothing where there is none."""
    data = output.get("data") if isinstance(output, dict) else None
    if not isinstance(data, dict):
        return {}
    png, words = (
        glue.join(joined(data.get(kind)).splitlines()) for glue, kind in (("", "image/png"), (" ", "text/plain"))
    )
    return {"image/png": png, "text/plain": words} if len(png) <= FIGURE_CHARACTERS and _PNG.fullmatch(png) else {}


def _display(data: dict[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}
