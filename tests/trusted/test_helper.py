"""The process that outlives the forked checks: it keeps what it has, and whatever becomes of it, a child goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.records import Request

ROOT = Path(__file__).parents[2]
UNIT = "tests.trusted.helped"


class Trusted:
    """A trusted process, without a jail."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "s")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen()
            command = [sys.executable, "-m", "autograder.trusted.checker", str(listener.fileno()), UNIT]
            self.process = subprocess.Popen(command, pass_fds=[listener.fileno()], cwd=ROOT)

    def begin(self, text: str, connection: socket.socket, seconds: float = 60) -> None:
        """Ask and do not wait."""
        request = Request("answer", UNIT, str(ROOT / "tests/trusted/helped"), text=text, seconds=seconds)
        connection.connect(self.address)
        connection.sendall(json.dumps(request.to_json()).encode() + b"\n")

    def ask(self, text: str, seconds: float = 60) -> dict[str, Any]:
        """The whole answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            self.begin(text, connection, seconds)
            with connection.makefile("rb") as stream:
                return dict(json.loads(stream.readline()))

    def helped(self, text: str = "work") -> list[str] | None:
        found: list[str] | None = self.ask(text)["answer"]["found"]
        return found


@pytest.fixture
def trusted(tmp_path: Path) -> Iterator[Trusted]:
    found = Trusted(tmp_path)
    yield found
    found.process.kill()
    found.process.wait()


def test_one_process_serves_many_children_and_none_is_started_before_it_is_asked_for(trusted: Trusted) -> None:
    assert psutil.Process(trusted.process.pid).children() == []
    first, second = trusted.helped(), trusted.helped()
    assert first is not None
    assert second == [first[0], "2", "a part"]


@pytest.mark.parametrize("harm", ["die", "raise", "hang", "stop"])
def test_a_child_does_the_work_itself_when_the_helper_fails_and_the_next_one_is_helped_again(
    trusted: Trusted, harm: str
) -> None:
    before = trusted.helped()
    assert trusted.helped(harm) is None
    after = trusted.helped()
    assert before is not None
    assert after is not None
    assert (after[0] == before[0]) == (harm == "raise")


def test_a_helper_that_was_killed_while_nobody_asked_is_replaced(trusted: Trusted) -> None:
    before = trusted.helped()
    assert before is not None
    os.kill(int(before[0]), signal.SIGKILL)
    after = trusted.helped()
    assert after is not None
    assert after[0] != before[0]


def test_its_time_is_the_childs_and_an_end_of_it_is_said(trusted: Trusted) -> None:
    began = time.monotonic()
    assert trusted.ask("burn", seconds=1.5) == {"late": True}
    assert time.monotonic() - began < 60
    assert trusted.helped() is not None


def test_a_child_that_went_away_leaves_the_helper_to_the_next(trusted: Trusted) -> None:
    before = trusted.helped()
    with socket.socket(socket.AF_UNIX) as connection:
        trusted.begin("burn", connection)
        time.sleep(0.5)
        for child in _children_but(trusted, before):
            child.kill()
    after = trusted.helped()
    assert before is not None
    assert after is not None
    assert after[0] == before[0]


def _children_but(trusted: Trusted, helper: list[str] | None) -> list[psutil.Process]:
    return [p for p in psutil.Process(trusted.process.pid).children() if helper and str(p.pid) != helper[0]]


@pytest.mark.parametrize("at_work", [False, True])
def test_it_ends_with_its_parent(trusted: Trusted, at_work: bool) -> None:
    found = trusted.helped()
    assert found is not None
    helper = psutil.Process(int(found[0]))
    with socket.socket(socket.AF_UNIX) as connection:
        if at_work:
            trusted.begin("burn", connection)
            time.sleep(0.3)
        trusted.process.kill()
        assert psutil.wait_procs([helper], timeout=30)[1] == []
