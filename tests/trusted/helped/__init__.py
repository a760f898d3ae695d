"""A family and a unit whose kernels may ask the helper for anything: to see what becomes of one that dies or hangs."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.trusted import helper
from autograder.unit import Family, Unit

helper.STALLED = 2
helper.PATIENCE = 1.0
family = Family(name="helped", helper="tests.trusted.helped.work")
unit = Unit(__name__, Path(__file__).parent, family=__name__, answers=f"{__name__}.answer")
_count = 0


def work(parts: Sequence[bytes], still: helper.Still) -> list[bytes]:
    """Does what the first part says; tells which process that was, how often it was asked, and the other parts."""
    global _count
    _count += 1
    match parts[0]:
        case b"die":
            os._exit(3)
        case b"raise":
            raise ValueError
        case b"hang":
            time.sleep(3600)
        case b"stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case b"burn":
            while True:
                sum(range(100_000))
                still()
    return [str(os.getpid()).encode(), str(_count).encode(), *parts[1:]]


def answer(text: str, store: Any) -> dict[str, Any]:
    """What the helper gave, as texts; None where the child has to do it."""
    found = helper.ask([text.encode(), memoryview(b"a part")])
    return {"found": found and [part.decode() for part in found]}
