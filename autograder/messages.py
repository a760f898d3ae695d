"""`python -m autograder messages`: bring the catalogs up to date with the program, and say what is missing.

Texts are what the source marks with `_("…")`, in Python and in the page templates, and the first line of each hidden
check's docstring. The engine and its families have one catalog a language, each unit another; a unit's `lab` has
messages of its own, which travel to learners with it.
"""

import argparse
import ast
import io
import os
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.pofile import read_po, write_po

from autograder.i18n import LOCALE_DIR, _, languages, say
from autograder.scale.settings import configured_unit
from autograder.unit import NOT_CARRIED, Unit

PACKAGE = Path(__file__).parent
Text = str | tuple[str, ...]  # a text, or its singular and its plural
Places = Mapping[Text, str]  # text → the first place that has it, file:line
# what marks a text, with the places of singular and plural among its arguments
KEYWORDS = {"_": None, "translate_count": (1, 2), "say_count": (1, 2), "ngettext": (1, 2)}


class Domain(NamedTuple):
    """A program with catalogs of its own: where it lies, which of its folders do not count, where the catalogs are."""

    name: str
    folder: Path
    leave_out: frozenset[str]
    locale: Path

    def catalog_path(self, language: str) -> Path:
        """Where a language's catalog is."""
        return self.locale / language / "LC_MESSAGES" / f"{self.name}.po"


ENGINE = Domain("autograder", PACKAGE, frozenset({"units"}), LOCALE_DIR)


def domain_of(unit: Unit) -> Domain:
    """The texts that a unit says while it is used; `calibrate` and the like talk to authors, in English."""
    return Domain(unit.folder.name, unit.folder, NOT_CARRIED, unit.locale)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("folder of the course whose unit counts")))
    parser.add_argument(
        "--check", action="store_true", help=say(_("write nothing; fail when a translation is missing"))
    )


def run(arguments: argparse.Namespace) -> int:
    """Bring each catalog up to date and list what is missing; exit status 1 when something is."""
    complete = True
    for domain in (ENGINE, domain_of(configured_unit(arguments.course))):
        known = texts(domain)
        for language in languages()[1:]:  # the source language comes first
            catalog = merged(domain, known, language)
            if not arguments.check:
                _bring_up_to_date(catalog, domain.catalog_path(language))
            missing = missing_in(catalog, known)
            complete = complete and not missing
            print(say(_("{name}, {language}: texts: {count}; without a translation: {missing}"), name=domain.name,
                      language=language, count=len(known), missing=len(missing)))  # fmt: skip
            for text, place in missing.items():
                print(f"  {place}: {text!r}")
    return 0 if complete else 1


def _bring_up_to_date(catalog: Catalog, path: Path) -> None:
    """Write a catalog when that changes it, and say what goes with that: a translation is somebody's work."""
    before = path.read_bytes() if path.exists() else b""
    if before == written(catalog):
        return
    for message in read_po(io.BytesIO(before)):
        if message.id and message.id not in catalog and _is_complete(message.string):
            print(
                say(_("{path}: no longer said, left out: {text}"), path=path, text=f"{message.id!r} {message.string!r}")
            )
    write(catalog, path)
    print(say(_("{path}: written"), path=path))


def texts(domain: Domain) -> Places:
    """Every text of a program, with where it stands first."""
    methods: list[tuple[str, Any]] = [("**.py", _from_python), ("**.j2", "jinja2")]
    found: dict[Text, str] = {}
    rows = extract_from_dir(
        domain.folder,
        methods,
        keywords=KEYWORDS,
        directory_filter=lambda path: os.path.basename(path) not in {*domain.leave_out, "__pycache__"},
    )
    for name, line, text, _comments, _context in rows:
        found.setdefault(text, f"{name}:{line}")
    return found


def merged(domain: Domain, known: Places, language: str) -> Catalog:
    """The language's catalog; what the program no longer says is left out."""
    result = Catalog(locale=language, project=domain.name, charset="utf-8", fuzzy=False)
    path = domain.catalog_path(language)
    if path.exists():
        with path.open("rb") as file:
            before = read_po(file, locale=language)
        result.creation_date = before.creation_date  # else each run would change the file
        for message in before:
            if message.id in known and _is_complete(message.string):
                result.add(message.id, message.string)
    return result


def missing_in(catalog: Catalog, known: Places) -> Places:
    """The texts without a translation."""
    return {t: place for t, place in known.items() if not (t in catalog and _is_complete(catalog[t].string))}


def _is_complete(translation: Any) -> bool:
    return all(translation) if isinstance(translation, tuple) else bool(translation)


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalog."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(catalog))


def written(catalog: Catalog) -> bytes:
    """A catalog's file, in an order of its own so that two versions can be compared."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, sort_output=True, omit_header=False, ignore_obsolete=True)
    return file.getvalue()


def fields(text: Text) -> set[str]:
    """The `{fields}` of a text, of all its forms."""
    if isinstance(text, tuple):
        return set().union(*map(fields, text))
    return {name.split(".")[0] for _literal, name, _format, _kind in string.Formatter().parse(text) if name}


def _from_python(file: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    """What Babel finds, and the first docstring line of each check. An extraction method of Babel's."""
    source = file.read()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_check, node.decorator_list)):
            if described := (ast.get_docstring(node) or "").split("\n")[0]:
                yield node.lineno, "_", described, []
    file.seek(0)
    yield from extract_python(file, keywords, comment_tags, options)


def _makes_check(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr == "check"
