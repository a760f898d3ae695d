"""The end of a worker and of a note can come from two sides."""

import threading
from pathlib import Path

import pytest

from autograder.scale import pool
from autograder.scale.journal import Journal, unfinished


def test_a_worker_that_ends_from_two_sides_leaves_nothing_and_closes_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_graders", {})
    monkeypatch.setattr(pool, "_own", [])
    faults: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: faults.append(hooked.exc_value))
    pool._graders[None] = pool._new_grader(None)
    folders = [pool._own[0].path, Path(pool._graders[None].trusted("").address).parent]
    for folder in folders:
        for number in range(200):
            (folder / str(number)).touch()
    threads = [threading.Thread(target=pool._close_graders) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert not any(folder.exists() for folder in folders)


def test_a_note_that_cannot_be_opened_leaves_a_journal_that_goes_on(tmp_path: Path) -> None:
    journal = Journal()
    journal.begin(tmp_path, "ada", "a", ["n.ipynb"])
    note = next(tmp_path.rglob("*.json"))
    journal.end()
    note.mkdir()  # cannot be opened for writing
    with pytest.raises(IsADirectoryError):
        journal.begin(tmp_path, "ada", "a", ["n.ipynb"])
    journal.begin(tmp_path, "bea", "a", ["n.ipynb"])
    journal.end()
    assert [p for p in tmp_path.rglob("*.json") if p.is_file()] == []


def test_a_second_run_on_a_submission_waits_and_leaves_the_firsts_note_alone(tmp_path: Path) -> None:
    first, second = Journal(), Journal()
    first.begin(tmp_path, "alice", "week1", ["first.ipynb"])
    (note,) = (tmp_path / ".autograder" / "unfinished").iterdir()
    waiting = threading.Thread(target=second.begin, args=(tmp_path, "alice", "week1", ["second.ipynb"]))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    assert "first.ipynb" in note.read_text()
    assert list(unfinished(tmp_path)) == []  # nobody takes it for the note of a run that was killed
    first.end()
    waiting.join(10)
    assert not waiting.is_alive()
    assert "second.ipynb" in note.read_text()
    second.end()
    assert not note.exists()
