"""Messages in the reader's language: English in the source, other languages in gettext catalogs.

`_` marks a text for the catalog and returns it unchanged, so that a message can travel as data
(see `Message`) and be rendered later, once for the learner in French and once for a grader in English.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any, Union

from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

LOCALE_DIR = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"
DECIMAL_COMMA = frozenset({"fr"})
Value = Union[str, int, float, bool, "Message"]


def _(text: str) -> str:
    """Mark `text` for translation; returns it as it is."""
    return text


_folders = [LOCALE_DIR]  # like gettext's domains: bound once, when a unit is loaded


def bind(folder: Path) -> None:
    """From here on the catalogs of this folder count too: `<language>/LC_MESSAGES/*.po`."""
    if folder not in _folders:
        _folders.append(folder)
        catalog.cache_clear()
        plurals.cache_clear()


@cache
def catalog(language: str) -> Mapping[str, str]:
    """Source text → translation. Empty for the source language and for languages without a catalog."""
    found: dict[str, str] = {}
    if language != SOURCE_LANGUAGE:
        for folder in _folders:
            for path in sorted((folder / language / "LC_MESSAGES").glob("*.po")):
                found |= _read(path, language)
    return found


def _read(path: Path, language: str) -> dict[str, str]:
    with path.open("rb") as file:
        messages = read_po(file, locale=language)
    return {m.id: m.string for m in messages if isinstance(m.id, str) and m.id and m.string and not m.fuzzy}


@cache
def plurals(language: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(Singular, plural) of the source → the language's forms. Empty as `catalog` is."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for folder in _folders if language != SOURCE_LANGUAGE else ():
        for path in sorted((folder / language / "LC_MESSAGES").glob("*.po")):
            with path.open("rb") as file:
                messages = read_po(file, locale=language)
            found |= {tuple(m.id): tuple(m.string) for m in messages if m.pluralizable and all(m.string)}
    return found


@cache
def _plural_rule(language: str) -> Callable[[int], int]:
    """Which form goes with a number, as the language's catalogs say."""
    return c2py(get_plural(language).plural_expr)


def languages() -> list[str]:
    """The languages a reader can have, the source language first."""
    return [SOURCE_LANGUAGE, *sorted(p.name for p in LOCALE_DIR.iterdir() if (p / "LC_MESSAGES").is_dir())]


_COMMA = str.maketrans({".": ",", ",": "\u202f"})  # thousands are set apart where a sentence asks for it: `{count:,}`


class _Number:
    """A number that formats as people read it, and not as Python writes it."""

    comma: bool

    def __format__(self, spec: str) -> str:
        text = super().__format__(spec)
        text = text.translate(_COMMA) if self.comma else text
        return f"−{text[1:]}" if text.startswith("-") else text


class _Float(_Number, float):
    pass


class _Int(_Number, int):
    pass


def number(value: float, language: str, spec: str = "g") -> str:
    """A number alone, formatted by `spec` (of `format`) with a minus sign and the language's decimal sign."""
    return format(_written(value, language), spec)


def _written(value: float, language: str) -> _Number:
    found = _Int(value) if isinstance(value, int) else _Float(value)
    found.comma = language in DECIMAL_COMMA
    return found


def translate(text: str, language: str, /, **values: Any) -> str:
    """`text` in `language`, with `{name}` fields filled from `values`.

    Numbers are written as that language writes them, and a value that is a message is told in it.
    """
    found = catalog(language).get(text, text)
    return found.format(**{k: _told(v, language) for k, v in values.items()}) if values else found


def translate_count(one: str, many: str, count: int, language: str, /, **values: Any) -> str:
    """`one` or `many`, as `count` wants it, in `language`; `{count}` is filled in like the other fields.

    Both are literals where this is called: `python -m autograder messages` finds them there.
    """
    forms = plurals(language).get((one, many))
    found = forms[_plural_rule(language)(count)] if forms else one if count == 1 else many
    return translate(found, language, count=count, **values)


def _told(value: Any, language: str) -> Any:
    if isinstance(value, Message):
        return value.render(language)
    return value if isinstance(value, bool) or not isinstance(value, (int, float)) else _written(value, language)


def environment_language() -> str:
    """The language of the person at the terminal; the source language when it says none that there is."""
    return terminal_language() or SOURCE_LANGUAGE


def terminal_language() -> str:
    """The language that LC_ALL, LC_MESSAGES or LANG names; empty when it is none that there is, such as C."""
    value = next((v for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(name))), "")
    code = value.split(".")[0].split("_")[0].lower()
    return code if code in languages() else ""


def say(text: str, /, **values: Any) -> str:
    """`text` in the language of the person at the terminal: for the command line and the log."""
    return translate(text, environment_language(), **values)


def say_count(one: str, many: str, count: int, /, **values: Any) -> str:
    """`translate_count` in the language of the person at the terminal."""
    return translate_count(one, many, count, environment_language(), **values)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for a person, as data: source text and the values of its `{fields}`, which may be messages, too."""

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def render(self, language: str = SOURCE_LANGUAGE) -> str:
        return translate(self.text, language, **self.values) if self.values else translate(self.text, language)

    def to_json(self) -> dict[str, Any]:
        values = {k: v.to_json() if isinstance(v, Message) else v for k, v in self.values.items()}
        return {"text": self.text, "values": values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Message":
        values = {k: cls.from_json(v) if isinstance(v, dict) else v for k, v in data.get("values", {}).items()}
        return cls(str(data["text"]), values)
