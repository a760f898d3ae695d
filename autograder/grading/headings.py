"""The headings of a notebook's Markdown: what its parts and exercises are called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FENCED = re.compile(r"(?ms)^```.*?^```")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_MARKS = re.compile(r"[`*_]|✏️")
_POINTS = re.compile(r"\s*\(\d+ (?:points?|pts)[^)]*\)$")


def headings(markdown: str) -> list[tuple[int, str]]:
    """(Level, text) of the headings; a comment in fenced code is none."""
    return [(len(marks), text) for marks, text in _HEADING.findall(_FENCED.sub("", markdown))]


def headed(cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Each cell of nbformat 4 with the title of the part it is in (level 1 or 2) and the nearest heading of any level.

    Both are as they stand in the Markdown, and empty before the first.
    """
    part = heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for level, heading in headings(text_of(cell)):
                part = heading if level <= 2 else part
        yield cell, part, heading


def text_of(cell: Mapping[str, Any]) -> str:
    """What stands in a cell of nbformat 4: a text, or a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def without_first(markdown: str) -> str:
    """The Markdown below its first heading."""
    return _HEADING.sub("", markdown, count=1).strip()


def plain(heading: str) -> str:
    """A heading without Markdown's marks, the pencil, and the points that stand beside it anyway."""
    return _POINTS.sub("", _MARKS.sub("", heading).strip())
