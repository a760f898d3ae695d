"""Text of strangers as HTML that can do nothing: Markdown, formulas, code, what programs printed."""

import re
from html import escape
from typing import Any

import mistune
from latex2mathml.converter import convert
from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

from autograder.feedback.harmless import clean
from autograder.grading.report import marked

MAX_TEXT = 51_000  # characters of one text that are shown; grading cuts it before, and says so
MAX_SOURCE = 20_000  # characters of one cell of code
MAX_FORMULA = 2_000
MAX_OUTPUT = 4_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f]")


def markdown(source: str) -> Markup:
    """Markdown with `$formulas$` as HTML, below a heading of level 3. No script, style, id, form or image stays.

    Formulas become MathML (https://www.w3.org/TR/mathml-core/), which browsers show without a program.
    """
    to_html: Any = mistune.create_markdown(renderer=_Renderer(), plugins=["table", "math", "strikethrough"])
    try:
        html = str(to_html(source[:MAX_TEXT]))
    except RecursionError:
        return Markup(f"<pre>{escape(source[:MAX_TEXT])}</pre>")  # noqa: S704
    return Markup(clean(html))  # noqa: S704


def formula(latex: str, *, block: bool) -> str:
    """A formula as MathML; as LaTeX, in a code element, where it cannot be converted."""
    try:
        if len(latex) > MAX_FORMULA:
            raise ValueError("too long")
        readable = re.sub(r"\\arg\b", r"\\operatorname{arg}", latex)
        return str(convert(readable, display="block" if block else "inline"))
    except Exception:  # the converter raises whatever the formula makes it meet
        return f"<code>{escape(latex)}</code>"


def python(source: str) -> Markup:
    """Python code, coloured by classes of the page's style."""
    shown = source[:MAX_SOURCE] + ("\n…" if len(source) > MAX_SOURCE else "")
    code = highlight(shown, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    # scrolls sideways, so it has to be reachable by keyboard (WCAG 2.1.1)
    return Markup(f'<pre class="code" tabindex="0"><code>{code}</code></pre>')  # noqa: S704


def printed(text: str) -> Markup:
    """What a program printed: no colours, the middle left out when it is long."""
    plain = _ANSI.sub("", text)
    if len(plain) > MAX_OUTPUT:
        plain = f"{plain[: MAX_OUTPUT // 2]}\n…\n{plain[-MAX_OUTPUT // 2 :]}"
    return Markup(f'<pre class="out" tabindex="0">{escape(plain)}</pre>')  # noqa: S704


def sentence(text: str) -> Markup:
    """One of our own sentences, which may quote a learner: escaped, `code` in backquotes as code."""
    return Markup(marked(text))  # noqa: S704


class _Renderer(mistune.HTMLRenderer):
    """Keeps raw HTML for the cleaning; formulas become MathML."""

    def __init__(self) -> None:
        super().__init__(escape=False)

    def heading(self, text: str, level: int, **_attributes: Any) -> str:
        level = min(6, max(4, level + 1))
        return f"<h{level}>{text}</h{level}>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Pictures elsewhere are not fetched; their text stays."""
        return escape(text)

    def inline_math(self, text: str) -> str:
        return formula(text, block=False)

    def block_math(self, text: str) -> str:
        return f"<p>{formula(text, block=True)}</p>\n"
