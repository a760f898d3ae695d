"""The engine knows no course: its program has no word of the one that this project brings along."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1] / "autograder"
COURSE_WORDS = re.compile(r"dropout|regulari|fashion|784", re.IGNORECASE)


def engine_files(*endings: str) -> list[Path]:
    """Everything of the package but its families, its units and its catalogs, which hold the families' texts."""
    found = [p for p in sorted(ENGINE.rglob("*")) if p.suffix in endings]
    return [p for p in found if not {"families", "units", "locale"} & set(p.relative_to(ENGINE).parts)]


def docstring_lines(text: str) -> set[int]:
    """The lines of docstrings, which may give examples."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return found


def course_words(text: str) -> Iterator[str]:
    """Line and token of every course word outside docstrings, comments included."""
    examples = docstring_lines(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if COURSE_WORDS.search(token.string) and token.start[0] not in examples:
            yield f"{token.start[0]}: {token.string}"


@pytest.mark.parametrize("path", engine_files(".py"), ids=lambda p: str(p.relative_to(ENGINE)))
def test_no_module_of_the_engine_has_a_word_of_the_course(path: Path) -> None:
    assert list(course_words(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", engine_files(".j2", ".css", ".sh"), ids=lambda p: str(p.relative_to(ENGINE)))
def test_no_page_of_the_engine_has_a_word_of_the_course(path: Path) -> None:
    assert not COURSE_WORDS.search(path.read_text(encoding="utf-8"))


def test_the_words_are_found_where_they_are() -> None:
    text = 'def f():\n    """Such as Dropout."""\n    return "Dropout"  # 784 of them\n'
    assert list(course_words(text)) == ['3: "Dropout"', "3: # 784 of them"]
