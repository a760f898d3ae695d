"""The catalogs: every text of the program is in each language."""

import json
from argparse import Namespace
from functools import cache
from pathlib import Path

import pytest

from autograder import i18n, messages
from autograder.checks.api import problem_message
from autograder.i18n import SOURCE_LANGUAGE, Message, catalog, languages, plurals, translate, translate_count
from autograder.records import Evidence
from autograder.trusted import checker
from autograder.unit import PLAIN, load

ROOT = Path(__file__).parents[1]
OTHERS = [language for language in languages() if language != SOURCE_LANGUAGE]


UNITS = [load("autograder.units.regularization"), load("tests.units.ridge")]
DOMAINS = [messages.ENGINE, *map(messages.domain_of, UNITS)]
EACH = pytest.mark.parametrize(("domain", "language"), [(d, language) for d in DOMAINS for language in OTHERS])


@cache
def texts(domain: messages.Domain) -> messages.Places:
    return messages.texts(domain)


@cache
def translations(domain: messages.Domain, language: str) -> dict[messages.Text, messages.Text]:
    found = messages.merged(domain, texts(domain), language)
    return {m.id: m.string for m in found if m.id}


@EACH
def test_every_text_of_the_program_is_translated(domain: messages.Domain, language: str) -> None:
    missing = {t: place for t, place in texts(domain).items() if t not in translations(domain, language)}
    assert not missing, "run `python -m autograder messages` and translate what it lists"


@EACH
def test_translations_have_the_fields_of_their_source(domain: messages.Domain, language: str) -> None:
    found = translations(domain, language)
    assert not {s: t for s, t in found.items() if messages.fields(s) != messages.fields(t)}


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogs_hold_nothing_the_program_no_longer_says(language: str) -> None:
    said = {*catalog(language), *plurals(language)}
    assert not said - {text for domain in DOMAINS for text in texts(domain)}


def test_a_count_has_the_form_that_its_language_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = domain(tmp_path).catalog_path("fr")
    (tmp_path / "a.py").write_text('say_count("{count} file", "{count} files", n)', encoding="utf-8")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid "{count} file"\nmsgid_plural "{count} files"\n'
        'msgstr[0] "{count} fichier"\nmsgstr[1] "{count} fichiers"\n'
    )
    known = messages.texts(domain(tmp_path))
    found = messages.merged(domain(tmp_path), known, "fr")
    assert set(known) == {("{count} file", "{count} files")}
    assert not messages.missing_in(found, known)
    messages.write(found, path)
    monkeypatch.setattr(i18n, "_folders", [tmp_path / "locale"])
    plurals.cache_clear()
    try:
        said = [
            translate_count("{count} file", "{count} files", n, language)
            for language in ("en", "fr")
            for n in (0, 1, 2)
        ]
    finally:
        plurals.cache_clear()
    assert said == ["0 files", "1 file", "2 files", "0 fichier", "1 fichier", "2 fichiers"]


def test_the_command_says_what_it_changes_and_writes_nothing_when_it_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = domain(tmp_path).catalog_path("fr")
    path.parent.mkdir(parents=True)
    path.write_text('msgid "gone"\nmsgstr "parti"\n')
    (tmp_path / "a.py").write_text('_("here")', encoding="utf-8")
    monkeypatch.setattr(messages, "ENGINE", domain(tmp_path))
    monkeypatch.setattr(messages, "domain_of", lambda unit: domain(tmp_path))
    assert messages.run(Namespace(course=ROOT, check=False)) == 1
    said = capsys.readouterr().out
    assert f"{path}: no longer said, left out: 'gone' 'parti'" in said
    assert f"{path}: written" in said
    before = path.stat().st_mtime_ns
    messages.run(Namespace(course=ROOT, check=False))
    assert path.stat().st_mtime_ns == before
    assert "written" not in capsys.readouterr().out


def domain(folder: Path) -> messages.Domain:
    return messages.Domain("more", folder, frozenset({"lab"}), folder / "locale")


def test_texts_are_found_in_code_in_templates_and_in_the_descriptions_of_checks(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'x = _("one " "and two")\n@task.check(points=1)\ndef c(m):\n    """Three.\n\n    Not this."""\n',
        encoding="utf-8",
    )
    (tmp_path / "b.html.j2").write_text("<p>{{ _('four {n}', n=4) }}</p>", encoding="utf-8")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "c.py").write_text('_("learners have their own")')
    found = messages.texts(domain(tmp_path))
    assert found == {"one and two": "a.py:1", "Three.": "a.py:3", "four {n}": "b.html.j2:1"}


def test_what_is_no_longer_said_goes_and_what_is_missing_is_named(tmp_path: Path) -> None:
    path = domain(tmp_path).catalog_path("fr")
    path.parent.mkdir(parents=True)
    path.write_text('msgid "one {n}"\nmsgstr "un {n}"\n\nmsgid "gone"\nmsgstr "parti"\n')
    known = {"one {n}": "a.py:1", "three": "a.py:3"}
    found = messages.merged(domain(tmp_path), known, "fr")
    assert {m.id: m.string for m in found if m.id} == {"one {n}": "un {n}"}
    assert messages.missing_in(found, known) == {"three": "a.py:3"}
    messages.write(found, path)
    assert 'msgid "one {n}"\nmsgstr "un {n}"' in path.read_text(encoding="utf-8")


def test_a_text_without_a_translation_is_given_as_it_is() -> None:
    assert translate("Never written anywhere {n}.", "fr", n=1) == "Never written anywhere 1."


def test_numbers_are_written_as_the_readers_language_does() -> None:
    text, values = "{n:,} {n} {share:.1f} {yes}", {"n": 669_706, "share": 0.5, "yes": True}
    assert translate(text, "en", **values) == "669,706 669706 0.5 True"
    assert translate(text, "fr", **values) == "669\u202f706 669706 0,5 True"
    assert [translate("{n} {x:.2f}", language, n=-3, x=-0.5) for language in ("en", "fr")] == ["−3 −0.50", "−3 −0,50"]


def test_a_reason_inside_a_sentence_is_told_in_the_readers_language() -> None:
    why = Message("the notebook ran longer than {seconds} seconds", {"seconds": 600})
    told = Message("This task could not be looked at: {text}.", {"text": why})
    told = Message.from_json(json.loads(json.dumps(told.to_json())))
    assert told.render() == "This task could not be looked at: the notebook ran longer than 600 seconds."
    assert catalog("fr")[why.text].format(seconds=600) in told.render("fr")


def test_a_refusal_of_evidence_is_told_in_the_readers_language() -> None:
    problem = checker._parsed(Evidence("no JSON"), PLAIN).get("any probe")
    told = problem_message(problem, "build_model", {})
    assert told.render() == problem.text.render()
    assert told.render("fr") == problem.text.render("fr") != told.render()


def test_a_catalog_that_says_the_same_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "ridge.po"
    path.parent.mkdir(parents=True)
    before = DOMAINS[-1].catalog_path("fr").read_bytes().replace(b"POT-Creation-Date: 2026", b"POT-Creation-Date: 2025")
    path.write_bytes(before)
    known = texts(DOMAINS[-1])
    messages.write(messages.merged(DOMAINS[-1]._replace(locale=tmp_path), known, "fr"), path)
    assert path.read_bytes() == before
