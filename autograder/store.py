"""What was computed already, kept under the hash of everything that went in.

An entry is a file `<first two digits>/<key>.json`: one line with the SHA-256 of the rest, one that names whose it is,
then JSON. It is written to a temporary name and moved, so a reader sees a whole entry or none. An entry that does not
match its checksum counts as missing. The store can be emptied at any time: it only saves work.
"""

import hashlib
import heapq
import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from autograder.files import write_whole

KINDS = ("outcomes", "executions", "trainings")  # the stores of a course, folders side by side
_NEW = ".new-"
_LONGEST_LINE = 200  # bytes: a checksum, or a name
_LONGEST_WRITE = 3600.0  # s: a temporary file older than this was left by a process that was killed


def key_of(*parts: Any) -> str:
    """SHA-256 over the canonical JSON of `parts`, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def owner_of(student: str) -> str:
    """Under which name a learner's entries are put: no id stands in the store."""
    return key_of(student)[:16]


class Store:
    """A folder of entries."""

    def __init__(self, folder: Path, owner: str = "") -> None:
        """`folder` is made when the first entry is written; `owner`: on whose behalf entries are put, see `trim`."""
        self.folder = folder
        self.owner = owner

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
            return json.loads(body.partition(b"\n")[2])
        except (OSError, ValueError, RecursionError):
            return None

    def put(self, key: str, value: Any, owner: str | None = None) -> None:
        """Keep `value` (JSON) under `key`. A full disk is not an error: the work is then done again."""
        name = self.owner if owner is None else owner
        body = f"{name}\n{json.dumps(value)}".encode()
        path = self._path(key)
        with suppress(OSError):
            write_whole(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body, prefix=_NEW)


def trim(folder: Path, max_bytes: int) -> int:
    """Remove entries of the stores below `folder` until they fit `max_bytes`; returns how many went.

    Who has most there loses first, the entries used longest ago: nobody's entries push out those of one who has less.
    What killed processes left half-written goes in any case.
    """
    entries: list[Entry] = []
    for path in (p for kind in KINDS for p in folder.glob(f"{kind}/??/*")):
        with suppress(OSError):  # another run trims, too
            status = path.stat()
            if not path.name.startswith(_NEW):
                entries.append(Entry(status.st_mtime, status.st_size, path))
            elif time.time() - status.st_mtime > _LONGEST_WRITE:
                path.unlink()
    removed = list(_to_remove(entries, sum(entry.size for entry in entries) - max_bytes))
    for entry in removed:
        entry.path.unlink(missing_ok=True)
    return len(removed)


class Entry(NamedTuple):
    """A file of a store: when it was used last, bytes."""

    used: float
    size: int
    path: Path


def _to_remove(entries: Sequence[Entry], excess: int) -> Iterator[Entry]:
    """Entries of at least `excess` bytes together."""
    if excess <= 0:
        return
    owned: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, reverse=True):
        owned[_owner(entry.path)].append(entry)
    most = [(-sum(entry.size for entry in own), name) for name, own in owned.items()]
    heapq.heapify(most)
    while excess > 0 and most:
        size, name = most[0]
        entry = owned[name].pop()
        yield entry
        excess -= entry.size
        if owned[name]:
            heapq.heapreplace(most, (size + entry.size, name))
        else:
            heapq.heappop(most)


def _owner(path: Path) -> bytes:
    """Whose entry it is; nobody's, when it cannot be told."""
    try:
        with path.open("rb") as file:
            file.readline(_LONGEST_LINE)
            return file.readline(_LONGEST_LINE)
    except OSError:
        return b""


def usage(folder: Path) -> tuple[int, int]:
    """(number of entries, bytes of all files) of the stores below `folder`; a family's helper may keep files, too."""
    files = [p for kind in KINDS for p in folder.glob(f"{kind}/**/*") if p.is_file()]
    return sum(p.match("??/*.json") for p in files), sum(p.stat().st_size for p in files)


def empty(folder: Path) -> None:
    """Forget everything in the stores below `folder`."""
    for kind in KINDS:
        shutil.rmtree(folder / kind, ignore_errors=True)


def forget(folder: Path, student: str) -> int:
    """Forget what was computed on a learner's behalf in the stores below `folder`; how many entries that were."""
    owner = f"{owner_of(student)}\n".encode()
    found = [p for kind in KINDS for p in folder.glob(f"{kind}/??/*.json") if _owner(p) == owner]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
