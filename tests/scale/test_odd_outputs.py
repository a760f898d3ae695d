"""Whatever a kernel sends, the notebook can be written, and no task is kept from its grade."""

from pathlib import Path

import nbformat
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.grader import Grader
from autograder.records import as_utf8
from tests.mini.course import REFERENCE
from tests.mini.jobs import job


@given(text=st.text(st.characters(exclude_categories=())))
def test_half_a_character_becomes_a_question_mark(text: str) -> None:
    assert as_utf8({"a": [text]}).decode("utf-8")
    assert as_utf8("a\ud800") == b'"a?"'


SENDS = """
import json
kernel = get_ipython().kernel
session = kernel.session
session.pack = lambda value: json.dumps(value, default=str).encode()
half = "\\ud800"
for kind, content in (
    ("stream", {"name": "stderr", "text": half}),
    ("error", {"ename": half, "evalue": half, "traceback": [half]}),
    ("display_data", {"data": {"text/plain": half, "text/html": half}, "metadata": {half: half}}),
):
    session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), ident=b"x")
"""


def test_what_comes_of_halves_can_be_written_to_a_file(grader: Grader, tmp_path: Path) -> None:
    raises = "def double(x):\n    raise ValueError('\\ud800')"
    outcome = grader.grade(job([SENDS, raises, "# test: double", REFERENCE["word"], "# test: word"]))
    assert outcome.fault == ""
    assert {task: grade.score for task, grade in outcome.grades.items()} == {"double": 0.0, "word": 3.0}
    assert len(outcome.outputs[0]) == 3
    cells = [nbformat.v4.new_code_cell(outputs=nbformat.from_dict(found)) for found in outcome.outputs.values()]
    nb = nbformat.v4.new_notebook(cells=cells, metadata={"results": outcome.to_json()["grades"]})
    nbformat.write(nb, tmp_path / "graded.ipynb")


FAR_BELOW = "\n" * 6000 + "undefined\n"
FORGED = """
kernel = get_ipython().kernel
for line in ("----> " + "9" * 5000, '  File "<x>", line ' + "9" * 5000):
    content = {"ename": "E", "evalue": "e", "traceback": [line]}
    kernel.session.send(kernel.iopub_socket, "error", content, parent=kernel.get_parent("shell"), ident=b"x")
"""


def test_an_error_in_a_line_far_below_or_nowhere_is_told_as_any_other(grader: Grader) -> None:
    far, forged = f"# double\n{FAR_BELOW}def double(x):\n    return 2 * x", f"{FORGED}\nword = 'no'"
    outcome = grader.grade(job([far, "# test: double", forged, "# test: word"]))
    assert outcome.fault == ""
    assert {task: grade.score for task, grade in outcome.grades.items()} == {"double": 0.0, "word": 0.0}
    (said, *_others) = [result.message.render() for result in outcome.grades["double"].results if result.message]
    assert said.startswith("The cell with `undefined` stopped at this line with NameError")
