"""What was computed already, kept under the hash of everything that went in.

An entry is a file `<first two digits>/<key>.json`: one line with the SHA-256 of the rest, then JSON. It is
written to a temporary name and moved, so a reader sees a whole entry or none. An entry that does not match its
checksum counts as missing. The store can be emptied at any time: it only saves work.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

KINDS = ("outcomes", "executions", "trainings")  # the stores of a course, folders side by side
_NEW = ".new-"
_LONGEST_WRITE = 3600.0  # s: a temporary file older than this was left by a process that was killed


def key_of(*parts: Any) -> str:
    """SHA-256 over the canonical JSON of `parts`, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Store:
    """A folder of entries."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first entry is written."""
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Any:
        """The value under `key`, or None when there is none or it is damaged."""
        try:
            checksum, _newline, body = self._path(key).read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != checksum:
                return None
            with suppress(OSError):  # another user's entry
                os.utime(self._path(key))
            return json.loads(body)
        except (OSError, ValueError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep `value` (JSON) under `key`. A full disk is not an error: the work is then done again."""
        body = json.dumps(value).encode()
        path = self._path(key)
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_NEW, delete=False) as file:
                temporary = Path(file.name)
                file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            temporary.replace(path)
        except OSError:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def trim(folder: Path, max_bytes: int) -> int:
    """Remove entries of the stores below `folder` until they fit `max_bytes`; returns how many went.

    The entries used longest ago go first, and what killed processes left half-written in any case.
    """
    entries = []
    for path in (p for kind in KINDS for p in folder.glob(f"{kind}/??/*")):
        with suppress(OSError):  # another run trims, too
            status = path.stat()
            if not path.name.startswith(_NEW):
                entries.append((status.st_mtime, status.st_size, path))
            elif time.time() - status.st_mtime > _LONGEST_WRITE:
                path.unlink()
    total, removed = sum(size for _time, size, _path in entries), 0
    for _time, size, path in sorted(entries):
        if total <= max_bytes:
            break
        path.unlink(missing_ok=True)
        total, removed = total - size, removed + 1
    return removed


def usage(folder: Path) -> tuple[int, int]:
    """(number of entries, bytes) of the stores below `folder`."""
    sizes = [p.stat().st_size for kind in KINDS for p in folder.glob(f"{kind}/??/*.json")]
    return len(sizes), sum(sizes)


def empty(folder: Path) -> None:
    """Forget everything in the stores below `folder`."""
    for kind in KINDS:
        shutil.rmtree(folder / kind, ignore_errors=True)
