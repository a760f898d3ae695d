"""A learner's `timestamp.txt` may be anything: what cannot be read is set aside, and the time is unknown."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from autograder.grading.times import set_aside_time, time_is_unknown

TIMES = [
    "2026-03-02 18:00:00 UTC",
    "2026-03-02 18:00:00.123456 CET\n",
    "2026-03-02 18:00:00 Europe/Paris",
    "2026-03-02T18:00:00+01:00",
    "2026-03-02 18:00:00 3600",
]


@pytest.mark.parametrize("text", TIMES)
def test_a_time_that_nbgrader_reads_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    assert not set_aside_time(tmp_path)
    assert not time_is_unknown(tmp_path)
    assert CourseDirectory().get_existing_timestamp(str(tmp_path)) == parse_utc(text.strip())


@pytest.mark.parametrize("text", ["", "yesterday", "9" * 23, "2026-01-01 10:00:00 " + "9" * 23,
                                  "2026-01-01 10:00:00 /etc/localtime", "1" * 10_000_000])  # fmt: skip
def test_anything_else_is_set_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    assert set_aside_time(tmp_path)
    assert time_is_unknown(tmp_path)
    assert CourseDirectory().get_existing_timestamp(str(tmp_path)) is None
    assert not set_aside_time(tmp_path)


def test_what_is_no_plain_file_is_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("2026-03-02 18:00:00 UTC")
    kinds = {
        "fifo": os.mkfifo,
        "folder": lambda p: p.mkdir(),
        "link": lambda p: p.symlink_to(secret),
        "hard": lambda p: p.hardlink_to(secret),
        "broken": lambda p: p.symlink_to("nowhere"),
    }
    for name, make in kinds.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "timestamp-unreadable.txt").symlink_to(secret)
        make(folder / "timestamp.txt")
        assert set_aside_time(folder), name
        assert time_is_unknown(folder), name
    assert secret.read_text() == "2026-03-02 18:00:00 UTC"


@given(st.binary(max_size=80) | st.text("0123456789-: TZ+.", max_size=60).map(str.encode))
def test_what_is_left_is_read_by_nbgrader_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("t")
    (folder / "timestamp.txt").write_bytes(raw)
    aside = set_aside_time(folder)
    assert (CourseDirectory().get_existing_timestamp(str(folder)) is None) == aside
