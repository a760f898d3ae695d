"""A learner's name, or a file's, cannot steer the terminal of whoever reads the log, nor forge a line of it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.scale.logs import escape_names, few


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[logging.Logger, Path]]:
    """A logger that writes to a file."""
    before = logging.getLogRecordFactory()
    escape_names()
    log, handler = logging.getLogger("names"), logging.FileHandler(tmp_path / "log", encoding="utf-8")
    log.addHandler(handler)
    yield log, tmp_path / "log"
    log.removeHandler(handler)
    handler.close()
    logging.setLogRecordFactory(before)


NAMES = st.text(st.characters(max_codepoint=0x2100) | st.sampled_from("\x1b\n\r\x9b\u202e\u2028"), max_size=20)


@given(name=NAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_the_name_the_log_stays_a_log(log: tuple[logging.Logger, Path], name: str) -> None:
    logger, path = log
    path.write_text("")
    logger.warning("%s: %s was removed (%d %%)", name, Path("a", name.replace("\0", "")), 5)
    logger.warning(f"Removing {name}")
    text = path.read_text(encoding="utf-8")
    assert not [
        c for c in text if c != "\n" and c != "\t" and not c.isprintable() and c in "\x1b\r\x9b\u202e\u2028\x00\x07"
    ]
    assert all(line.startswith("    ") or "was removed (5 %)" in line or line.startswith("Removing ")
               for line in text.splitlines())  # fmt: skip


def test_what_we_say_ourselves_stays_as_it_is(log: tuple[logging.Logger, Path]) -> None:
    logger, path = log
    logger.warning("L’évaluation : %s\u202f%%", 5)
    logger.error("Traceback\n  File")
    assert path.read_text(encoding="utf-8") == "L’évaluation : 5\u202f%\nTraceback\n      File\n"


def test_many_names_and_long_ones_are_told_in_a_few_lines() -> None:
    told = few([str(number) for number in range(1000)])
    assert (told[:2], told[-1], len(told)) == (["0", "1"], "… (+980)", 21)
    assert few(["x" * 10_000, "y"]) == ["x" * 200 + "…", "y"]
