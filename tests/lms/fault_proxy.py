"""A proxy on 127.0.0.1 between the client and the platform that does what networks do.

It forwards to the real platform, except where its seeded dice say otherwise; the platform's answers are never
made up, only lost, delayed or cut short.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

# dropped before: the platform never sees it; dropped after: it does, the client never hears
FAULTS = (
    "drop-before",
    "drop-after",
    "busy",
    "error-before",
    "error-after",
    "slow",
    "truncated",
    "late",
)
SLOW = 0.7  # seconds; the tests' client waits for 0.5
LATE = 0.6  # a request that reaches the platform when its client has given up


class FaultProxy:
    """Forwards to `target`; each request fails with `probability`, in one of FAULTS, by seeded dice."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.counts: Counter[str] = Counter()
        self.dice = random.Random(0)
        self.probability = 0.0
        self.faults: tuple[str, ...] = FAULTS
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._pending: list[threading.Thread] = []
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self, seed: int, probability: float, faults: tuple[str, ...] = FAULTS) -> None:
        self.dice, self.probability, self.faults = random.Random(seed), probability, faults

    def behind(self, url: str) -> str:
        """The address of `url` through this proxy."""
        return url.replace(f"{self.target.scheme}://{self.target.netloc}", self.url)

    def next_fault(self, method: str, path: str) -> str:
        fault = self.dice.choice(self.faults) if self.dice.random() < self.probability else "none"
        if fault == "late" and not path.split("?")[0].endswith("/scores"):
            fault = "slow"  # a column made twice cannot be undone by a later message, a score can
        self.counts[fault] += 1
        return fault

    def later(self, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        self._pending.append(thread)

    def settle(self) -> None:
        """Wait until every late request has reached the platform."""
        while self._pending:
            self._pending.pop().join()

    def close(self) -> None:
        self.settle()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: ClassVar[FaultProxy]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: object) -> None:
        """Tests are silent."""

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_GET

    def _handle(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault(self.command, self.path)
        if fault == "drop-before":
            return
        if fault == "late":
            self.proxy.later(lambda: (time.sleep(LATE), self._forward(body)))
            time.sleep(SLOW)
            return
        if fault in ("busy", "error-before"):
            self._answer(429 if fault == "busy" else 500, b"", {"Retry-After": "1"})
            return
        status, answer, headers = self._forward(body)
        if fault == "drop-after":
            return
        if fault == "error-after":
            status, answer = 503, b"<html>"
        if fault == "slow":
            time.sleep(SLOW)
        self._answer(status, answer, headers, cut=fault == "truncated")

    def _forward(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        target = HTTPConnection(self.proxy.target.hostname or "", self.proxy.target.port or 80, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
        target.request(self.command, self.path, body or None, headers)  # Host stays: addresses point back here
        reply = target.getresponse()
        answer = reply.read()
        kept = {k: v for k, v in reply.getheaders() if k.lower() in ("content-type", "link")}
        target.close()
        return reply.status, answer, kept

    def _answer(self, status: int, body: bytes, headers: dict[str, str], cut: bool = False) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + (7 if cut else 0)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up
