"""Every sentence of the learners' package is in French too."""

import ast
import json
import re
import subprocess
import sys

import pytest

from .conftest import FOLDERS

LABKIT = FOLDERS["fr"] / "labkit"


def marked_texts() -> set[str]:
    """The arguments of every `_("…")` in the package."""
    texts = set()
    for path in LABKIT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                texts.add(ast.literal_eval(node.args[0]))
    return texts


def test_every_sentence_has_its_french():
    french = json.loads((LABKIT / "messages.json").read_text(encoding="utf-8"))["messages"]
    assert marked_texts() - set(french) == set()
    assert set(french) - marked_texts() == set()


def test_fields_are_the_same_in_both_languages():
    french = json.loads((LABKIT / "messages.json").read_text(encoding="utf-8"))["messages"]
    for source, translation in french.items():
        assert set(re.findall(r"\{[^}]*\}", source)) == set(re.findall(r"\{[^}]*\}", translation)), source


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0.526, "0.526", "0,526"),
        (2.0, "2", "2"),
        (1e-4, "0.0001", "0,0001"),
        (0, "0", "0"),
        (1234.5, "1230", "1230"),
        (2e-5, "2e-05", "2e-05"),
        (-0.18, "−0.18", "−0,18"),
        (-0.0, "0", "0"),
    ],
)
def test_numbers_are_written_as_the_language_does(en, fr, value, english, french):
    assert en.messages.number(value) == english
    assert fr.messages.number(value) == french


def test_thousands_are_set_apart_as_the_language_does(en, fr):
    assert [m.messages.grouped(669_706) for m in (en, fr)] == ["669,706", "669\u202f706"]
    assert en.messages.grouped(999) == "999"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_import_lab_gives_every_public_name_and_writes_nothing(language):
    code = "import lab; print(*lab.__all__); [getattr(lab, name) for name in lab.__all__]"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDERS[language],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert {"load_data", "train", "plot_curves", "show_table", "check_penalty", "plot_dropout_mask"} <= set(
        done.stdout.split()
    )
    assert done.stderr == ""
