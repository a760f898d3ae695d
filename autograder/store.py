"""What was computed already, kept under the hash of everything that went in.

An entry is a file `<first two digits>/<key>.json`: one line with the SHA-256 of the rest, then JSON. It is
written to a temporary name and moved, so a reader sees a whole entry or none. An entry that does not match its
checksum counts as missing. The store can be emptied at any time: it only saves work.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def key_of(*parts: Any) -> str:
    """SHA-256 over the canonical JSON of `parts`, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Store:
    """A folder of entries, bounded in size: the entries used longest ago go first."""

    def __init__(self, folder: Path, max_bytes: int = 2 << 30) -> None:
        """`folder` is made when the first entry is written; `max_bytes` is kept by `trim`."""
        self.folder = folder
        self.max_bytes = max_bytes

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Any:
        """The value under `key`, or None when there is none or it is damaged."""
        try:
            checksum, _newline, body = self._path(key).read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != checksum:
                return None
            os.utime(self._path(key))
            return json.loads(body)
        except (OSError, ValueError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep `value` (JSON) under `key`. A full disk is not an error: the work is then done again."""
        body = json.dumps(value).encode()
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
                file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            Path(file.name).replace(path)
        except OSError:
            return

    def trim(self) -> int:
        """Remove the entries used longest ago until the store fits `max_bytes`; returns how many went."""
        entries = sorted((s.st_mtime, s.st_size, p) for p in self.folder.glob("??/*.json") for s in [p.stat()])
        total, removed = sum(size for _time, size, _path in entries), 0
        for _time, size, path in entries:
            if total <= self.max_bytes:
                break
            path.unlink(missing_ok=True)
            total, removed = total - size, removed + 1
        return removed
