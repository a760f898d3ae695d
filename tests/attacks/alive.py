"""Look for what is alive in the pages that people open: whatever could run, be fetched, or lay itself over a page."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from autograder.scale.in_time import stop

FILTERS = {"markdown2html": "autograder.feedback.formgrader.markdown2html"}  # as in nbgrader_config.py
ACTS = frozenset("script iframe object embed form base link input button video audio source template".split())
LINKS = ("href", "src", "action", "formaction", "xlink:href", "poster", "srcset", "background")
LEADS = ("http://", "https://", "mailto:", "#")  # `http:page.html` would lead to a file of the learner's own
COLOURS = re.compile(r"((background-)?color: rgb\(\d+,\d+,\d+\);? ?)*")  # nbconvert's, of what programs printed
POLICY = "content-security-policy"


class _Finder(HTMLParser):
    """Collects what is alive, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip().lower() for name, value in attributes}
        acts = tag in ACTS or (tag == "meta" and given.get("http-equiv", POLICY) != POLICY)
        if acts or any(_acts(tag, name, value) for name, value in given.items()):
            self.found.append(self.get_starttag_text() or tag)


def _acts(tag: str, name: str, value: str) -> bool:
    if name in LINKS:
        return not value.startswith("data:image/" if tag == "img" else LEADS)
    return name.startswith("on") or (name == "style" and not COLOURS.fullmatch(value))


def alive(course: Path) -> dict[str, list[str]]:
    """Page → what is alive in it: of the feedback, of the class report, and as the formgrader shows a notebook."""
    found = {name: tags[:5] for name, html in _pages(course) if (tags := alive_in(html))}
    stop()  # what the formgrader's filter has started
    return found


def alive_in(html: str) -> list[str]:
    """The tags of a page, or of a part of one, that are alive."""
    finder = _Finder()
    finder.feed(html)
    return finder.found


def _pages(course: Path) -> Iterator[tuple[str, str]]:
    for path in (*sorted(course.glob("feedback/*/*/*.html")), *sorted(course.glob("reports/*.html"))):
        yield str(path.relative_to(course)), path.read_text(encoding="utf-8")
    # the part of the formgrader's page that is made of the notebook
    shown = HTMLExporter(template_name="basic", config=Config({"HTMLExporter": {"filters": FILTERS}}))
    for path in sorted(course.glob("autograded/*/*/*.ipynb")):
        yield str(path.relative_to(course)), shown.from_filename(str(path))[0]
