"""Given cells that grading leaves out, and that need an answer, show what they showed to the learner."""

import base64
import json
from typing import Any

import nbformat
from hypothesis import given
from hypothesis import strategies as st

from autograder.execution.demonstrations import AS_HANDED_IN, HANDED_IN
from autograder.execution.runner import LEFT_OUT
from autograder.feedback.cells import FIGURE_CHARACTERS
from autograder.grading.job import Graded
from autograder.wiring.handed_in import MOST, with_handed_in

TRIES = "tried = double(1)\ntried"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(90)).decode()
NOTE = {"output_type": "display_data", "data": {"text/plain": "not executed"}, "metadata": {LEFT_OUT: True}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": "graded"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["data", "image/png", "source"]), inner)
    ),
)


def notebook() -> Any:
    """An executed cell, one that was left out, and one of whose picture no answer is needed."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in ("mine = 1", TRIES, "draws()")])


OUTCOME = Graded({0: [PRINTED], 1: [NOTE], 2: [PRINTED]}, {})


def picture(png: Any = PNG, **more: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": png, **more}, "metadata": {}}


def handed_in(*outputs: Any, source: Any = TRIES) -> bytes:
    cell = {"cell_type": "code", "source": source, "outputs": list(outputs)}
    other = {"cell_type": "code", "source": "mine = 1", "outputs": [picture()]}
    return json.dumps({"cells": [other, cell]}).encode()


def shown(raw: bytes) -> list[dict[str, Any]]:
    outputs = with_handed_in(OUTCOME, notebook(), lambda: raw, "en")
    assert [outputs[0], outputs[2]] == [[PRINTED], [PRINTED]]  # what was executed shows what it showed then
    return outputs[1]


def test_the_picture_stands_there_and_where_it_comes_from() -> None:
    note, drawn = shown(handed_in(picture(**{"text/plain": "two\ncurves", "text/html": "<script>"})))
    assert (note["data"], note["metadata"]) == ({"text/plain": AS_HANDED_IN}, {HANDED_IN: True})
    assert drawn["data"] == {"image/png": PNG, "text/plain": "two curves"}
    lines = [f"{line}\n" for line in TRIES.splitlines()]
    assert len(shown(handed_in(picture([PNG[:8], "\n", PNG[8:]]), source=["# see\n", *lines]))) == 2


def test_what_is_no_picture_or_of_another_program_is_not_shown() -> None:
    for outputs in ([], [PRINTED], [picture("PHN2Zz4=")], [picture(PNG + "A" * FIGURE_CHARACTERS)], [picture("<svg>")]):
        assert shown(handed_in(*outputs)) == [NOTE]
    assert shown(handed_in(picture(), source="tried = double(2)")) == [NOTE]
    assert len(shown(handed_in(*[picture()] * 100))) <= 1 + MOST


def test_the_file_is_not_read_where_nothing_was_left_out() -> None:
    outcome = Graded({0: [PRINTED]}, {})
    assert with_handed_in(outcome, notebook(), lambda: 1 / 0, "en") == outcome.outputs  # type: ignore[arg-type, return-value]


@given(st.binary() | JSON.map(lambda data: json.dumps(data).encode()))
def test_any_file_gives_the_note(raw: bytes) -> None:
    assert shown(raw) == [NOTE]


@given(st.lists(JSON), JSON, JSON)
def test_any_cell_gives_the_note_or_a_picture(outputs: list[Any], source: Any, cell: Any) -> None:
    for raw in (handed_in(*outputs), handed_in(*outputs, source=source), json.dumps({"cells": [cell]}).encode()):
        assert shown(raw)[0] in (NOTE, {**NOTE, "data": {"text/plain": AS_HANDED_IN}, "metadata": {HANDED_IN: True}})
