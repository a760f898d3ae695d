"""What people will read of a submission, bounded and cleaned before it is written anywhere."""

from collections.abc import Iterator, Sequence
from html import escape
from logging import Logger, LoggerAdapter
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.execution.demonstrations import MARKS
from autograder.feedback.harmless import clean_all
from autograder.i18n import _, translate
from autograder.records import Submission
from autograder.scale.in_time import in_time

MAX_CELL = 50_000  # characters of one text: twenty pages
MAX_NOTEBOOK = 500_000  # characters of all texts of a notebook; as many of all HTML in outputs, and of what is printed
SECONDS = 2.0  # of CPU time for cleaning a notebook; an honest one takes milliseconds
HTML = ("text/html", "text/markdown")
SHOWN = ("text/plain", "text/latex", "image/png", "image/jpeg", *HTML)
CUT = _("[cut here: the text is too long to be shown; the submission has all of it]")
Resources = Any


class CleanTexts(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes out of texts and outputs what could act where they are opened; takes the place of `SanitizeHTML`.

    Cleaning may need time that grows with the square of a text, so another process does it, for so long and no longer.
    What is not done by then is shown as it was typed.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Clean one notebook."""
        about, language = resources["nbgrader"], resources.get("autograder_language", "en")
        of = Submission(about.get("assignment", ""), about["student"], about["notebook"], language)
        clean_texts(nb, of, self.log)
        return nb, resources


def clean_texts(nb: NotebookNode, of: Submission, log: "Logger | LoggerAdapter[Any]") -> None:
    """Bound and clean what a graded notebook shows: outputs, and the text of its cells."""
    cut = translate(CUT, of.language)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = [_shown(output) for output in cell.outputs]
    prose: list[Place] = [(cell, "source") for cell in nb.cells if cell.cell_type != "code"]
    drawn: list[Place] = list(_html(nb.cells))
    for places in (prose, drawn, list(_printed(nb.cells))):
        _bound(places, cut)
    _clean([*prose, *drawn], of, log)


def _clean(places: Sequence["Place"], of: Submission, log: "Logger | LoggerAdapter[Any]") -> None:
    places = [(holder, key) for holder, key in places if "<" in holder[key] or "&" in holder[key]]
    texts = [holder[key] for holder, key in places]
    try:
        cleaned = in_time(SECONDS, clean_all, texts) if texts else []
    except TimeoutError as error:
        text = "%s, %s: its HTML was not cleaned in time and is shown as it was typed (%s)"
        log.warning(text, of.student, of.notebook, error)
        cleaned = [escape(text, quote=False) for text in texts]
    for (holder, key), text in zip(places, cleaned, strict=True):
        holder[key] = text


Place = tuple[Any, Any]  # where a text stands: holder[key]


def _html(cells: Sequence[NotebookNode]) -> Iterator[Place]:
    for cell in cells:
        for output in cell.get("outputs", []):
            yield from ((output["data"], kind) for kind in HTML if kind in output.get("data", {}))


def _printed(cells: Sequence[NotebookNode]) -> Iterator[Place]:
    """What the formgrader colours as a terminal would, for which nbconvert needs the square of its length."""
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        yield from ((data, kind) for kind in ("text/plain", "text/latex") if kind in data)
        yield from ((output, key) for key in ("text", "ename", "evalue") if key in output)
        if sum(map(len, output.get("traceback", []))) > MAX_CELL:
            output["traceback"] = ["\n".join(output["traceback"])]
            yield output["traceback"], 0


def _bound(places: Sequence[Place], cut: str) -> None:
    left = MAX_NOTEBOOK
    for holder, key in places:
        allowed = min(left, MAX_CELL)
        if len(holder[key]) > allowed:
            holder[key] = f"{holder[key][:allowed]}\n\n{cut}"
        left = max(0, left - len(holder[key]))


def _shown(output: NotebookNode) -> NotebookNode:
    """The output with what a page can show of it, as text: no widgets, programs, sizes or styles."""
    if "data" not in output:
        return output
    data = {kind: _text(output["data"][kind]) for kind in SHOWN if kind in output["data"]}
    marks = {mark: True for mark in MARKS if output.get("metadata", {}).get(mark)}
    return NotebookNode({**output, "data": NotebookNode(data), "metadata": NotebookNode(marks)})


def _text(value: Any) -> str:
    return "".join(str(v) for v in value) if isinstance(value, list) else str(value)
