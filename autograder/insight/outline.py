"""What the notebooks of an assignment call things: titles instead of ids, in the course's order, and its own words."""

import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.headings import text_of, titled


@dataclass(frozen=True)
class Outline:
    """Titles of notebooks, of tasks by (notebook, name), and of lessons by (notebook, cell id).

    All are in the order of the notebooks. `words`: every name in the course's own code.
    """

    notebooks: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lessons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def notebook(self, name: str) -> str:
        """A notebook's title; its name where it has none."""
        return self.notebooks.get(name) or name

    def task(self, notebook: str, name: str) -> str:
        """A task's title; its name where it has none."""
        return self.tasks.get((notebook, name)) or name

    def lesson(self, notebook: str, name: str) -> str:
        """The title of the part of a notebook that a check names as the one to read again; empty where unknown."""
        return self.lessons.get((notebook, f"{name}-lesson")) or self.lessons.get((notebook, name)) or ""

    def place(self, notebook: str, name: str) -> tuple[int, str, str]:
        """Sorts tasks in the order of the notebooks, and those that are in none behind them."""
        places = list(self.tasks)
        key = notebook, name
        return (places.index(key) if key in self.tasks else len(places), *key)


def read_outline(folder: Path) -> Outline:
    """From the notebooks of an assignment in a folder; one that cannot be read gives no titles."""
    notebooks: dict[str, str] = {}
    tasks: dict[tuple[str, str], str] = {}
    lessons: dict[tuple[str, str], str] = {}
    words: set[str] = set()
    for notebook, cells in titled(folder):
        notebooks[notebook] = next((found.part for found in cells if found.part), "")
        for cell, about, part, heading in cells:
            if about.get("grade"):
                tasks[notebook, str(about.get("grade_id")).removesuffix("_test")] = heading
            lessons[notebook, str(cell.get("id", ""))] = part
            words |= names_in(text_of(cell)) if cell["cell_type"] == "code" else set()
    return Outline(notebooks, tasks, lessons, frozenset(words))


def names_in(source: str) -> set[str]:
    """The names in a piece of Python, as far as it can be read."""
    found = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                found.add(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return found
