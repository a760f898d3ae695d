"""Markdown in nbgrader's formgrader, by `c.HTMLExporter.filters`: shown as on the feedback page."""

from html import escape, unescape

from autograder.feedback.text import markdown
from autograder.scale.in_time import in_time

SECONDS = 2.0  # of CPU time for one text


def markdown2html(source: str) -> str:
    """A learner's Markdown as harmless HTML.

    nbconvert's own filter lets links pass that run a program, and fetches pictures from anywhere.
    """
    try:
        return str(in_time(SECONDS, markdown, unescape(source)))  # `CleanTexts` has escaped it
    except TimeoutError:
        return f"<pre>{escape(source)}</pre>"
