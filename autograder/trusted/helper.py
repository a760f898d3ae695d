"""A process that outlives the forked checks, for work whose preparation is dear, such as compiling.

    parent ── forks ── helper        keeps what a family's function (`Family.helper`) prepared
       └───── forks ── child ── asks the helper: a list of bytes, gives another

The parent forks it when a child asks and none lives; so it is replaced when it dies. A child hands over one end of a
pair of sockets by a datagram, and there is no address that others could find. What crosses is bytes that the family's
function takes apart: data, never pickles. Whatever goes wrong, the child does the work by itself: the helper saves time
and decides nothing.
"""

import json
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from autograder.unit import attribute

Still = Callable[[], None]  # what the work calls now and then, to say that it goes on
Work = Callable[[Sequence[bytes], Still], Sequence[Any]]  # Any: bytes, or an array's memory
PATIENCE = 5.0  # s until the helper takes a request; after that it is at work for another child
STALLED = 120  # s on the clock without a sign of life: it hangs
LOOK_SECONDS = 1.0
IDLE_SECONDS = 900.0  # without a request, after which it ends
MOST_MEMORY = 1 << 30  # bytes of its own; beyond, it ends after an answer, and another one begins anew
MAX_PART = 1 << 30


class Late(Exception):
    """The work needs more CPU time than there is for it."""


class Helper:
    """In the parent: starts the process when it is asked for and does not live."""

    def __init__(self, work: str) -> None:
        """`work`: import name of a `Work`; empty for a family that has none."""
        self.work = work
        self.inbox, self.outbox = socket.socketpair(type=socket.SOCK_DGRAM)
        self.outbox.setblocking(False)
        self._life = -1  # read end of a pipe whose other end the process alone holds

    @property
    def sign(self) -> int:
        """What becomes readable when something is to be done: it is asked for, or it has ended."""
        return self._life if self._life >= 0 else self.inbox.fileno()

    def respond(self, listener: socket.socket) -> None:
        """Do it. `listener`: what the parent alone serves."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
            return
        self._life, held = os.pipe()
        parent = os.getpid()
        if os.fork() == 0:
            try:
                listener.close()
                self.outbox.close()
                _live(self.inbox, self.work, parent)
            finally:
                os._exit(1)
        os.close(held)

    def for_child(self, seconds: float) -> "Client":
        """In a forked child that may use so much CPU time: how it asks."""
        self.inbox.close()
        if self._life >= 0:
            os.close(self._life)
        return Client(self.outbox if self.work else None, seconds)


class Client:
    """In a child: asks for work, and knows how much CPU time was used for it in both processes."""

    def __init__(self, outbox: socket.socket | None, seconds: float) -> None:
        self._outbox = outbox
        self._seconds = seconds
        self._elsewhere = 0.0

    def spent(self) -> float:
        """CPU time so far, s."""
        return time.process_time() + self._elsewhere

    def ask(self, parts: Sequence[Any]) -> list[bytes] | None:
        """What came of the work; None when it has to be done here."""
        if self._outbox is None:
            return None
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", STALLED, 0))
        with Connection(ours.detach()) as line, theirs, suppress(OSError, EOFError):
            socket.send_fds(self._outbox, [b"?"], [theirs.fileno()])
            theirs.close()
            if line.poll(PATIENCE):
                helper = json.loads(line.recv_bytes())["pid"]
                line.send_bytes(json.dumps({"seconds": self._seconds - self.spent(), "parts": len(parts)}).encode())
                for part in parts:
                    line.send_bytes(part)
                return self._followed(line, helper)
        return None

    def _followed(self, line: Connection, helper: int) -> list[bytes] | None:
        """The end of the work. Raises OSError or EOFError when the helper died."""
        before = self._elsewhere
        while line.poll(STALLED + LOOK_SECONDS):
            said = json.loads(line.recv_bytes())
            self._elsewhere = before + said["cpu"]
            if "parts" in said:
                return [line.recv_bytes(MAX_PART) for _part in range(said["parts"])]
            if "failed" in said:
                return None
            while "late" in said:  # the thread that watches the time ends this process
                self._elsewhere = max(self._elsewhere, self._seconds)
                time.sleep(LOOK_SECONDS)
        os.kill(helper, signal.SIGKILL)  # it was stopped: its own alarm did not end it
        return None


asks: Client | None = None  # of this process, when it is a child of a parent with a helper


def ask(parts: Sequence[Any]) -> list[bytes] | None:
    """What the helper makes of these; None where there is none, or it fails: the work is to be done here."""
    return asks.ask(parts) if asks is not None else None


def _live(inbox: socket.socket, name: str, parent: int) -> NoReturn:
    """The helper's life: until its parent has ended, nobody asks any more, or it has become too large or too old."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    inbox.settimeout(LOOK_SECONDS)
    asked = time.monotonic()
    while True:
        signal.alarm(STALLED)  # its default action ends this process, whatever hangs
        with suppress(OSError, EOFError):  # nobody asked, or a child has gone
            _message, ends, _flags, _address = socket.recv_fds(inbox, 1, 1)
            with Connection(ends[0]) as line:
                _serve(line, attribute(name), parent)
            asked = time.monotonic()
        if os.getppid() != parent or _is_worn_out() or time.monotonic() - asked > IDLE_SECONDS:
            os._exit(0)


def _serve(line: Connection, work: Work, parent: int) -> None:
    began = time.process_time()
    line.send_bytes(json.dumps({"pid": os.getpid()}).encode())
    asked = json.loads(line.recv_bytes())
    parts = [line.recv_bytes(MAX_PART) for _part in range(asked["parts"])]

    def say(**said: Any) -> None:
        line.send_bytes(json.dumps({**said, "cpu": time.process_time() - began}).encode())

    def still() -> None:
        if os.getppid() != parent:
            os._exit(0)
        signal.alarm(STALLED)
        say()
        if time.process_time() - began > asked["seconds"]:
            raise Late

    try:
        answer = work(parts, still)
    except Late:
        say(late=True)
    except Exception:  # the child does it again, and meets the error itself
        say(failed=True)
    else:
        say(parts=len(answer))
        for part in answer:
            line.send_bytes(part)


def _is_worn_out() -> bool:
    """Whether it has more memory of its own than it should, or used half of the CPU time that it may ever use."""
    allowed = resource.getrlimit(resource.RLIMIT_CPU)[0]
    if allowed != resource.RLIM_INFINITY and time.process_time() > allowed / 2:
        return True
    with suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        _all, resident, shared, *_rest = map(int, file.read().split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE") > MOST_MEMORY
    return False
