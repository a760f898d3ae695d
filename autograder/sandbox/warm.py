"""The grader's side of warm kernels: owns the zygote, asks it for kernels.

bubblewrap builds the jail as for a cold kernel, around a shell that waits; the zygote's child enters it. So
the jail, its limits and its end are the same, and what holds for one kind of kernel holds for the other.
"""

import atexit
import json
import logging
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.i18n import _, say
from autograder.sandbox.jail import Jail
from autograder.sandbox.rundir import RunFolder
from autograder.sandbox.seccomp import compiled_filter

log = logging.getLogger(__name__)
PROGRAM = Path(__file__).with_name("zygote.py")
# The jail's own process: says when the jail is built, ends with the kernel's status when the kernel ends.
HOLDER = ["sh", "-c", 'echo; read -r status; exit "${status:-1}"']
NAMESPACES = ("cgroup", "ipc", "uts", "net", "pid", "mnt")
IMPORT_SECONDS = 180.0  # a large library without compiled bytecode, on a busy machine
ANSWER_SECONDS = 20.0
END_SECONDS = 3.0


class WarmFailure(Exception):
    """No warm kernel: the caller starts a cold one."""


class Zygote:
    """One warm process. It ends with `close`, and by itself when this process ends in whatever way."""

    def __init__(self, environment: Mapping[str, str], modules: Sequence[str] = ()) -> None:
        """`environment`: of its kernels; `modules`: to import beside what every kernel needs."""
        self.modules = tuple(modules)
        self._folder = RunFolder()  # a home: libraries write to it when they are imported
        self._control, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with child, PROGRAM.open("rb") as program:
            self.process = subprocess.Popen(  # a list, no shell
                [sys.executable, "-s", "-", str(child.fileno()), *modules],
                stdin=program,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(child.fileno(),),
                env=dict(environment),
                cwd=self._folder.path,  # not in its environment, which its kernels can read in /proc
                start_new_session=True,
            )
        self._ready = threading.Lock()
        self._is_ready = False

    def wait_until_ready(self) -> None:
        """Until everything is imported. Raises WarmFailure when the process ends before."""
        with self._ready:
            if self._is_ready:
                return
            self._control.settimeout(IMPORT_SECONDS)
            try:
                said = self._control.recv(16)
            except OSError as error:
                raise WarmFailure(f"not ready: {error}") from error
            if said != b"ready":
                raise WarmFailure("it ended while importing")
            self._is_ready = True

    def send(self, request: Mapping[str, object], files: Sequence[int]) -> None:
        """Ask for a kernel. Raises WarmFailure when nobody listens any more."""
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], files)
        except OSError as error:
            raise WarmFailure(f"it does not listen: {error}") from error

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        """End it; kernels that it forked live on in their jails."""
        self._control.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._folder.remove()

    def forget(self) -> None:
        """In a fork of the grader: the zygote stays the parent's."""
        self._control.close()
        self._folder.forget()
        self.process.returncode = 0  # not this process's child: nothing to wait for


class _Shared:
    """The zygote of this process, made when first asked for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.zygote: Zygote | None = None
        self.failed = False


_shared = _Shared()


def zygote(environment: Mapping[str, str], modules: Sequence[str] = ()) -> Zygote | None:
    """This process's zygote, started or restarted as needed; None once it has failed to serve.

    A process has one: asked for other modules than before, it starts anew.
    """
    with _shared.lock:
        if _shared.failed:
            return None
        if _shared.zygote is not None and not (_shared.zygote.lives and _shared.zygote.modules == tuple(modules)):
            _shared.zygote.close()
            _shared.zygote = None
        if _shared.zygote is None:
            _shared.zygote = Zygote(environment, modules)
        return _shared.zygote


def give_up(reason: object) -> None:
    """From here on every kernel of this process is a cold one; says so once."""
    with _shared.lock:
        if not _shared.failed:
            log.warning(
                "%s",
                say(_("Kernels start without preloaded libraries, which takes longer: {reason}"), reason=reason),
            )
        _shared.failed = True


def shutdown() -> None:
    """End this process's zygote; the next kernel starts a new one."""
    with _shared.lock:
        if _shared.zygote is not None:
            _shared.zygote.close()
        _shared.zygote, _shared.failed = None, False


def _after_fork() -> None:
    global _shared
    if _shared.zygote is not None:
        _shared.zygote.forget()
    _shared = _Shared()


atexit.register(shutdown)
os.register_at_fork(after_in_child=_after_fork)


class WarmStart:
    """One warm kernel's way into its jail: `hold`, then `enter`."""

    def __init__(self, source: Zygote) -> None:
        self._zygote = source
        self._turn = threading.Lock()  # `enter` runs on a thread, which a cancelled start does not wait for
        self._stderr = -1
        self._ended, self._status = os.pipe2(os.O_CLOEXEC)

    def hold(self, jail: Jail, stderr: int) -> "subprocess.Popen[bytes]":
        """Start the jail around a process that waits for the kernel's end."""
        self._jail, self._stderr = jail, os.dup(stderr)
        return jail.start(HOLDER, stdin=self._ended, stdout=subprocess.PIPE, stderr=stderr)

    def enter(self, jail_pid: int, holder: "subprocess.Popen[bytes]", argv: Sequence[str]) -> None:
        """Have a kernel forked into the jail whose first process is `jail_pid`. Raises WarmFailure."""
        assert holder.stdout is not None  # noqa: S101  # as `hold` started it
        with holder.stdout as stdout:
            if stdout.readline() != b"\n":  # the pid is known before the mounts are made
                raise WarmFailure("the jail was not built")
        answer, reply = os.pipe2(os.O_CLOEXEC)
        try:
            self._ask(jail_pid, argv, reply)
        except BaseException:
            os.close(answer)
            raise
        finally:
            os.close(reply)
        said = _read_answer(answer)
        if said != b"ok":
            raise WarmFailure(said.decode(errors="replace") or "no answer")

    def _ask(self, jail_pid: int, argv: Sequence[str], reply: int) -> None:
        """Send the request with its files, then close this side's. Raises WarmFailure, also once it was closed."""
        names = NAMESPACES if os.geteuid() == 0 else (*NAMESPACES, "user")
        opened: list[int] = []
        with self._turn:
            try:
                if self._status < 0:
                    raise WarmFailure("the start was given up")
                for name in names:
                    opened.append(os.open(f"/proc/{jail_pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC))
                self._zygote.send(self._request(argv), [self._stderr, self._status, reply, *opened])
            except OSError as error:
                raise WarmFailure(str(error)) from error
            finally:
                for number in opened:
                    os.close(number)
                self._close()

    def _request(self, argv: Sequence[str]) -> dict[str, object]:
        jail = self._jail
        return {
            "argv": list(argv),
            "cwd": str(jail.cwd),
            "uid": jail.uid if os.geteuid() == 0 else None,
            "limits": jail.limits.rlimits(),
            "environment": dict(jail.environment),
            "cgroup": str(jail.cgroup) if jail.cgroup else None,
            "filter": compiled_filter().hex(),
        }

    def close(self) -> None:
        """Close this side's files; twice does no harm, and neither does another thread in the middle of `enter`."""
        with self._turn:
            self._close()

    def _close(self) -> None:
        for name in ("_ended", "_status", "_stderr"):
            number = getattr(self, name)
            if number >= 0:
                os.close(number)
            setattr(self, name, -1)


def _read_answer(number: int) -> bytes:
    """What comes until the writers are gone. Raises WarmFailure when they stay and say nothing."""
    answer = b""
    with os.fdopen(number, "rb", buffering=0) as file:
        while select.select([file], [], [], ANSWER_SECONDS)[0]:
            chunk = file.read(4096)
            if not chunk:
                return answer
            answer += chunk
    raise WarmFailure(f"no answer in {ANSWER_SECONDS:.0f} s")
