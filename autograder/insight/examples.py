"""Learners' code as an example that names nobody: its structure, and the words that are not one learner's alone."""

import ast
import builtins
import json
import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from autograder.grading.headings import text_of
from autograder.insight.outline import names_in

LOOKED_AT = 20  # answers, for what several learners write alike
LINES = 20  # of an example
CHARACTERS = 5_000  # of an answer that is looked at
PYTHON = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist})
_NAME = re.compile(r"(?<!\w)[^\W\d]\w*")  # once there is no text left, every word is a name
_LONG_NUMBER = re.compile(r"(?<![\w.])\d{7,}")  # may be a learner's


def example(answers: Sequence[str], words: Set[str]) -> str:
    """The shortest of these answers that is Python, without comments and texts; empty when none is.

    A name stays when it is Python's, one of the course's `words`, or stands in the answers of two learners; every
    other is written as `name_1`, `name_2`, since it may be somebody's.
    """
    told = Counter(name for answer in answers for name in names_in(answer))
    known = {name for name, count in told.items() if count > 1} | words
    shown = next(filter(None, (anonymous(answer, known) for answer in sorted(answers, key=len))), "")
    lines = shown.splitlines()
    return "\n".join(lines[:LINES] + ["…"] * (len(lines) > LINES))


def anonymous(source: str, known: Set[str]) -> str:
    """Python without comments, with "…" for each text, and with other names for those that are not `known`.

    Python's own names are. Empty when it is no Python: nothing could be told apart in it.
    """
    try:
        plain = ast.unparse(_WithoutTexts().visit(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    others: dict[str, str] = {}

    def told(match: re.Match[str]) -> str:
        name = match[0]
        return name if name in known or name in PYTHON else others.setdefault(name, f"name_{len(others) + 1}")

    return _LONG_NUMBER.sub("…", _NAME.sub(told, plain))


class _WithoutTexts(ast.NodeTransformer):
    """Every text, bytes and f-string becomes "…"; one that stands alone, such as a docstring, goes."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("…") if isinstance(node.value, (str, bytes)) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("…")

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        value = node.value
        alone = isinstance(value, ast.Constant) and value.value == "…"
        return ast.copy_location(ast.Pass(), node) if alone else node


def answer_of(path: Path, task: str) -> str:
    """The learner's code for a task in an autograded notebook; empty when it cannot be read."""
    try:
        cells: Sequence[Mapping[str, Any]] = json.loads(path.read_bytes())["cells"]
        found = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == task]
        return text_of(found[-1])[:CHARACTERS] if found and found[-1]["cell_type"] == "code" else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
