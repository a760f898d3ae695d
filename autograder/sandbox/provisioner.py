"""Starts a Jupyter kernel in a jail (jupyter_client's provisioner interface).

No network is needed: ZMQ talks over unix sockets in a folder that exists inside the jail only. The host
reaches it through `/proc/PID/root` of the jail's first process (proc(5)), so that nothing a learner writes
ever lands on a disk of the host. jupyter_client calls `pre_launch`, `launch_kernel`, `kill` and `cleanup`,
in this order.
"""

import asyncio
import json
import math
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from autograder.errors import IsolationError
from autograder.i18n import _
from autograder.sandbox import warm
from autograder.sandbox.cgroup import Cgroup, writable_cgroup
from autograder.sandbox.jail import UNUSED_UID, Jail, python_folders
from autograder.sandbox.rundir import RunFolder, UidLease, copy_inputs
from autograder.sandbox.settings import HOME, WORK, Sandbox
from autograder.sandbox.tail import Tail
from autograder.sandbox.watch import Watch

SOCKETS = Path("/run/kernel")
CONNECTION = Path("/run/connection.json")
CHANNELS = 5  # shell, iopub, stdin, control, heartbeat
LISTENING = " 00010000 "  # __SO_ACCEPTCON in the flags of /proc/net/unix
POLL_SECONDS = 0.005
KILL_SECONDS = 5.0
OWN_PROCESSES = 8  # the commands around a kernel, counted by its cgroup, too


class SandboxProvisioner(LocalProvisioner):
    """One jailed kernel. `process` is the outermost command; its end is the end of everything inside."""

    workdir = Unicode(help="folder whose plain files the kernel sees in its working directory")
    folder: RunFolder | None = None
    lease: UidLease | None = None
    cgroup: Cgroup | None = None
    watch: Watch | None = None
    jail_pid: int | None = None
    is_warm = False
    _pidfd = -1
    _started = 0.0

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Point the manager's sockets to this kernel's own folder."""
        self.sandbox = Sandbox(parent=self.parent)
        manager: Any = self.parent  # a KernelManager
        if self.folder is None:  # kept over a restart
            self.folder = RunFolder()
            manager.transport, manager.ip = "ipc", f"{self.folder.path}/s/k"
            manager.connection_file = f"{self.folder.path}/connection.json"
        if not self.workdir:
            self.workdir = str(kwargs.get("cwd") or Path.cwd())
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start `cmd` jailed, warm if it can be; returns once it listens.

        Raises IsolationError when it never does, SubmissionError for files that cannot be given to it.
        """
        argv = [self._inside(word) for word in cmd]
        try:
            if not await self._launch_warm(argv):
                await self._launch(argv, None)
        except (OSError, ValueError, TimeoutError) as error:
            await self.cleanup()
            said = self.tail.text()
            text = _("No sandboxed kernel could be started ({error}): {said}")
            raise IsolationError(text, error=error, said=said) from error
        except BaseException:
            await self.cleanup()
            raise
        return self.connection_info

    async def _launch_warm(self, argv: list[str]) -> bool:
        """Whether a warm kernel runs. A zygote that was killed is replaced once."""
        for attempt in range(2):
            source = self._zygote() if self.sandbox.warm else None
            if source is None or "-f" not in argv:
                return False
            start = warm.WarmStart(source)
            try:
                await asyncio.to_thread(source.wait_until_ready)
                await self._launch(argv, start)
                return True
            except (warm.WarmFailure, OSError, ValueError) as error:
                await self._end_jail()
                if attempt or source.lives:
                    warm.give_up(error)
            finally:
                start.close()
        return False

    def _zygote(self) -> warm.Zygote | None:
        return warm.zygote(self.sandbox.kernel_environment(), self.sandbox.preload)

    async def _launch(self, argv: list[str], start: warm.WarmStart | None) -> None:
        self._started, self.is_warm = time.monotonic(), start is not None
        self.jail_pid = await asyncio.to_thread(read_jail_pid, self._start_jail(argv, start))
        self._pidfd = os.pidfd_open(self.jail_pid)
        memory = math.inf if self.cgroup else self.sandbox.total_memory_bytes
        self.watch = Watch(self.jail_pid, memory, self.sandbox.total_cpu_seconds, self._end)
        if start:
            holder: Any = self.process
            await asyncio.to_thread(start.enter, self.jail_pid, holder, argv[argv.index("-f") :])
        await self._until_listening()

    def _start_jail(self, argv: list[str], start: warm.WarmStart | None) -> int:
        """Start the jail, with the kernel in it or waiting for one; returns where bwrap writes its pid."""
        self.tail = Tail()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            jail, said = self.make_jail(writer), self.tail.writer
            self.process = start.hold(jail, said) if start else jail.start(argv, stdout=said, stderr=said)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
            self.tail.close_writer()
        self.pid = self.pgid = self.process.pid
        return reader

    def make_jail(self, info_fd: int) -> Jail:
        """The jail of this kernel: this interpreter, the files of this submission, nothing else."""
        assert self.folder is not None  # noqa: S101
        path = self.folder.path
        self.lease = UidLease() if os.geteuid() == 0 and self.lease is None else self.lease
        self.cgroup = self._make_cgroup()
        shutil.rmtree(path / "files", ignore_errors=True)  # of an earlier start
        inputs = copy_inputs(Path(self.workdir), path / "files", self.sandbox.input_bytes)
        key: Any = self.connection_info["key"]  # bytes, whatever its declared type
        info = {**self.connection_info, "ip": f"{SOCKETS}/k", "key": key.decode()}
        connection = path / "inside.json"
        connection.write_text(json.dumps(info))
        connection.chmod(0o644)  # the folder around it is 0700
        return Jail(
            limits=self.sandbox.limits(),
            read_only=python_folders(),
            placed=(
                (connection, CONNECTION),
                *((file, WORK / file.name) for file in inputs),
                *((Path(host), Path(inside)) for host, inside in self.sandbox.sockets.items()),
            ),
            scratch=(Path("/tmp"), Path("/dev/shm"), HOME, WORK, SOCKETS),  # noqa: S108  # private to the jail
            hidden=self.sandbox.hidden_folders(),
            environment=self.sandbox.kernel_environment(),
            cwd=WORK,
            uid=self.lease.uid if self.lease else UNUSED_UID,
            cgroup=self.cgroup.entrance if self.cgroup else None,
            info_fd=info_fd,
        )

    def _make_cgroup(self) -> Cgroup | None:
        assert self.folder is not None  # noqa: S101
        parent = writable_cgroup()
        if parent is None:
            return None
        sandbox = self.sandbox
        return Cgroup(parent, self.folder.path.name, sandbox.total_memory_bytes, sandbox.processes + OWN_PROCESSES)

    def _inside(self, word: str) -> str:
        manager: Any = self.parent
        return str(CONNECTION) if word == os.path.realpath(manager.connection_file) else word

    async def _until_listening(self) -> None:
        """Wait until every channel accepts connections; then let the manager connect."""
        sockets = Path(f"/proc/{self.jail_pid}/net/unix")
        deadline = self._started + self.sandbox.start_seconds
        while time.monotonic() < deadline:
            lines = sockets.read_text().splitlines()
            if sum(LISTENING in line and f" {SOCKETS}/k-" in line for line in lines) >= CHANNELS:
                self.open_door()
                return
            if await self.poll() is not None:
                raise ValueError(f"exit status {await self.poll()}")
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"{self.sandbox.start_seconds:.0f} s")

    def open_door(self) -> None:
        """Let this process find the kernel's sockets, where the connection file says they are."""
        assert self.folder is not None  # noqa: S101
        self.close_door()
        (self.folder.path / "s").symlink_to(f"/proc/{self.jail_pid}/root{SOCKETS}")

    def close_door(self) -> None:
        """From here on nobody can connect; connections that exist stay."""
        if self.folder is not None:
            (self.folder.path / "s").unlink(missing_ok=True)

    @property
    def reached_wall_limit(self) -> bool:
        """Whether the kernel was old enough to have been stopped by `Sandbox.wall_seconds`."""
        return time.monotonic() - self._started >= self.sandbox.wall_seconds

    @property
    def reached_memory_limit(self) -> bool:
        """Whether the watch ended the kernel for the memory of all its processes together."""
        return self.watch is not None and self.watch.exceeded == "memory"

    @property
    def cpu_seconds(self) -> float:
        """CPU time that all processes of the kernel have used together."""
        return self.watch.cpu_seconds if self.watch else 0.0

    async def kill(self, restart: bool = False) -> None:
        """End the jail's first process and with it all others; returns when they are gone."""
        if self.process is None:
            return
        if self._pidfd >= 0:
            self._end()
            await self._gone(KILL_SECONDS)
        if await self.poll() is None:  # the jail was never built
            await super().kill(restart=restart)
            await self._gone(KILL_SECONDS)

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """A kernel that does not heed a shutdown message is ended at once: it holds nothing to save."""
        await self.kill(restart=restart)

    async def wait(self) -> int | None:
        """Exit status, once the outermost command has ended."""
        while await self.poll() is None:
            await asyncio.sleep(POLL_SECONDS)
        return await super().wait()

    async def _gone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while await self.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)

    async def _end_jail(self) -> None:
        if self.process is not None:
            await self.kill()
            await self.wait()
        if self.watch is not None:
            self.watch.stop()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self.cgroup is not None:
            self.cgroup.remove()
            self.cgroup = None

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing: no process, no folder, no lease. Called more than once."""
        await self._end_jail()
        await super().cleanup(restart=restart)
        if self.folder is None or restart:
            return
        self.log.debug("the sandboxed kernel said: %s", self.tail.text())
        self.folder.remove()
        self.folder = None
        if self.lease is not None:
            self.lease.release()
            self.lease = None


def read_jail_pid(reader: int) -> int:
    """The pid of the jail's first process, from what bwrap writes to its `--info-fd`; closes `reader`.

    Raises ValueError when bwrap ends without writing it.
    """
    text = b""
    with os.fdopen(reader, "rb", buffering=0) as file:
        # no end of file to wait for: `timeout` holds the pipe, too
        while not text.rstrip().endswith(b"}") and (chunk := file.read(4096)):
            text += chunk
    return int(json.loads(text)["child-pid"])
