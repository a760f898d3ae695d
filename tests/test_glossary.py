"""One term for one thing: the words that docs/glossary.md leaves out stand in no French text of the unit or pages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PROJECT = Path(__file__).parents[1]
UNIT = PROJECT / "autograder" / "units" / "regularization"
NOT = {
    "coût": r"(?<!fonction de )\bcoûts?\b(?! un poids)",  # « ce que coûte » is the verb
    "abandon": r"(?<!régularisation par )\babandon\b",
    "unité": r"\b(?<!cette )(?<!toute l’)(?<!d’une )unités?\b",  # the course unit; « décalé d’une unité »
    "intensité": r"\bintensités?\b",
    "régularisateur": r"\brégularisateurs?\b",
    "taux d’apprentissage": r"\btaux d.apprentissage\b",
    "arrêt précoce": r"\barrêt précoce\b",
    "écart type": r"\bécart[ \u00a0]type\b",
    "parents": r"\bparents du Dropout\b",
    "proportion": r"\bproportions?\b",
    "relatives": r"\brelatives of Dropout\b",
}

CODE_AND_FORMULAS = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
TYPED_PLAINLY = re.compile(r"\w'\w|[^\s|] [:;?!»%](?!\w)|« ")  # French wants ’ and spaces at which no line breaks

COURSE_UNIT = re.compile(r"\b(?:l’|l'|une )unité\b")  # these pages speak of course units, and of no neurons


def texts() -> Iterator[tuple[str, str]]:
    """(where, text): cells of the notebooks, what the learners' package says, what the checks say, French pages."""
    for path in sorted((PROJECT / "source").glob("regulari?ation/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield f"{path.parent.name}/{path.name} {cell['id']}", "".join(cell["source"])
    for source, translation in lab().items():
        yield f"lab: {source}", translation
    for source, translation in feedback().items():
        yield f"feedback: {source}", f"{source}\n{translation}"
    for path in (PROJECT / "README.fr.md", *sorted((PROJECT / "docs" / "fr").glob("*.md"))):
        yield str(path.relative_to(PROJECT)), COURSE_UNIT.sub("", path.read_text(encoding="utf-8"))


def lab() -> dict[str, str]:
    """English → French of the visible checks and pictures."""
    found: dict[str, str] = json.loads((UNIT / "lab" / "messages.fr.json").read_text(encoding="utf-8"))["messages"]
    return found


def feedback() -> dict[str, str]:
    """English → French of the unit's hidden checks."""
    return catalog(UNIT / "locale" / "fr" / "LC_MESSAGES" / "regularization.po")


def engine() -> dict[str, str]:
    """English → French of the pages around them, and of what graders read."""
    return catalog(PROJECT / "autograder" / "locale" / "fr" / "LC_MESSAGES" / "autograder.po")


def catalog(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def french() -> Iterator[tuple[str, str]]:
    """(where, text) of what is read in French, without code and formulas."""
    for path in sorted((PROJECT / "source" / "regularisation").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield f"{path.name} {cell['id']}", "".join(cell["source"])
    yield from lab().items()
    yield from feedback().items()
    yield from engine().items()
    yield "student.md", (PROJECT / "docs" / "fr" / "student.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", NOT)
def test_a_word_that_the_glossary_leaves_out_is_nowhere(word: str) -> None:
    found = [where for where, text in texts() if re.search(NOT[word], text, re.IGNORECASE)]
    assert found == []


def test_every_word_left_out_is_in_the_glossary() -> None:
    rows = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|$", (PROJECT / "docs" / "glossary.md").read_text("utf-8"), re.M)[2:]
    listed = {word.split(" (")[0].strip() for row in rows for word in re.sub(r"\([^)]*\)", "", row).split(",")} - {""}
    assert listed == set(NOT)


def test_french_has_the_apostrophes_and_spaces_of_french() -> None:
    found = {
        where: typed for where, text in french() if (typed := TYPED_PLAINLY.findall(CODE_AND_FORMULAS.sub("x", text)))
    }
    assert found == {}


def test_a_sentence_of_visible_and_hidden_checks_has_one_french() -> None:
    visible, hidden = lab(), feedback()
    assert {s: (visible[s], hidden[s]) for s in visible.keys() & hidden.keys() if visible[s] != hidden[s]} == {}
