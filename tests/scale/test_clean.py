"""What people read of a submission is bounded and cleaned before it is written."""

import re
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.feedback.formgrader import markdown2html
from autograder.wiring.clean import CUT, MAX_CELL, MAX_NOTEBOOK, CleanTexts
from tests.attacks.alive import alive_in
from tests.scale.test_in_time import SQUARED

ABOUT = {"nbgrader": {"student": "ada", "notebook": "m"}}


def cleaned(*cells: Any) -> list[Any]:
    nb, _resources = CleanTexts()(new_notebook(cells=list(cells)), dict(ABOUT))
    return list(nb.cells)


def shows(data: dict[str, Any], **more: Any) -> Any:
    return new_code_cell("x", outputs=[new_output("display_data", data, **more)])


def test_scripts_go_text_stays() -> None:
    text, shown = cleaned(
        new_markdown_cell("**a** < b <script>x</script> [c](https://example.org)"),
        shows({"text/html": "<td onclick=x>1</td><b>2</b>", "text/plain": "12", "application/javascript": "x"}),
    )
    assert text.source == "**a** &lt; b  [c](https://example.org)"
    assert shown.outputs[0].data == {"text/plain": "12", "text/html": "1<b>2</b>"}


def test_what_an_output_says_of_itself_is_not_believed() -> None:
    (shown,) = cleaned(shows({"image/png": ["AA", "BB"]}, metadata={"image/png": {"width": "1 onerror=x"}}))
    assert shown.outputs[0].data == {"image/png": "AABB"}
    assert shown.outputs[0].metadata == {}


def test_html_that_takes_for_ever_is_shown_as_it_was_typed() -> None:
    hostile, honest = cleaned(shows({"text/html": SQUARED}), new_markdown_cell("<i>a</i>"))
    assert "<" not in hostile.outputs[0].data["text/html"]
    assert honest.source == "&lt;i&gt;a&lt;/i&gt;"


def test_a_notebook_shows_so_many_pages_of_text_and_no_more() -> None:
    cells = cleaned(*[new_markdown_cell("word " * 200_000) for _ in range(60)], new_markdown_cell("the end"))
    assert all(len(c.source) < MAX_CELL + 200 for c in cells)
    assert sum(len(c.source) for c in cells) < MAX_NOTEBOOK + 200 * len(cells)
    assert cells[0].source.endswith(CUT)


def test_markdown_in_the_formgrader_is_cleaned_after_it_was_made() -> None:
    html = markdown2html("[a](javascript:alert(1)) ![b](https://example.com/b.png) **c** $x &lt; y$ [d](https://e.org)")
    assert "javascript" not in html
    assert "<img" not in html
    assert "<strong>c</strong>" in html
    assert "<mo>&lt;</mo>" in html
    assert 'href="https://e.org"' in html


COVERS = (
    "<div style=position:fixed;inset:0><meta http-equiv=refresh content='0;url=//example.com'><base href=//e></div>"
)
ESCAPED = COVERS.replace("<", "&lt;")


@pytest.mark.parametrize("text", [COVERS, ESCAPED])
@pytest.mark.parametrize(
    "wrap", ["{}", "$\\text{{{}}}$", "$$\\mbox{{{}}}$$", "| a |\n|---|\n| {} |", "[{0}](//x '{0}')"]
)
def test_nothing_lays_itself_over_the_formgrader_and_nothing_leads_away(wrap: str, text: str) -> None:
    said, shown = cleaned(new_markdown_cell(wrap.format(text)), shows({"text/html": wrap.format(text)}))
    pages = (markdown2html(said.source), shown.outputs[0].data["text/html"], markdown2html(wrap.format(text)))
    for html in pages:
        assert alive_in(html) == []
        assert not re.search(r"<(meta|base)", html)


def test_what_a_program_printed_is_bounded_too() -> None:
    colours = "\x1b[1mx" * 40_000
    outputs = [new_output("stream", text=colours), new_output("display_data", {"text/plain": colours})]
    outputs += [new_output("error", ename="E", evalue=colours, traceback=[colours, "b"]) for _ in range(20)]
    (cell,) = cleaned(new_code_cell("x", outputs=outputs))
    said = [cell.outputs[0].text, cell.outputs[1].data["text/plain"], *(o.evalue for o in cell.outputs[2:])]
    said += ["".join(output.traceback) for output in cell.outputs[2:]]
    assert max(map(len, said)) < MAX_CELL + 200
    assert sum(map(len, said)) < MAX_NOTEBOOK + 200 * len(said)
    short = new_output("error", ename="E", evalue="e", traceback=["a", "b"])
    assert cleaned(new_code_cell("x", outputs=[short]))[0].outputs[0].traceback == ["a", "b"]
