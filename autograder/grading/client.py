"""The driver's side of the trusted process: starts it, asks it, ends it."""

import asyncio
import compileall
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.errors import CheckerError, OverBudget
from autograder.grading.budget import Budget
from autograder.i18n import _
from autograder.records import Request
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.jail import UNUSED_UID, Jail, JailLimits, python_folders
from autograder.sandbox.rundir import RunFolder, write_files
from autograder.unit import HELPER_FOLDER, UnitSource

START_SECONDS = 120
JAIL_SECONDS = 5  # within which a jail has ended after the process in it was killed
MAX_ANSWER = 256 << 20  # bytes
PACKAGE = Path(__file__).resolve().parents[1]
# per child; a learner's model is bounded before it is trained, so these only catch our own mistakes
LIMITS = JailLimits(memory_bytes=12 << 30, processes=4096, cpu_seconds=3600, wall_seconds=14 * 86_400)
# nothing of the driver's own environment
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108  # private to the jail
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(PACKAGE.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OPENBLAS_NUM_THREADS": "1",  # NumPy's threads: the workers fill the machine's cores
    "CUDA_VISIBLE_DEVICES": "",
}


class TrustedProcess:
    """The trusted process of one run. Use as a context manager, or call `close`."""

    def __init__(self, store: Path | None = None, family: str = "") -> None:
        """`store`: folder of what is computed, the one place the process may write to. `family`: what it preloads."""
        self.store = store.resolve() if store else None  # in the jail its working directory is another one
        self.family = family
        self._folder = RunFolder()
        self.address = str(self._folder.path / "s")
        self._units = self._folder.path / "units"  # hidden checks: nobody else on this machine reads them
        self._units.mkdir()
        _hand_over(self._units)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self._folder.path / "log"

    def __enter__(self) -> "TrustedProcess":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def was_lost(self) -> bool:
        """Whether it has ended, or is about to: its jail outlives it by a moment."""
        if self._process is None:
            return True
        try:
            self._process.wait(JAIL_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def start(self) -> None:
        """Start it unless it runs. Requests that arrive while it imports its family wait in the socket."""
        if self.lives:
            return
        Path(self.address).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, self._log.open("wb") as log:
            listener.bind(self.address)
            listener.listen(64)
            command = [sys.executable, "-m", "autograder.trusted.checker", str(listener.fileno()), self.family]
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            if isolation_problem() is None:
                self._process = self._jail().start(command, pass_fds=[listener.fileno()], **streams)
            else:  # c.Sandbox.required = False: the kernel's manager has warned already
                self._process = subprocess.Popen(
                    command, pass_fds=[listener.fileno()], env=self._environment, cwd="/", **streams
                )

    def _jail(self) -> Jail:
        """It sees Python, this package and the units; it may write what it computed; it has no network."""
        if self.store is not None:
            self.store.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(self.store, UNUSED_UID, UNUSED_UID)
        return Jail(
            limits=LIMITS,
            read_only=(*python_folders(), PACKAGE, self._units),
            writable=(self.store,) if self.store else (),
            environment=self._environment,
        )

    @property
    def _environment(self) -> dict[str, str]:
        helpers = {HELPER_FOLDER: str(self.store / "helper")} if self.store else {}
        return {**ENVIRONMENT, **helpers}

    def request(self, unit: UnitSource, do: str = "", **fields: Any) -> Request:
        """A request about this unit, whose files are placed where the process sees them."""
        return Request(do, unit.package, str(self._placed(unit)), **fields)

    def _placed(self, unit: UnitSource) -> Path:
        """The folder of a unit's files; compiled once, since every child imports them."""
        folder = self._units / unit.key[:16]
        if not folder.exists():
            new = self._units / f"{unit.key[:16]}.new"
            write_files(new, unit.files.content)
            compileall.compile_dir(new, quiet=2, ddir=str(folder))
            for path in (new, *new.rglob("*")):
                _hand_over(path)
            new.rename(folder)
        return folder

    async def ask(self, request: Request, seconds: float, budget: Budget | None = None) -> dict[str, Any]:
        """Ask one request and return its answer. When cancelled, it closes the connection.

        Arguments:
            request: complete but for its `seconds` and `store`.
            seconds: CPU time that it may take.
            budget: from which the CPU time is taken that it has taken.

        Raises:
            OverBudget: it needs more CPU time than that.
            CheckerError: no answer, or the answer is that something of ours broke. Never the learner's fault.
        """
        used = seconds  # what is charged unless the answer says less
        try:
            answer = await self._answer(replace(request, seconds=seconds, store=str(self.store or "")))
            used = answer.get("cpu", seconds)
        finally:
            if budget is not None:
                budget.spend(used)
        if "late" in answer:
            raise OverBudget(_("More than {seconds:.0f} s of computing time are needed."), seconds=seconds)
        if "error" in answer:
            raise CheckerError(_("The checking process failed: {reason}"), reason=answer["error"])
        return dict(answer["answer"])

    async def _answer(self, request: Request) -> dict[str, Any]:
        try:
            async with asyncio.timeout(request.wall_seconds + START_SECONDS):
                line = await self._exchange(json.dumps(request.to_json()).encode() + b"\n")
        except (OSError, ValueError) as error:  # TimeoutError is an OSError, a line too long a ValueError
            raise CheckerError(_("The checking process gave no answer: {reason}"), reason=error) from error
        if not line:
            raise CheckerError(_("The checking process gave no answer: {reason}"), reason=self._last_words())
        return dict(json.loads(line))

    async def _exchange(self, line: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self.address, limit=MAX_ANSWER)
        try:
            writer.write(line)
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()

    def _last_words(self) -> str:
        text = self._log.read_bytes()[-400:].decode(errors="replace").strip() if self._log.exists() else ""
        return text.replace("\n", " | ") or "it ended"

    def close(self) -> None:
        """End it and everything it started."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._folder.remove()


def _hand_over(path: Path) -> None:
    """Let the process have a file or a folder, and nobody else."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    if os.geteuid() == 0:
        os.chown(path, UNUSED_UID, UNUSED_UID)
