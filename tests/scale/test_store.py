"""The store: what was put is found, what was damaged is missing, and it stays within its bounds."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.__main__ import main
from autograder.store import Store, empty, key_of, owner_of, trim, usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@given(value=JSON, name=st.text(max_size=20))
def test_what_was_put_is_found_again(store: Store, value: Any, name: str) -> None:
    store.put(key_of(name), value)
    assert store.get(key_of(name)) == value


@given(value=JSON, place=st.integers(0, 400), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_entry_counts_as_missing(store: Store, value: Any, place: int, byte: int, cut: bool) -> None:
    key = key_of("damaged")
    store.put(key, value)
    path = store.folder / key[:2] / f"{key}.json"
    whole = path.read_bytes()
    place %= len(whole)
    damaged = whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :]
    path.write_bytes(damaged)
    assert store.get(key) == (value if damaged == whole else None)


@given(a=JSON, b=JSON)
def test_different_parts_have_different_keys(a: Any, b: Any) -> None:
    assert (key_of(a) == key_of(b)) == (repr(a) == repr(b) or key_of(a) == key_of(b))
    assert key_of(a, b) != key_of([a, b])


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "outcomes")
    for number in range(10):
        store.put(key_of(number), "x" * 1000)
        path = store.folder / key_of(number)[:2] / f"{key_of(number)}.json"
        os.utime(path, (time.time() - 1000 + number,) * 2)
    assert store.get(key_of(0)) is not None  # used just now
    assert trim(tmp_path, 5400) == 5
    assert [n for n in range(10) if store.get(key_of(n))] == [0, 6, 7, 8, 9]


def test_who_has_most_loses_first_and_pushes_nobody_out(tmp_path: Path) -> None:
    for learner in "abc":
        Store(tmp_path / "executions", learner).put(key_of(learner), "x" * 3000)
    for number in range(20):
        Store(tmp_path / "trainings").put(key_of(number), "x" * 1000, "flood")
    trim(tmp_path, 20_000)
    assert all(Store(tmp_path / "executions").get(key_of(learner)) for learner in "abc")
    assert 0 < sum(bool(Store(tmp_path / "trainings").get(key_of(number))) for number in range(20)) < 12


def test_what_a_killed_process_was_writing_is_removed_later(tmp_path: Path) -> None:
    (tmp_path / "trainings" / "ab").mkdir(parents=True)
    old, new = (tmp_path / "trainings" / "ab" / f".new-{age}" for age in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert trim(tmp_path, 1 << 30) == 0
    assert not old.exists()
    assert new.exists()


def test_a_store_that_cannot_be_written_only_forgets(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file")
    store.put(key_of(1), 1)
    assert store.get(key_of(1)) is None


def test_the_command_tells_the_size_and_empties(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path / "outcomes").put(key_of(1), [1])
    (tmp_path / "unfinished").mkdir()
    assert main(["store", "--folder", str(tmp_path)]) == 0
    assert main(["store", "--folder", str(tmp_path), "--empty"]) == 0
    assert usage(tmp_path) == (0, 0)
    assert (tmp_path / "unfinished").exists()
    assert "1 " in capsys.readouterr().out
    empty(tmp_path)  # twice does no harm


def test_what_was_computed_for_one_learner_can_be_forgotten(tmp_path: Path) -> None:
    for student in ("ada", "bob"):
        Store(tmp_path / "outcomes", owner_of(student)).put(key_of("outcome", student), [1])
        Store(tmp_path / "trainings").put(key_of("training", student), [1], owner_of(student))
    assert main(["store", "--folder", str(tmp_path), "--forget", "ada"]) == 0
    assert usage(tmp_path)[0] == 2
    helpers = tmp_path / "trainings" / "helper" / "program"
    helpers.parent.mkdir(parents=True)
    size = usage(tmp_path)[1]
    helpers.write_bytes(bytes(100))
    assert usage(tmp_path) == (2, size + 100)
    assert Store(tmp_path / "outcomes").get(key_of("outcome", "bob")) == [1]
    assert Store(tmp_path / "outcomes").get(key_of("outcome", "ada")) is None
