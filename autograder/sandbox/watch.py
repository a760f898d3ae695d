"""Bounds what all processes of a kernel use together, and what the process here needs for their messages.

Looks several times a second, and ends the kernel.

Limits of Linux count CPU time by process, and memory together in a cgroup only, where one can be made. Looking cannot
be as exact: memory that is taken and given back between two looks is not seen, nor is a process that lived between
them and that nobody waited for.
"""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

LOOK_SECONDS = 0.2
MESSAGES_BYTES = 1 << 30  # by which this process may grow: ZMQ limits a message's parts, not the message, nor a queue
TICKS = os.sysconf("SC_CLK_TCK")  # in a second


class Usage(NamedTuple):
    """What one process uses: its number and the tick it began at, memory in bytes (files apart), CPU time in ticks.

    `waited`: CPU time of its children that have ended and that it waited for.
    """

    process: tuple[int, int]
    memory: int
    own: int
    waited: int


class Watch:
    """A thread that calls `end` once the processes of a pid namespace use more than they may, or make us do so."""

    def __init__(self, jail_pid: int, memory_bytes: float, cpu_seconds: float, end: Callable[[], None]) -> None:
        """`jail_pid`: a process in the namespace. `memory_bytes`: infinity where a cgroup bounds it."""
        self.exceeded: str | None = None  # "memory", "cpu" or "messages"
        self.cpu_seconds = 0.0
        self._namespace = os.readlink(f"/proc/{jail_pid}/ns/pid")
        self._limits, self._end = (memory_bytes, cpu_seconds), end
        self._own: dict[tuple[int, int], int] = {}  # as last seen, also of processes that have ended
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="sandbox-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; returns when the thread has ended, so that `end` is not called later."""
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        memory_bytes, cpu_seconds = self._limits
        most_here = memory_here() + MESSAGES_BYTES
        while not self._stopped.wait(LOOK_SECONDS):
            found = list(usages(self._namespace))
            self._count(found)
            if sum(usage.memory for usage in found) > memory_bytes:
                self.exceeded = "memory"
            elif self.cpu_seconds > cpu_seconds:
                self.exceeded = "cpu"
            elif memory_here() > most_here:
                self.exceeded = "messages"
            if self.exceeded:
                self._end()
                return

    def _count(self, found: list[Usage]) -> None:
        """CPU time so far. Both sums miss something, neither counts anything twice: the larger one is taken."""
        self._own |= {usage.process: usage.own for usage in found}
        waited = sum(usage.own + usage.waited for usage in found)
        self.cpu_seconds = max(self.cpu_seconds, sum(self._own.values()) / TICKS, waited / TICKS)


def usages(namespace: str) -> Iterator[Usage]:
    """What the processes of a pid namespace (as /proc/PID/ns/pid names it) use."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and (usage := _usage(process, namespace)):
            yield usage


def _usage(process: Path, namespace: str) -> Usage | None:
    """Fields: proc(5), /proc/pid/stat (14 to 17: CPU times, 22: start) and /proc/pid/status."""
    try:
        if os.readlink(process / "ns/pid") != namespace:
            return None
        lines = (process / "status").read_text().splitlines()
        fields = (process / "stat").read_text().rpartition(")")[2].split()  # a program's name may hold anything
    except OSError:  # gone, or another user's
        return None
    user, system, waited_user, waited_system = (int(fields[n]) for n in (11, 12, 13, 14))
    return Usage((int(process.name), int(fields[19])), _memory(lines), user + system, waited_user + waited_system)


def memory_here() -> int:
    """Bytes that this process uses, files apart."""
    return _memory(Path("/proc/self/status").read_text().splitlines())


def _memory(status: list[str]) -> int:
    return sum(int(line.split()[1]) << 10 for line in status if line.startswith(("RssAnon:", "RssShmem:")))
