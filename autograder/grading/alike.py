"""Notebooks that are the same program: comments, layout and prose apart, nothing differs.

What was found out about one holds for the other as long as nothing of it tells how the text was laid out. Where a cell
raised, lines are shown and counted; warnings name them, and a program may read its own text: then only the very same
notebook is the same.
"""

import json
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import nbformat

from autograder.execution.demonstrations import Outputs
from autograder.execution.programs import LONG_NOTEBOOK, program_of
from autograder.execution.runner import task_of
from autograder.store import Store, key_of

EMPTY = program_of("")
# by these names, or by texts that are such names, a program reads its own text or counts its lines
_READS_TEXT = re.compile(
    r"='(?:inspect|linecache|traceback|tokenize|pydoc|help|dis|In|_ih|_i+|_i\d+|__code__|__file__|get_ipython|"
    r"\w*(?:getsource|findsource|getcomments|lineno|_lines|frame|breakpoint)\w*)(?:\.[\w.]*)?'"
)
_TELLS = re.compile(r"\blines? \d|ipykernel|ipython-input|<stdin>|<string>")


class Alike:
    """A notebook, as `notebooks.canonical` writes it."""

    def __init__(self, notebook: str) -> None:
        """`code`: its cells that are part of the program, by index; `programs`: the hash of each.

        `reads_text`: whether it may read its own text, or is too long to be taken apart; more often said than true.
        `before`: task → the program, or the text, of all that is executed before its question is asked.
        """
        cells = [(i, c) for i, c in enumerate(json.loads(notebook)["cells"]) if c["cell_type"] == "code"]
        long = sum(len(cell["source"]) for _index, cell in cells) > LONG_NOTEBOOK
        found = [(i, c["metadata"], c["source"] if long else program_of(c["source"])) for i, c in cells]
        kept = [part for part in found if part[1:] != ({}, EMPTY)]
        self.code: list[int] = [index for index, _metadata, _program in kept]
        self.programs = [key_of(metadata, program) for _index, metadata, program in kept]
        self.reads_text = long or any(_READS_TEXT.search(program) for _index, _metadata, program in kept)
        parts = [c["source"] for _index, c in cells] if self.reads_text else self.programs
        places = [index for index, _cell in cells] if self.reads_text else self.code
        tests = {task_of(nbformat.from_dict(cell)): index for index, cell in cells}
        self.before = {t: parts[: bisect(places, index)] for t, index in tests.items() if t is not None}

    def outputs(self, of: Outputs, code: Sequence[int]) -> Outputs:
        """The outputs of another notebook of the same program, which has them in its cells `code`, as this one's."""
        return {str(own): of[str(other)] for own, other in zip(self.code, code, strict=True) if str(other) in of}


def keep_alike(store: Store, alike: str, notebook: Alike, key: str, found: Any, owner: str) -> None:
    """Note under `alike` that `found`, kept under `key`, holds for every notebook of this program; unless it may not.

    `found`: as JSON, with the "outputs" of cells.
    """
    if not notebook.reads_text and not _tells_the_text(found):
        store.put(alike, [key, notebook.code], owner)


def find_alike(store: Store, alike: str, notebook: Alike) -> dict[str, Any] | None:
    """What `keep_alike` noted under `alike`, as this notebook's; None where there is nothing."""
    noted = store.get(alike)
    found = store.get(noted[0]) if noted else None
    return {**found, "outputs": notebook.outputs(found["outputs"], noted[1])} if found else None


def _tells_the_text(found: Any) -> bool:
    """Whether what was found out, as JSON, may tell how the cells were laid out."""
    return any(_TELLS.search(text) for text in _texts(found))


def _texts(found: Any) -> Iterator[str]:
    """Every text in it; for an error and for what was printed as one, a text that tells."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, list | tuple):
        for item in found:
            yield from _texts(item)
    elif isinstance(found, dict):
        if found.get("output_type") == "error" or found.get("name") == "stderr":
            yield "line 1"
        for key, item in found.items():
            if not key.startswith("image/"):
                yield from _texts(item)
