"""Where one notebook's kernel can ask the trusted process for work: a unix socket, bound into its jail.

What arrives is handed on as text and not looked at here; the unit's `answers` does that. A notebook has its own
socket and its own bounds. What is refused gets an empty answer, and the kernel does the work by itself.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from autograder.errors import CheckerError, OverBudget
from autograder.grading.budget import Ask, Budget
from autograder.records import Request

ADDRESS = "/run/lab/training"  # inside the jail: `labkit.elsewhere` looks there
MAX_TEXT = 16 << 20  # characters of a request
READ_SECONDS = 10.0  # for a request to arrive
ANSWER_SECONDS = 80.0  # for one answer; the kernel waits a little longer
MAX_REQUESTS = 300  # of one notebook
MAX_ANSWERED = 128 << 20  # bytes of one notebook's answers

MAX_WAITING = 2  # connections at a time; the requests are served one after the other


class Desk:
    """Serves one notebook while its kernel runs: `async with Desk(...)`."""

    def __init__(self, ask: Ask, request: Request, address: Path, budget: Budget) -> None:
        """`ask`: of the trusted process; `request`: what is asked, but for its text.

        `address`: of the socket to be made; `budget`: what the answers take their time from.
        """
        self.address = address
        self._ask, self._request = ask, request
        self._budget = budget
        self._requests = self._answered = 0
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Desk":
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
                # a request that is too long, not UTF-8 or not there in time, and work that is refused
                with suppress(OSError, ValueError, CheckerError, OverBudget):
                    writer.write(await self._answer(await asyncio.wait_for(reader.readline(), READ_SECONDS)))
                    async with asyncio.timeout(READ_SECONDS):
                        await writer.drain()
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> bytes:
        self._requests += 1
        if not line or self._requests > MAX_REQUESTS or self._budget.left < 1 or self._answered > MAX_ANSWERED:
            return b""
        seconds = min(ANSWER_SECONDS, self._budget.left)
        answer = await self._ask(replace(self._request, text=line.decode()), seconds, self._budget)
        text = json.dumps(answer).encode() + b"\n"
        self._answered += len(text)
        return text
