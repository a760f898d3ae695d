"""A trusted process that is killed is started again, also when its jail takes a moment to notice."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from autograder.errors import CheckerError
from autograder.grading.grader import Grader
from autograder.records import Request
from tests.mini.jobs import job


@pytest.fixture
def grader(tmp_path: Path) -> Iterator[Grader]:
    grader = Grader(tmp_path)
    yield grader
    grader.close()


def kill_at_work(jail: psutil.Process) -> None:
    """Kill the process while it answers; its jail, which is stopped, notices a second later."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [p for p in jail.children(recursive=True) if "autograder.trusted.checker" in p.cmdline()]
        busy = [p for p in found if p.parent() in found]
        if busy:
            jail.send_signal(signal.SIGSTOP)
            for process in {p.parent() for p in busy} - {None}:
                process.kill()
            time.sleep(1)
            jail.send_signal(signal.SIGCONT)
            return
        time.sleep(0.002)


def test_a_process_killed_at_work_costs_nobody_a_grade(grader: Grader) -> None:
    trusted = grader.trusted("")
    trusted.start()
    with pytest.raises(CheckerError, match="failed"):  # it answers: it has started
        asyncio.run(trusted.ask(Request("plan", "nowhere", "/nowhere"), seconds=60))
    assert trusted._process is not None
    before = trusted._process.pid
    thread = threading.Thread(target=kill_at_work, args=(psutil.Process(before),))
    thread.start()
    outcome = grader.grade(
        job(["def double(x):\n    return 2 * x", "# test: double", "word = 'right'", "# test: word"])
    )
    thread.join()
    assert trusted._process.pid != before
    assert outcome.fault == ""
    assert {task: grade.score for task, grade in outcome.grades.items()} == {"double": 3.0, "word": 3.0}
