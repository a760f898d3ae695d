"""What a kernel process itself prints, kept to its end and never in the grader's terminal."""

import os
import threading
import time

KEPT_BYTES = 4000
FREE_BYTES = 1 << 20  # read at full speed until here, then slowly: a flood blocks its own writer
SLOW_SECONDS = 0.05


class Tail:
    """Reads a pipe on a thread and keeps the last `KEPT_BYTES`.

    Give `writer` to the child, then call `close_writer`.
    """

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe2(os.O_CLOEXEC)
        self._kept = b""
        self._thread = threading.Thread(target=self._read, name="kernel-stderr", daemon=True)
        self._thread.start()

    def close_writer(self) -> None:
        """After the child has its copy: else the pipe never ends."""
        os.close(self.writer)

    def text(self, wait_seconds: float = 1.0) -> str:
        """What was said last, as printable ASCII, once the pipe has ended or `wait_seconds` later."""
        self._thread.join(wait_seconds)
        return ascii(self._kept.decode(errors="replace").strip())[1:-1]

    def _read(self) -> None:
        total = 0
        while chunk := os.read(self._reader, 1 << 16):
            total += len(chunk)
            self._kept = (self._kept + chunk)[-KEPT_BYTES:]
            if total > FREE_BYTES:
                time.sleep(SLOW_SECONDS)
        os.close(self._reader)
