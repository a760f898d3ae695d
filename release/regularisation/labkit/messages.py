"""The language of the folder: English, unless `messages.json` beside this file says otherwise.

`messages.json`: {"language": "fr", "messages": {"English source": "translation", …}}. Fields in braces are
filled after translation. In the repository it is `autograder/lab/messages.fr.json`, linked into the French
folder.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).parent / "messages.json"


def _(text: str) -> str:
    """Mark `text` for translation; returns it as it is."""
    return text


@cache
def _catalog() -> dict[str, Any]:
    if not CATALOG.exists():
        return {"language": "en", "messages": {}}
    found: dict[str, Any] = json.loads(CATALOG.read_text(encoding="utf-8"))
    return found


def language() -> str:
    """The code of the folder's language: "en" or "fr"."""
    return str(_catalog()["language"])


def say(text: str, **values: Any) -> str:
    """`text` in the folder's language, with its `{fields}` filled from `values`."""
    found = str(_catalog()["messages"].get(text, text))
    return found.format(**values) if values else found


def number(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits, written as the folder's language writes decimals, with a minus sign."""
    size = abs(value)
    written = _decimals(size, digits) if 1e-4 <= size < 1e6 else f"{size:.{digits}g}"
    return ("−" if value < 0 else "") + (written.replace(".", ",") if language() == "fr" else written)


def listed(values: Mapping[str, float]) -> str:
    """Numbers, each behind its name: `a: 1; b: 2`. A number alone may have an empty name."""
    space = _space()
    return separated(f"{name}{space}: {number(value)}" if name else number(value) for name, value in values.items())


def separated(parts: Iterable[str]) -> str:
    """Parts that may hold a decimal comma, one behind another."""
    return f"{_space()}; ".join(parts)


def _space() -> str:
    """What stands before a colon or a semicolon."""
    return "\u00a0" if language() == "fr" else ""


def grouped(count: int) -> str:
    """An integer with its thousands set apart as the folder's language does it."""
    return f"{count:,}".replace(",", "\u202f" if language() == "fr" else ",")


def _decimals(value: float, digits: int) -> str:
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.10f}".rstrip("0").rstrip(".")
