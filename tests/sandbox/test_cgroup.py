"""Linux heeds the limits of a kernel's cgroup: real groups, so only where they can be made."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from autograder.sandbox.cgroup import Cgroup, writable_cgroup
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.jail import MIB, Jail, python_folders

PARENT = writable_cgroup()
pytestmark = [
    pytest.mark.skipif(PARENT is None, reason="no cgroup (version 2) with memory and pids can be made here"),
    pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem())),
]
# each child alone stays far below the limit
HOARD = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        hoard = b"x" * (50 << 20)
        time.sleep(60)
time.sleep(60)
"""
FORK = """
import os, time
made = 0
try:
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except OSError:
    print(made, flush=True)
"""


@pytest.fixture
def group() -> Iterator[Cgroup]:
    assert PARENT is not None
    group = Cgroup(PARENT, "autograder-test", 200 * MIB, 30)
    yield group
    group.remove()


def started(group: Cgroup, program: str) -> "subprocess.Popen[bytes]":
    jail = Jail(read_only=python_folders(), cgroup=group.entrance)
    return jail.start([sys.executable, "-c", program], stdout=subprocess.PIPE)


def test_the_sum_of_memory_is_bounded(group: Cgroup) -> None:
    with started(group, HOARD) as process:
        assert process.wait(timeout=300) != 0
    assert "oom_group_kill 0" not in (group.path / "memory.events").read_text()


def test_the_number_of_processes_is_bounded(group: Cgroup) -> None:
    with started(group, FORK) as process:
        assert process.stdout is not None
        assert 10 < int(process.stdout.readline()) < 30
        group.remove()


def test_removing_it_ends_what_is_in_it(group: Cgroup) -> None:
    with started(group, "print(flush=True); import time; time.sleep(60)") as process:
        assert process.stdout is not None
        process.stdout.readline()
        group.remove()
        assert process.wait(timeout=300) != 0
    group.remove()
    assert not group.path.exists()
