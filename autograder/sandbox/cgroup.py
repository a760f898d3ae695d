"""The sum over a kernel's processes: memory and their number, bounded by a cgroup where one may be made.

Files: https://docs.kernel.org/admin-guide/cgroup-v2.html (cgroup.procs, cgroup.kill, memory.max, pids.max).
"""

import os
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = frozenset(("memory", "pids"))


def writable_cgroup(root: Path = ROOT, own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """The nearest cgroup (v2) in which children with memory and pids limits can be made; None without one.

    A cgroup that holds processes may not hand controllers to its children, save the root: so the parent of
    this process's own cgroup is looked at, too.
    """
    line = next((x for x in own.read_text().splitlines() if x.startswith("0::/")), None)
    if line is None:
        return None
    here = root / line.removeprefix("0::/")
    for folder in (here, here.parent):
        try:
            enabled = (folder / "cgroup.subtree_control").read_text().split()
        except OSError:
            continue
        if set(enabled) >= CONTROLLERS and os.access(folder, os.W_OK) and folder.is_relative_to(root):
            return folder
    return None


class Cgroup:
    """A cgroup of one kernel: a process enters by writing its pid to `entrance`; `remove` ends them all."""

    def __init__(self, parent: Path, name: str, memory_bytes: int, processes: int) -> None:
        self.path = parent / name
        self.path.mkdir()
        (self.path / "memory.max").write_text(str(memory_bytes))
        (self.path / "pids.max").write_text(str(processes))
        for optional, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
            if (self.path / optional).exists():
                (self.path / optional).write_text(value)

    @property
    def entrance(self) -> Path:
        """The file that moves who writes its pid to it; children are born where their parent is."""
        return self.path / "cgroup.procs"

    def remove(self) -> None:
        """Kill what is left in it and remove it; a folder that is still busy stays."""
        with suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        with suppress(OSError):
            self.path.rmdir()
