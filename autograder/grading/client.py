"""The driver's side of the trusted process: starts it, asks it, ends it."""

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.errors import CheckerError
from autograder.i18n import _

START_SECONDS = 120


class TrustedProcess:
    """The trusted process of one run. Use as a context manager, or call `close`."""

    def __init__(self, store: Path | None = None) -> None:
        """`store`: folder in which the trainings are remembered, the one place the process may write to."""
        self.store = store
        self._folder = tempfile.TemporaryDirectory(prefix="ag-")
        self.address = str(Path(self._folder.name, "s"))
        self._process: subprocess.Popen[bytes] | None = None
        self._log = Path(self._folder.name, "log")

    def __enter__(self) -> "TrustedProcess":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it unless it runs. Requests that arrive while it imports Keras wait in the socket."""
        if self._process is not None and self._process.poll() is None:
            return
        Path(self.address).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, self._log.open("wb") as log:
            listener.bind(self.address)
            listener.listen(64)
            self._process = subprocess.Popen(
                self.command(listener.fileno()), pass_fds=[listener.fileno()], env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            )  # fmt: skip

    def command(self, descriptor: int) -> list[str]:
        """The program that serves the socket with this file descriptor."""
        return [sys.executable, "-m", "autograder.grading.checker", str(descriptor)]

    def environment(self) -> dict[str, str]:
        """The few variables it gets: nothing of the driver's own environment."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": "/tmp",  # noqa: S108 (its own, in its own jail)
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
        }

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to one request, within `seconds` of work.

        Raises:
            CheckerError: no answer, or the answer is that something of ours broke. Never the learner's fault.
        """
        self.start()
        request = {**request, "seconds": seconds, "store": self.store and str(self.store)}
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(seconds + START_SECONDS)
                connection.connect(self.address)
                with connection.makefile("rwb") as stream:
                    stream.write(json.dumps(request).encode() + b"\n")
                    stream.flush()
                    line = stream.readline()
        except OSError as error:
            raise CheckerError(_("The checking process gave no answer: {reason}"), reason=error) from error
        if not line:
            raise CheckerError(_("The checking process gave no answer: {reason}"), reason=self._last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise CheckerError(_("The checking process failed: {reason}"), reason=answer["error"])
        return dict(answer["answer"])

    def _last_words(self) -> str:
        text = self._log.read_bytes()[-400:].decode(errors="replace").strip() if self._log.exists() else ""
        return text.replace("\n", " | ") or "it ended"

    def close(self) -> None:
        """End it and everything it started."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
