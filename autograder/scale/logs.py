"""What learners named, in the log: nothing of it steers a terminal, nothing of it looks like a line of ours."""

import logging
import os
import re
from collections.abc import Sequence
from typing import Any

MOST, LONGEST = 20, 200  # names of one submission that a log holds, characters of each

# control characters, and those that turn the direction of text or end a line; in a name, line breaks and tabs, too
_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_IN_NAMES = re.compile(rf"{_STEERS.pattern[:-1]}\t\n]")
_make: Any = logging.getLogRecordFactory()


def escape_names() -> None:
    """From here on, each message that this process logs is written without control characters. Twice does no harm."""
    logging.setLogRecordFactory(_record)


def plain_name(name: str) -> str:
    """The name in one line, its control characters as Python writes them."""
    return _IN_NAMES.sub(_escaped, name)


def few(names: Sequence[str]) -> list[str]:
    """The first of a learner's names, none longer than a line, and how many there are more: a log is read by people."""
    shown = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:MOST]]
    return [*shown, f"… (+{len(names) - MOST})"] if len(names) > MOST else shown


def _record(*arguments: Any, **keywords: Any) -> logging.LogRecord:
    record: logging.LogRecord = _make(*arguments, **keywords)
    if isinstance(record.args, tuple):
        record.args = tuple(_plain(value) for value in record.args)
    message = _STEERS.sub(_escaped, record.getMessage())
    record.msg, record.args = message.replace("\n", "\n    "), None
    return record


def _plain(value: Any) -> Any:
    return plain_name(os.fsdecode(value)) if isinstance(value, (str, os.PathLike)) else value


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
