"""The catalogs: every text of the program is in each language."""

import json
from pathlib import Path

import pytest

from autograder import messages
from autograder.checks.api import problem_message
from autograder.trusted import checker
from autograder.i18n import SOURCE_LANGUAGE, Message, catalog, languages, translate

OTHERS = [language for language in languages() if language != SOURCE_LANGUAGE]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_program_is_translated(language: str) -> None:
    missing = {text: place for text, place in messages.texts().items() if text not in catalog(language)}
    assert not missing, "run `python -m autograder messages` and translate what it lists"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_fields_of_their_source(language: str) -> None:
    differing = {s: t for s, t in catalog(language).items() if messages.fields(s) != messages.fields(t)}
    assert not differing


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalog_holds_nothing_the_program_no_longer_says(language: str) -> None:
    assert not set(catalog(language)) - set(messages.texts())


def test_texts_are_found_in_code_in_templates_and_in_the_descriptions_of_checks(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'x = _("one " "and two")\n@task.check(points=1)\ndef c(m):\n    """Three.\n\n    Not this."""\n',
        encoding="utf-8",
    )
    (tmp_path / "b.html.j2").write_text("<p>{{ _('four {n}', n=4) }}</p>", encoding="utf-8")
    assert messages.texts(tmp_path) == {"one and two": "a.py:1", "Three.": "a.py:3", "four {n}": "b.html.j2:1"}


def test_a_marked_text_that_is_no_literal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("_(f'{x}')", encoding="utf-8")
    with pytest.raises(ValueError, match="takes a literal"):
        messages.texts(tmp_path)


def test_parts_are_merged_and_what_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "fr"
    (folder / "LC_MESSAGES").mkdir(parents=True)
    (folder / "parts").mkdir()
    (folder / "LC_MESSAGES" / "autograder.po").write_text('msgid "one"\nmsgstr "un"\n\nmsgid "gone"\nmsgstr "parti"\n')
    (folder / "parts" / "more.po").write_text('msgid "two {n}"\nmsgstr "deux {n}"\n')
    known = {"one": "a.py:1", "two {n}": "a.py:2", "three": "a.py:3"}
    found = messages.merged(folder, known, "fr")
    assert {m.id: m.string for m in found if m.id} == {"one": "un", "two {n}": "deux {n}"}
    assert messages.missing_in(found, known) == {"three": "a.py:3"}
    path = tmp_path / "autograder.po"
    messages.write(found, path)
    assert 'msgid "two {n}"\nmsgstr "deux {n}"' in path.read_text(encoding="utf-8")


def test_a_text_without_a_translation_is_given_as_it_is() -> None:
    assert translate("Never written anywhere {n}.", "fr", n=1) == "Never written anywhere 1."


def test_a_reason_inside_a_sentence_is_told_in_the_readers_language() -> None:
    why = Message("the notebook ran longer than {seconds} seconds", {"seconds": 600})
    told = Message("This task could not be looked at: {text}.", {"text": why})
    told = Message.from_json(json.loads(json.dumps(told.to_json())))
    assert told.render() == "This task could not be looked at: the notebook ran longer than 600 seconds."
    assert catalog("fr")[why.text].format(seconds=600) in told.render("fr")


def test_a_refusal_of_evidence_is_told_in_the_readers_language() -> None:
    problem = checker._parsed({"text": "no JSON"}).get("any probe")
    told = problem_message(problem, "build_model", {})
    assert told.render() == problem.text.render()
    assert told.render("fr") == problem.text.render("fr") != told.render()
