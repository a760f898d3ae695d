"""What counts as a plain file, and files that are written whole."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.files import NotPlain, is_plain, open_plain, plain_files, write_whole


def link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def second_name(path: Path, secret: Path) -> None:
    os.link(secret, path)


def pipe(path: Path, _secret: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, _secret: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("lay", [link, second_name, pipe, folder])
def test_what_is_no_plain_file_is_neither_listed_nor_opened(lay: Callable[[Path, Path], None], tmp_path: Path) -> None:
    secret, work = tmp_path / "secret", tmp_path / "work"
    secret.write_text("the grader's own")
    work.mkdir()
    lay(work / "answer", secret)
    (work / "mine").write_text("mine")
    assert not is_plain(work / "answer")
    assert list(plain_files(work)) == [work / "mine"]
    with pytest.raises(OSError, match=r"answer"):
        open_plain(work / "answer")


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "theirs").write_text("")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "linked").symlink_to(tmp_path / "outside")
    assert list(plain_files(tmp_path / "work")) == []


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    with open_plain(tmp_path / "a") as file:
        assert file.read() == b"text"
    assert issubclass(NotPlain, OSError)


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "below" / "a"
    write_whole(path, b"old", durable=True)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"old", 0o600)

    def no(*_arguments: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(os, "replace", no)
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"new")
    assert [p.read_bytes() for p in path.parent.iterdir()] == [b"old"]
