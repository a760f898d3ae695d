"""Text of strangers as HTML that can do nothing: Markdown, formulas, code, what programs printed."""

import re
from html import escape, unescape
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
SHORT_TEXT, WIDTH = 22, 36  # lines; characters that a line has on a phone
SHORT_FORMULA = 24  # signs
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
    return scrolling_formulas(scrolling_tables(clean(html)))


def scrolling_tables(html: str) -> Markup:
    """Cleaned HTML whose tables scroll by themselves, where the page is too narrow for them.

    What scrolls has to be reached by keyboard (WCAG 2.1.1). An empty cell is no heading.
    """
    html = re.sub(r"<th[^>]*>\s*</th>", "<td></td>", html)
    return Markup(  # noqa: S704
        html.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")
    )


def scrolling_formulas(html: str) -> Markup:
    """Cleaned HTML whose long formulas scroll by themselves; short ones fit everywhere."""

    def long(found: re.Match[str]) -> str:
        signs = len(re.sub(r"<[^>]+>|\s", "", unescape(found[2])))
        return f'{found[1]} class="long" tabindex="0">{found[2]}' if signs > SHORT_FORMULA else found[0]

    return Markup(re.sub(r'(<math display="block")>(.*?</math>)', long, html, flags=re.S))  # noqa: S704


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
    return Markup(f'<pre class="code{_scrolls(shown)}><code>{code}</code></pre>')  # noqa: S704


def printed(text: str) -> Markup:
    """What a program printed: no colours, the middle left out when it is long."""
    plain = _ANSI.sub("", text)
    if len(plain) > MAX_OUTPUT:
        plain = f"{plain[: MAX_OUTPUT // 2]}\n…\n{plain[-MAX_OUTPUT // 2 :]}"
    return Markup(f'<pre class="out{_scrolls(plain)}>{escape(plain)}</pre>')  # noqa: S704


def _scrolls(text: str) -> str:
    """The end of the attribute `class`: lines wrap, and a long text scrolls in its frame, by keyboard, too."""
    lines = sum(1 + len(line) // WIDTH for line in text.splitlines())
    return ' long" tabindex="0"' if lines > SHORT_TEXT else '"'


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
