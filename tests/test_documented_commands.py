"""What README and docs tell to type exists: commands, their options, make's targets, settings, links.

Those of docs/i-want-to.md are run (`tests/course/test_i_want_to.py`); here they are looked up, which costs nothing.
"""

import importlib
import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import nbgrader.plugins
import pytest
from nbgrader.apps.nbgraderapp import NbGraderApp
from traitlets.config import Configurable

from autograder.__main__ import COMMANDS, parse

PROJECT = Path(__file__).parents[1]
HISTORY = PROJECT / "CHANGELOG.md"  # tells of what was, too
PAGES = sorted({*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")} - {HISTORY})
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
# where a line stands for more words than it has
LEFT_OUT = re.compile(r"\s+(?:…|\.\.\.)\s*$")


def fenced(text: str) -> Iterator[str]:
    """Lines of fenced blocks, continued ones as one, without comments."""
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        if language in ("", "sh"):
            yield from re.sub(r"\\\n", " ", block).splitlines()


def code(page: Path) -> Iterator[str]:
    """Every piece of code of a page: lines of blocks, and what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    yield from fenced(text)
    yield from re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL))


def commands(page: Path, start: str) -> Iterator[list[str]]:
    """The words behind `start`, wherever a command of a page begins with it."""
    for piece in code(page):
        for part in re.split(r"&&|;", " ".join(piece.split())):
            words = LEFT_OUT.sub("", part).strip()
            if words.startswith(f"{start} "):
                yield shlex.split(words.removeprefix(start), comments=True)


@EACH
def test_our_commands_are_understood(page: Path) -> None:
    for words in commands(page, "python -m autograder"):
        if words[-1].isupper() and len(words) == 1:
            continue  # COMMAND
        try:
            parse(words)
        except SystemExit:
            bare = len(words) == 1 or words[:1] == ["lms"]  # a command is named, not typed
            assert bare, f"python -m autograder {shlex.join(words)}"
            assert words[0] in COMMANDS, words


@EACH
def test_programs_that_are_started_as_modules_exist(page: Path) -> None:
    for words in commands(page, "python -m"):
        if not words[0].startswith("our_unit"):  # of the page's own course
            assert words[0] == "build" or importlib.util.find_spec(words[0]) is not None, words[0]


@EACH
def test_nbgraders_commands_and_their_options_exist(page: Path) -> None:
    for words in commands(page, "nbgrader"):
        assert words[0].replace("-", "_") in {n.replace("-", "_") for n in NbGraderApp.subcommands}, words
        for option in re.findall(r"--([A-Z]\w+)\.(\w+)", " ".join(words)):
            assert option in settings(), option


@EACH
def test_targets_of_make_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {words[0] for words in commands(page, "make")} <= known


@EACH
def test_settings_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\bc\.([A-Z]\w+)\.([a-z_]+)\b", text)) - settings() == set()


@EACH
def test_links_lead_to_files_and_headings_of_the_project(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", target):
            name, _hash, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), target


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as the site and code hosts make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", t.replace("`", "").strip().lower()).replace(" ", "-") for t in titles)


@cache
def settings() -> frozenset[tuple[str, str]]:
    """(class, trait) of everything that a configuration can set, ours, nbgrader's and JupyterHub's."""
    for name in ("scale.settings", "sandbox.settings", "wiring.exchange", "wiring.exporter", "feedback.exporter",
                 "lms", "lms.collect", "lms.archives", "practice.settings"):  # fmt: skip
        importlib.import_module(f"autograder.{name}")
    importlib.import_module("jupyterhub.app")
    app = NbGraderApp()
    app.classes += [app.subcommands[n][0] for n in app.subcommands]
    importlib.import_module(nbgrader.plugins.__name__)
    classes: list[type[Configurable]] = [Configurable]
    for known in classes:
        classes.extend(known.__subclasses__())
    return frozenset((c.__name__, trait) for c in classes for trait in c.class_trait_names())


def outline(page: Path) -> tuple[int, list[str], list[str]]:
    """What two languages of a page have in common: how many headings, which commands, which links."""
    text = (
        page.read_text(encoding="utf-8")
        .replace("regularisation", "regularization")
        .replace("new-course cours`", "new-course course`")
    )
    typed = [shlex.join(shlex.split(line, comments=True)) for line in fenced(text)]
    links = [target.replace("/fr/", "/") for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    return len(re.findall(r"^#+ ", text, re.MULTILINE)), typed, links


def test_the_french_readme_has_the_commands_and_links_of_the_english_one() -> None:
    english, french = outline(PROJECT / "README.md"), outline(PROJECT / "README.fr.md")
    assert (french[0], french[1], french[2][1:]) == (english[0], english[1], english[2][1:])  # the first: each other


def test_the_students_page_has_the_same_commands_in_both_languages() -> None:
    assert outline(PROJECT / "docs/fr/student.md")[:2] == outline(PROJECT / "docs/student.md")[:2]


@pytest.mark.parametrize(
    ("mistake", "looks"),
    [
        ("`python -m autograder lay-out course`", test_our_commands_are_understood),
        ("```sh\npython -m autograder new-course course --chapter 2_l1_l2\n```", test_our_commands_are_understood),
        ("`python -m autograder.units.regularization.tune`", test_programs_that_are_started_as_modules_exist),
        ("```sh\nmake setup && nbgrader autogrde regularization\n```", test_nbgraders_commands_and_their_options_exist),
        ("`nbgrader export --MoodleFeedback.sheets=x`", test_nbgraders_commands_and_their_options_exist),
        ("`make everything`", test_targets_of_make_exist),
        ("`c.Course.secrets`", test_settings_exist),
        ("[there](docs/nowhere.md)", test_links_lead_to_files_and_headings_of_the_project),
        ("# Here\n[there](#there)", test_links_lead_to_files_and_headings_of_the_project),
    ],
)
def test_what_does_not_exist_is_found(mistake: str, looks: Callable[[Path], None], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{mistake}\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        looks(page)
