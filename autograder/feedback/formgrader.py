"""What nbgrader's formgrader shows of a submission, by `c.HTMLExporter`: a filter and a preprocessor."""

from html import escape, unescape
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.feedback.text import markdown
from autograder.scale.in_time import in_time

SECONDS = 2.0  # of CPU time for one text
FOLDER = Path(__file__).parent


def markdown2html(source: str) -> str:
    """A learner's Markdown as harmless HTML.

    nbconvert's own filter lets links pass that run a program, and fetches pictures from anywhere.
    """
    try:
        return str(in_time(SECONDS, markdown, unescape(source)))  # `CleanTexts` has escaped it
    except TimeoutError:
        return f"<pre>{escape(source)}</pre>"


class GradingTools(Preprocessor):  # type: ignore[misc]
    """Adds, behind the last cell that is shown, our style and the program that adds up a rubric.

    nbgrader fixes the template of its formgrader; what an output holds is the one place that is left to a course.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """The notebook as it is shown, with one cell more; its file stays as it is."""
        style, program = ((FOLDER / name).read_text(encoding="utf-8") for name in ("formgrader.css", "formgrader.js"))
        tools = f"<style>{style}</style><script>{program}</script>"
        nb.cells.append(new_code_cell("", outputs=[new_output("display_data", {"text/html": tools})]))
        return nb, resources
