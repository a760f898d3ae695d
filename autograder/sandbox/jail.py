"""A jail: what one process may see and use, turned into a bubblewrap command.

From the outside in, the command is `setpriv` (dies with the process that started it), `choom` (first to go
when the machine runs out of memory), `timeout` (the wall limit, out of the jail's reach), `bwrap` (namespaces
and mounts), and inside it `setpriv` (when root: another uid, no capability) and `prlimit` (limits per
process), which become the program. Options: bwrap(1), setpriv(1), prlimit(1).
"""

import os
import subprocess
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.sandbox.seccomp import filter_fd, memory_fd

GIB = 1 << 30
MIB = 1 << 20
PROGRAMS = ("bwrap", "setpriv", "prlimit", "choom", "timeout")
# read-only in every jail: programs and libraries, their loader's cache, fonts and time zone for plots
SYSTEM = tuple(Path(p) for p in ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"))
DEVICES = ("null", "zero", "full", "random", "urandom")
# A uid nobody has: above the people, below the 65,536 that a container's user namespace usually maps.
UNUSED_UID = 61000


@dataclass(frozen=True)
class JailLimits:
    """What a jailed process may use. Memory, files and CPU time count per process, the rest per jail."""

    memory_bytes: int = 6 * GIB  # address space; TensorFlow alone maps 2.2 GiB
    processes: int = 256  # threads count
    file_bytes: int = 256 * MIB
    open_files: int = 1024
    cpu_seconds: int = 600
    wall_seconds: float = 900
    scratch_bytes: int = 256 * MIB  # of each private folder

    def rlimits(self) -> dict[str, int]:
        """Names of prlimit(1)'s options → values."""
        return {
            "as": self.memory_bytes,
            "nproc": self.processes,
            "fsize": self.file_bytes,
            "nofile": self.open_files,
            "cpu": self.cpu_seconds,
            "core": 0,
            "memlock": 0,
            "msgqueue": 0,
        }


def python_folders() -> tuple[Path, ...]:
    """What this interpreter and its packages need: its prefixes, as spelled and as they are."""
    spelled = [Path(sys.prefix), Path(sys.base_prefix)]
    return tuple(dict.fromkeys([*spelled, *(p.resolve() for p in spelled)]))


@dataclass(frozen=True)
class Jail:
    """What is visible inside; everything else of the host is not there.

    `read_only`: files and folders seen at their own path. `placed`: (host path, path inside), read-only.
    `writable`: folders of the host seen at their own path, where the jail may write without a size limit
    (when root, they must belong to `uid`). `scratch`: private folders in memory, `limits.scratch_bytes` each,
    gone at exit. `hidden`: paths below a visible folder that are shown empty.
    """

    limits: JailLimits = field(default_factory=JailLimits)
    read_only: tuple[Path, ...] = ()
    placed: tuple[tuple[Path, Path], ...] = ()
    writable: tuple[Path, ...] = ()
    scratch: tuple[Path, ...] = (Path("/tmp"), Path("/dev/shm"))  # noqa: S108  # private to the jail
    hidden: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    network: bool = False
    uid: int = UNUSED_UID  # used when root; otherwise the uid stays what it is
    cgroup: Path | None = None  # `cgroup.procs` of the group that bounds everything inside together
    info_fd: int | None = None  # bwrap writes there, as JSON, the pid of the jail's first process

    def command(self, argv: Sequence[str], seccomp_fd: int, options_fd: int) -> list[str]:
        """The command that runs `argv` in this jail.

        `seccomp_fd` comes from `seccomp.filter_fd()`, `options_fd` from `options`: bwrap's own command line can be read
        inside, and would tell paths of the host.
        """
        limits = [f"--{name}={value}" for name, value in self.limits.rlimits().items()]
        enter = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.cgroup)] if self.cgroup else []
        return [
            *enter,
            *("setpriv", "--pdeathsig", "KILL", "choom", "-n", "1000", "--"),
            *("timeout", "--foreground", "--signal=KILL", f"{self.limits.wall_seconds}"),
            *("bwrap", "--args", str(options_fd), "--seccomp", str(seccomp_fd), "--", *self._without_privileges()),
            *("prlimit", *limits, "--", *argv),
        ]

    @property
    def options(self) -> bytes:
        """bwrap's options, each with a zero byte behind it."""
        words = (*self._namespaces(), *self._mounts(), *self._surroundings())
        return b"".join(os.fsencode(word) + b"\0" for word in words)

    def start(self, argv: Sequence[str], **popen: Any) -> subprocess.Popen[bytes]:
        """Run `argv` in this jail, in a session of its own. Keywords are Popen's.

        The jail dies with the *thread* that called this: Linux counts that thread as its parent.
        Raises RuntimeError or OSError where the filter cannot be made or a program is missing.
        """
        inherited = tuple(popen.pop("pass_fds", ()))
        inherited += () if self.info_fd is None else (self.info_fd,)
        popen = {"stdin": subprocess.DEVNULL, "start_new_session": True, **popen}
        with filter_fd() as rules, memory_fd(self.options) as options:
            command = self.command(argv, rules, options)
            passed = (*inherited, rules, options)
            return subprocess.Popen(command, pass_fds=passed, env={"PATH": os.defpath}, **popen)  # a list, no shell

    def _namespaces(self) -> list[str]:
        words = ["--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-uts"]
        words += ["--unshare-cgroup-try", "--hostname", "sandbox", "--cap-drop", "ALL"]
        words += [] if self.network else ["--unshare-net"]
        if os.geteuid() == 0:  # just enough for the inner setpriv to give up the rest
            words += [w for cap in ("SETUID", "SETGID", "SETPCAP") for w in ("--cap-add", f"CAP_{cap}")]
        else:
            words += ["--unshare-user", "--disable-userns"]
        return words

    def _mounts(self) -> list[str]:
        """Mounts in the order of their depth, so that none covers another; then / and /dev read-only."""
        size = ["--perms", "1777", "--size", str(self.limits.scratch_bytes), "--tmpfs"]
        visible = [p for p in (*SYSTEM, *self.read_only) if p.exists()]
        mounts = {path: ["--ro-bind", str(path), str(path)] for path in visible}
        mounts |= {path: ["--bind", str(path), str(path)] for path in self.writable}
        mounts |= {inside: ["--ro-bind", str(host), str(inside)] for host, inside in self.placed}
        bound = set(mounts)
        mounts |= {Path("/dev"): ["--perms", "0755", "--size", str(MIB), "--tmpfs", "/dev", *_device_words()]}
        mounts |= {path: [*size, str(path)] for path in self.scratch}
        for path in self.hidden:
            if any(path.is_relative_to(v) for v in visible) and path.is_dir():
                mounts[path] = ["--perms", "0555", "--tmpfs", str(path), "--remount-ro", str(path)]
        words: list[str] = []
        for path in sorted(mounts, key=lambda p: (len(p.parts), p)):
            words += [*_parents(path, bound, mounts), *mounts[path]]
        return [*words, *_top_level(), "--proc", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"]

    def _surroundings(self) -> list[str]:
        words = ["--clearenv", "--chdir", str(self.cwd)]
        for name, value in self.environment.items():
            words += ["--setenv", name, value]
        return words + ([] if self.info_fd is None else ["--info-fd", str(self.info_fd)])

    def _without_privileges(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        uid = str(self.uid)
        drop = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        return ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", *drop]


def _parents(path: Path, bound: Iterable[Path], mounts: Container[Path]) -> list[str]:
    """Folders on the way to `path` that the host does not give, readable: bwrap's own are for root only."""
    words: list[str] = []
    for parent in reversed(path.parents[:-1]):
        if parent not in mounts and not any(parent.is_relative_to(b) for b in bound):
            words += ["--perms", "0755", "--dir", str(parent)]
    return words


def _device_words() -> list[str]:
    words = [w for name in DEVICES for w in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    for link, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        words += ["--symlink", f"/proc/self/{target}", f"/dev/{link}"]
    return words


def _top_level() -> list[str]:
    """/bin, /lib and so on: links into /usr on merged systems, folders of their own on older ones."""
    words: list[str] = []
    for path in (Path("/bin"), Path("/sbin"), Path("/lib"), Path("/lib32"), Path("/lib64")):
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    return words
