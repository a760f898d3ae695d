"""A real kernel, started as the grader starts it, driven cell by cell."""

import asyncio
import time
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any

from traitlets.config import Config

from autograder.sandbox.kernel import SandboxedKernelManager, sandboxed_kernel_manager

CELL_SECONDS = 120


class Running:
    """`with Running(folder, config) as kernel: kernel.run("print(1)")` gives what the cell printed."""

    def __init__(self, workdir: Path, config: Config) -> None:
        self.manager: SandboxedKernelManager = sandboxed_kernel_manager(workdir, config=config)
        self._runner = asyncio.Runner()
        self.client: Any = None

    def __enter__(self) -> "Running":
        self._runner.run(self._start())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._runner.run(self._stop())
        self._runner.close()

    async def _start(self) -> None:
        await self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=CELL_SECONDS)

    async def _stop(self) -> None:
        self.client.stop_channels()
        await self.manager.shutdown_kernel(now=True)

    def run(self, code: str) -> str:
        """Text of stdout and of the error, in order; "DEAD" at the end when the kernel ended."""
        return self._runner.run(self._run(code))

    def start_cell(self, code: str) -> None:
        """Send a cell and do not wait."""
        self.client.execute(code)

    def alive_after(self, seconds: float) -> bool:
        """Whether the kernel still lives when `seconds` have passed, or earlier when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self._runner.run(self.manager.is_alive()):
                return False
            time.sleep(0.05)
        return True

    async def _run(self, code: str) -> str:
        request = self.client.execute(code)
        text = ""
        deadline = time.monotonic() + CELL_SECONDS
        while time.monotonic() < deadline:
            try:
                message = await self.client.get_iopub_msg(timeout=0.5)
            except Empty:
                if not await self.manager.is_alive():
                    return text + "DEAD"
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                text += content["text"]
            elif message["msg_type"] == "error":
                text += f"{content['ename']}: {content['evalue']}"
            elif content.get("execution_state") == "idle":
                return text
        raise TimeoutError(f"no end of the cell after {CELL_SECONDS} s; so far: {text}")
