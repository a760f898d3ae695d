"""Does work on a stranger's text in a process of its own: whoever writes a text that takes for ever stops nobody.

A parser of HTML, Markdown or formulas needs time that may grow with the square of a text. The limit counts CPU time,
so that a busy machine takes nothing from an honest text.
"""

import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from autograder.scale.pool import LocalPool

MEMORY = 4 << 30  # bytes of address space
P = ParamSpec("P")
T = TypeVar("T")
_turn = threading.Lock()
_worker: LocalPool | None = None


def in_time(seconds: float, function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
    """`function(*arguments)`, computed by a process that has so many seconds of CPU time for it.

    Raises:
        TimeoutError: it needs more time, or more memory than there is for it. What `function` raises is raised here.
    """
    global _worker
    with _turn:
        _worker = _worker or LocalPool(1)
        try:
            return _worker.submit(_limited, seconds, function, *arguments, **keywords).result()
        except BrokenProcessPool as error:
            _end()
            raise TimeoutError(f"not done after {seconds:g} s") from error


def stop() -> None:
    """End the process; another one is started when it is needed."""
    with _turn:
        _end()


def _end() -> None:
    global _worker
    worker, _worker = _worker, None
    if worker is not None:
        worker.give_up()


def _limited(seconds: float, function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
    """In the process: SIGPROF, whose default action ends it, is not held back by code that never returns to Python."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return function(*arguments, **keywords)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
