"""The headings of a notebook's Markdown: what its parts and exercises are called."""

import re

_FENCED = re.compile(r"(?ms)^```.*?^```")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_MARKS = re.compile(r"[`*_]|✏️")
_POINTS = re.compile(r"\s*\(\d+ (?:points?|pts)[^)]*\)$")


def headings(markdown: str) -> list[tuple[int, str]]:
    """(Level, text) of the headings; a comment in fenced code is none."""
    return [(len(marks), text) for marks, text in _HEADING.findall(_FENCED.sub("", markdown))]


def without_first(markdown: str) -> str:
    """The Markdown below its first heading."""
    return _HEADING.sub("", markdown, count=1).strip()


def plain(heading: str) -> str:
    """A heading without Markdown's marks, the pencil, and the points that stand beside it anyway."""
    return _POINTS.sub("", _MARKS.sub("", heading).strip())
