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
    "relatives": r"\brelatives of Dropout\b",
}

COURSE_UNIT = re.compile(r"\b(?:l’|l'|une )unité\b")  # these pages speak of course units, and of no neurons


def texts() -> Iterator[tuple[str, str]]:
    """(where, text): cells of the notebooks, what the learners' package says, what the checks say, French pages."""
    for path in sorted((PROJECT / "source").glob("regulari?ation/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield f"{path.parent.name}/{path.name} {cell['id']}", "".join(cell["source"])
    messages = json.loads((UNIT / "lab" / "messages.fr.json").read_text(encoding="utf-8"))["messages"]
    for source, french in messages.items():
        yield f"lab: {source}", french
    for source, french in feedback().items():
        yield f"feedback: {source}", f"{source}\n{french}"
    for path in (PROJECT / "README.fr.md", *sorted((PROJECT / "docs" / "fr").glob("*.md"))):
        yield str(path.relative_to(PROJECT)), COURSE_UNIT.sub("", path.read_text(encoding="utf-8"))


def feedback() -> dict[str, str]:
    """English → French of the unit's hidden checks."""
    with (UNIT / "locale" / "fr" / "LC_MESSAGES" / "regularization.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


@pytest.mark.parametrize("word", NOT)
def test_a_word_that_the_glossary_leaves_out_is_nowhere(word: str) -> None:
    found = [where for where, text in texts() if re.search(NOT[word], text, re.IGNORECASE)]
    assert found == []


def test_every_word_left_out_is_in_the_glossary() -> None:
    rows = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|$", (PROJECT / "docs" / "glossary.md").read_text("utf-8"), re.M)[2:]
    listed = {word.split(" (")[0].strip() for row in rows for word in re.sub(r"\([^)]*\)", "", row).split(",")} - {""}
    assert listed == set(NOT)
