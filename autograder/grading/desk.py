"""Where one notebook's kernel can ask for trainings: a unix socket, bound into its jail.

What arrives is handed to the trusted process as text and not looked at here. A notebook has its own socket
and its own bounds; when something is refused the kernel hears nothing and trains by itself.
"""

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from autograder.errors import CheckerError
from autograder.grading.client import TrustedProcess
from autograder.families.keras.requests import MAX_TEXT

ADDRESS = "/run/lab/training"  # inside the jail: `labkit.elsewhere` looks there
READ_SECONDS = 10.0  # for a request to arrive
TRAINING_SECONDS = 80.0  # for one training; the kernel waits a little longer
MAX_REQUESTS = 300  # of one notebook
MAX_ANSWERED = 128 << 20  # bytes of one notebook's answers
MAX_WAITING = 2  # connections at a time; the requests are served one after the other


class TrainingDesk:
    """Serves one notebook while its kernel runs: `async with TrainingDesk(...)`."""

    def __init__(self, trusted: TrustedProcess, address: Path, seconds: float) -> None:
        """`address`: of the socket to be made; `seconds`: of work for this notebook, all trainings together."""
        self.address = address
        self._trusted = trusted
        self._seconds = seconds
        self._requests = self._answered = 0
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "TrainingDesk":
        self._server = await asyncio.start_unix_server(self._accept, self.address, limit=MAX_TEXT + 1)
        self.address.chmod(0o666)  # the kernel's user is another one; the folder around it is 0700
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Called for each connection."""
        if len(self._tasks) >= MAX_WAITING:
            writer.close()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._turn:
                # a request that is too long, not UTF-8 or not there in time, and a training that is refused
                with suppress(OSError, ValueError, CheckerError):
                    writer.write(await self._trained(await asyncio.wait_for(reader.readline(), READ_SECONDS)))
                    async with asyncio.timeout(READ_SECONDS):
                        await writer.drain()
        finally:
            writer.close()

    async def _trained(self, line: bytes) -> bytes:
        self._requests += 1
        if not line or self._requests > MAX_REQUESTS or self._seconds < 1 or self._answered > MAX_ANSWERED:
            return b""
        began = time.monotonic()
        try:
            seconds = min(TRAINING_SECONDS, self._seconds)
            answer = await self._trusted.ask({"do": "train", "text": line.decode()}, seconds)
        finally:
            self._seconds -= time.monotonic() - began
        text = json.dumps(answer).encode() + b"\n"
        self._answered += len(text)
        return text
