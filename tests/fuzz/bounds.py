"""What the fuzz targets share: how they are run, where they begin, and that they neither grow nor touch the host."""

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

ADDRESS_SPACE = 6 << 30  # bytes; TensorFlow alone maps 2.2 GiB
PEAK_GROWTH = 1 << 30  # bytes of resident memory above what the imports took
# of sys.addaudithook (docs.python.org/3/library/audit_events.html): what data alone must never bring about
FORBIDDEN = frozenset(
    """ctypes.dlopen ftplib.connect http.client.connect marshal.load marshal.loads os.exec os.fork os.forkpty os.kill
    os.posix_spawn os.remove os.rename os.spawn os.system pickle.find_class pty.spawn socket.bind socket.connect
    subprocess.Popen urllib.Request webbrowser.open""".split()
)
OWN = Path(__file__).parents[2] / "autograder"
PROGRAM = tuple(str(Path(p)) for p in {sys.prefix, sys.base_prefix, OWN, "/usr", "/proc/self", "/dev"})


class HostTouched(BaseException):
    """Not an Exception: no `except Exception` on the way may hide it."""


def fuzz(target: Callable[[bytes], None], seeds: Callable[[], list[bytes]], mutator: Callable[..., bytes]) -> None:
    """Run a target as the command line says: libFuzzer's options, then the corpus folder, which gets seeds when empty.

    From here on, more address space than the cap is a MemoryError, or the end.
    """
    _fill(Path(sys.argv[-1]), seeds)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    atheris.Setup(sys.argv, Guarded(target), custom_mutator=mutator)
    atheris.Fuzz()


def _fill(folder: Path, seeds: Callable[[], list[bytes]]) -> None:
    if not any(folder.iterdir()):
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:03}").write_bytes(seed)


class Guarded:
    """A target that raises HostTouched when a run of it touches the host, MemoryError when it grows too large."""

    def __init__(self, target: Callable[[bytes], None]) -> None:
        self._target = target
        self._watching = False
        self._peak = 0
        sys.addaudithook(self._heard)

    def __call__(self, data: bytes) -> None:
        self._peak = self._peak or _peak() + PEAK_GROWTH
        self._watching = True
        try:
            self._target(data)
        finally:
            self._watching = False
        if _peak() > self._peak:
            raise MemoryError(f"grew to {_peak() >> 20} MiB")

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event in FORBIDDEN or (event == "open" and _is_foreign(*arguments[:2])):
            raise HostTouched(f"{event} {arguments}"[:500])


def _is_foreign(path: Any, mode: Any) -> bool:
    """Whether opening it is more than Python reading its own modules."""
    if isinstance(path, int):
        return False
    return any(c in str(mode or "r") for c in "wax+") or not str(path).startswith(PROGRAM)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
