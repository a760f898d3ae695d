"""The headings of a notebook's Markdown: what its parts and exercises are called."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_FENCED = re.compile(r"(?ms)^```.*?^```")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*_]|✏️")
_POINTS = re.compile(r"\s*\(\d+ (?:points?|pts)[^)]*\)$")


class Titled(NamedTuple):
    """A cell, nbgrader's metadata of it, and the plain titles of the part it is in and of the nearest heading."""

    cell: Mapping[str, Any]
    about: Mapping[str, Any]
    part: str
    heading: str


def titled(folder: Path) -> Iterator[tuple[str, list[Titled]]]:
    """The name and the cells of each notebook in a folder; one that cannot be read is left out."""
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            found = [
                Titled(cell, {**cell["metadata"].get("nbgrader", {})}, plain(part), plain(heading))
                for cell, part, heading in headed(cells)
            ]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        yield path.stem, found


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
    return _POINTS.sub("", _MARKS.sub("", _LINK.sub(r"\1", heading)).strip())
