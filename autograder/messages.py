"""`python -m autograder messages`: bring the catalogs up to date with the program, and say what is missing.

Texts are what the source marks with `_("…")`, in Python and in the page templates, and the first line of each hidden
check's docstring. `autograder/lab` has its own messages, which travel to learners with it.
"""

import argparse
import ast
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from autograder.i18n import LOCALE_DIR, SOURCE_LANGUAGE, _, languages, say

PACKAGE = Path(__file__).parent
Places = Mapping[str, str]  # text → the first place that has it, file:line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--check", action="store_true", help=say(_("write nothing; fail when a translation is missing"))
    )


def run(arguments: argparse.Namespace) -> int:
    """Merge the parts into each catalog and list what is missing; exit status 1 when something is."""
    known = texts()
    complete = True
    for language in languages():
        if language == SOURCE_LANGUAGE:
            continue
        catalog = merged(LOCALE_DIR / language, known, language)
        if not arguments.check:
            write(catalog, catalog_path(language))
        missing = missing_in(catalog, known)
        complete = complete and not missing
        print(say(_("{language}: {count} texts, {missing} without a translation"), language=language,
                  count=len(known), missing=len(missing)))  # fmt: skip
        for text, place in missing.items():
            print(f"  {place}: {text!r}")
    return 0 if complete else 1


def catalog_path(language: str) -> Path:
    """Where a language's catalog is."""
    return LOCALE_DIR / language / "LC_MESSAGES" / "autograder.po"


def texts(package: Path = PACKAGE) -> Places:
    """Every text of the program, with where it stands first."""
    found: dict[str, str] = {}
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package)
        if name.parts[0] == "lab" or path.suffix not in (".py", ".j2"):
            continue
        source = path.read_text(encoding="utf-8")
        for line, text in _in_python(source) if path.suffix == ".py" else _in_template(source):
            found.setdefault(text, f"{name}:{line}")
    return found


def merged(folder: Path, known: Places, language: str) -> Catalog:
    """The language's catalog with its parts taken in, what the program no longer says left out."""
    result = Catalog(locale=language, project="shrinkage", charset="utf-8", fuzzy=False)
    for path in [folder / "LC_MESSAGES" / "autograder.po", *sorted((folder / "parts").glob("*.po"))]:
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id in known and message.string:
                    result.add(message.id, message.string)
    return result


def missing_in(catalog: Catalog, known: Places) -> Places:
    """The texts without a translation."""
    return {text: place for text, place in known.items() if not (text in catalog and catalog[text].string)}


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalog, in an order of its own so that two versions can be compared."""
    with path.open("wb") as file:
        write_po(file, catalog, width=0, sort_output=True, omit_header=False, ignore_obsolete=True)


def fields(text: str) -> set[str]:
    """The `{fields}` of a text."""
    return {name.split(".")[0] for _literal, name, _format, _kind in string.Formatter().parse(text) if name}


def _in_python(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each marked text and of each check's first docstring line.

    Raises:
        ValueError: something other than a literal is marked: it could never be found here.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            if not (node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)):
                raise ValueError(f"line {node.lineno}: _() takes a literal text")
            yield node.lineno, node.args[0].value
        elif isinstance(node, ast.FunctionDef) and any(map(_makes_check, node.decorator_list)):
            if described := (ast.get_docstring(node) or "").split("\n")[0]:
                yield node.lineno, described


def _makes_check(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr == "check"


def _in_template(source: str) -> Iterator[tuple[int, str]]:
    for line, _function, text in extract_from_ast(Environment(autoescape=True).parse(source), ["_"]):
        yield line, str(text[0] if isinstance(text, tuple) else text)  # the others are arguments
