"""What XLA compiles is kept in files, for other workers and the next run: the same numbers with them and without."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pytest

from autograder.families.keras import compiled
from autograder.unit import HELPER_FOLDER
from tests.trusted.test_trainer import Worker


class Anew:
    """One worker whose helper is another process for each training, and which remembers files alone."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.worker = Worker(store)

    def answer(self, strength: float) -> Any:
        found = self.worker.answer(strength)
        helper = self.worker.helper()  # it lives: nothing that it read ended it
        helper.kill()
        helper.wait(10)
        for path in self.store.glob("??/*.json"):
            path.unlink()
        return found

    def programs(self) -> list[Path]:
        return sorted(self.store.glob("helper/*/*"))


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anew]:
    found = Anew(tmp_path_factory.mktemp("store") / "trainings")
    yield found
    found.worker.trusted.close()


@pytest.fixture(scope="module")
def without() -> Iterator[dict[float, Any]]:
    """Strength → the answer of a worker that keeps no files."""
    worker = Worker()
    yield {strength: worker.answer(strength) for strength in (0.01, 0.02)}
    worker.trusted.close()


def test_a_program_is_compiled_once_and_changes_no_number(anew: Anew, without: dict[float, Any]) -> None:
    assert anew.answer(0.01) == without[0.01]
    (program,) = anew.programs()
    written = program.stat().st_mtime_ns
    keras.layers.Dense(3)  # from here on Keras gives other names
    assert anew.answer(0.02) == without[0.02]  # another strength, the same structure
    assert anew.programs() == [program]
    assert program.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["empty", "cut", "turned round"])
def test_a_damaged_program_is_thrown_away_and_changes_no_number(
    anew: Anew, without: dict[float, Any], damage: str
) -> None:
    anew.answer(0.01)
    (program,) = anew.programs()
    content, middle = program.read_bytes(), program.stat().st_size // 2
    ways = {"empty": b"", "cut": content[:1000], "turned round": content[:middle] + content[middle:][::-1]}
    program.write_bytes(ways[damage])
    assert anew.answer(0.01) == without[0.01]
    assert not any(path.read_bytes() == ways[damage] for path in anew.programs())
    assert anew.answer(0.01) == without[0.01]
    assert len(anew.programs()) == 1


def test_files_that_cannot_be_written_are_done_without(anew: Anew, without: dict[float, Any]) -> None:
    shutil.rmtree(anew.store / "helper")
    (anew.store / "helper").write_text("in the way")
    assert anew.answer(0.02) == without[0.02]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {HELPER_FOLDER: str(tmp_path)}


def test_the_oldest_go_first_and_what_is_empty_goes_at_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = compiled.keep(environment)
    assert kept is not None
    assert str(kept) in environment["TF_XLA_FLAGS"]
    for age, size in enumerate((10, 0, 20, 30)):
        path = kept / f"{age}"
        path.write_bytes(b"x" * size)
        os.utime(path, (1000 - age, 1000 - age))
    monkeypatch.setattr(compiled, "MOST_BYTES", 35)
    assert compiled.keep(environment) == kept
    assert sorted(path.name for path in kept.iterdir()) == ["0", "2"]


def test_another_processor_has_a_folder_of_its_own(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "cpuinfo"
    monkeypatch.setattr(compiled, "CPU", told)
    found = set()
    for flags in ("sse2 avx", "sse2 avx avx512f"):
        told.write_text(f"processor : 0\nmodel name : X\ncpu MHz : 2000.1\nflags : {flags}\n\nprocessor : 1\n")
        found.add(compiled.keep(environment))
    told.write_text(f"processor : 0\nmodel name : X\ncpu MHz : 999\nflags : {flags}\n\n")
    assert len(found | {compiled.keep(environment)}) == 2


def test_without_a_folder_nothing_is_kept() -> None:
    nothing: dict[str, str] = {}
    assert compiled.keep(nothing) is None
    assert nothing == {}
    compiled.forget(None)
