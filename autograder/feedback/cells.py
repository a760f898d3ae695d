"""Notebook cells as HTML for the feedback page, with a limit to how much a page may weigh."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any

from markupsafe import Markup
from nbformat import NotebookNode

from autograder.execution.demonstrations import HANDED_IN, OF_THE_UNIT
from autograder.feedback.harmless import clean
from autograder.feedback.text import markdown, printed, python, scrolling_tables
from autograder.i18n import _, translate

PAGE_CHARACTERS = 400_000  # of everything a learner can make longer; a page stays under 500 KB with it
FIGURE_CHARACTERS = 120_000  # of one figure as base64: 90 KB
LEFT_OUT = _("Left out here, because the page would become too large. You find it in your notebook.")
TOO_LARGE = _("A figure of {size} KB is left out here: more than {most} KB would make the page too large.")
PICTURE = _("A picture drawn by this cell.")
YOURS = _("From the notebook that you handed in.")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


class Budget:
    """How much may still be put on a page."""

    def __init__(self, language: str, characters: int = PAGE_CHARACTERS) -> None:
        """`characters`: of HTML."""
        self.language = language
        self.left = characters

    def take(self, html: Markup) -> Markup:
        """`html`, or a note where it is too much."""
        if len(html) > self.left:
            return Markup("<p class='note'>{}</p>").format(translate(LEFT_OUT, self.language))
        self.left -= len(html)
        return html


def source(cell: NotebookNode, budget: Budget) -> Markup:
    """What stands in the cell."""
    if cell.cell_type == "code":
        return budget.take(python(cell.source))
    # `CleanTexts` wrote `<` as `&lt;` in formulas and code, too; `markdown` cleans again
    return budget.take(markdown(unescape(cell.source)))


def outputs(cell: NotebookNode, budget: Budget) -> Markup:
    """What the cell gave, each output in the best form that is harmless."""
    shown = [budget.take(_output(output, budget.language)) for output in cell.get("outputs", [])]
    return Markup("").join(shown)


def figures(cell: NotebookNode, budget: Budget) -> Markup:
    """The cell's pictures of a learner's work, or those of the notebook that was handed in, which is said."""
    found = [o for o in cell.get("outputs", []) if not o.get("metadata", {}).get(OF_THE_UNIT)]
    shown = outputs(NotebookNode(outputs=[o for o in found if "image/png" in o.get("data", {})]), budget)
    if shown and any(o.get("metadata", {}).get(HANDED_IN) for o in found):
        caption = translate(YOURS, budget.language)
        return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(shown, caption)
    return shown


def _output(output: Mapping[str, Any], language: str) -> Markup:
    kind = output.get("output_type")
    if kind == "stream":
        return printed(_text(output.get("text", "")))
    if kind == "error":
        lines = _text(output.get("traceback", []), "\n") or f"{output.get('ename')}: {output.get('evalue')}"
        return printed(lines)
    data = output.get("data", {})
    if "image/png" in data:
        return _image(_text(data["image/png"]), _text(data.get("text/plain", "")), language)
    if "text/html" in data:
        html = clean(_text(data["text/html"])).strip()
        if html:
            return scrolling_tables(html)
    if "text/markdown" in data:
        return markdown(_text(data["text/markdown"]))
    return printed(_text(data["text/plain"])) if "text/plain" in data else Markup("")


def _image(base64: str, words: str, language: str) -> Markup:
    """A PNG; `words` describe it, unless they are only the name of a class."""
    if not _BASE64.fullmatch(base64):
        return Markup("")
    spoken = words if words and not words.startswith("<") else translate(PICTURE, language)
    image = re.sub(r"\s", "", base64)
    if len(image) > FIGURE_CHARACTERS:
        size, most = (round(n * 3 / 4000) for n in (len(image), FIGURE_CHARACTERS))
        return Markup("<p class='note'>{}</p>").format(translate(TOO_LARGE, language, size=size, most=most))
    return Markup(  # noqa: S704
        f'<p class="picture"><img src="data:image/png;base64,{image}" alt="{escape(spoken[:600])}"></p>'
    )


def _text(value: Any, glue: str = "") -> str:
    return glue.join(str(v) for v in value) if isinstance(value, list) else str(value)
