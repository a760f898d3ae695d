"""Bounds the memory of all processes of a kernel together where no cgroup can: looks, and ends the kernel.

Looking cannot be as exact as a cgroup: what is taken and given back between two looks is not seen.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 0.2


class MemoryWatch:
    """A thread that calls `end` once the processes of a pid namespace hold more than `limit_bytes`."""

    def __init__(self, jail_pid: int, limit_bytes: int, end: Callable[[], None]) -> None:
        self.exceeded = False
        self._namespace = os.readlink(f"/proc/{jail_pid}/ns/pid")
        self._limit, self._end = limit_bytes, end
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; returns when the thread has ended, so that `end` is not called later."""
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            if resident_bytes(self._namespace) > self._limit:
                self.exceeded = True
                self._end()
                return


def resident_bytes(namespace: str) -> int:
    """Memory that the processes of a pid namespace (as /proc/PID/ns/pid names it) hold, files apart."""
    return sum(_process_bytes(p, namespace) for p in Path("/proc").iterdir() if p.name.isdigit())


def _process_bytes(process: Path, namespace: str) -> int:
    try:
        if os.readlink(process / "ns/pid") != namespace:
            return 0
        lines = (process / "status").read_text().splitlines()
    except OSError:  # gone, or another user's
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))
