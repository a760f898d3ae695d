"""What was sent to the platform: the only way to tell our own grade from one a teacher changed there.

A journal of JSON lines, 0600. Each line carries the digest of the line before it, and a witness file the
digest of the last line; the first line binds the journal to one line item. From that follows what a damaged
ledger can do: a journal that is torn, edited or older than its witness is not believed, one of another course
is refused. What is not believed is unknown, and what is unknown is never overwritten without `--overwrite`.

It holds the platform's user ids and points, no names; comments only as digests.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.ags import Result, Score
from autograder.lms.csvtext import write_atomically

VERSION = 1


Sent = tuple[float, float, str]  # points, maximum, digest of the comment


@dataclass(slots=True)
class Entry:
    """What we know of one user: the score the platform took, and those it may have taken since."""

    confirmed: Sent | None = None
    pending: list[Sent] = field(default_factory=list)
    timestamp: int = 0  # of the last score sent, seconds


class Ledger:
    """The journal of one line item. Use as a context manager: one process at a time."""

    def __init__(self, path: Path, course: str) -> None:
        """`course` is what the ledger is bound to: the line item's address and the tool's client id.

        Raises LmsError when the journal belongs to another course, or another process uses it.
        """
        self.path = path
        self.witness = path.with_suffix(".head")
        self._course = course
        self._entries: dict[str, Entry] = {}
        self._salt = ""
        self._head = ""
        self._end = 0  # where the next line goes
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        os.fchmod(self._file.fileno(), 0o600)
        try:
            self._lock()
            self.believed = self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def is_ours(self, user: str, result: Result) -> bool:
        """Whether the platform's result is one that we sent, points and comment."""
        entry = self._entries.get(user, Entry())
        sent = [*([entry.confirmed] if entry.confirmed else []), *entry.pending]
        return any(self._fits(one, result) for one in sent)

    def knows(self, user: str) -> bool:
        """Whether the platform took a score of this user from us."""
        return self._entries.get(user, Entry()).confirmed is not None

    def sent_comment(self, score: Score) -> bool | None:
        """Whether the last score the platform took had this comment; None when unknown."""
        confirmed = self._entries.get(score.user, Entry()).confirmed
        return None if confirmed is None else confirmed[2] == self._digest(score.comment)

    def timestamp(self, user: str) -> int:
        """When the last score of this user was sent (seconds), 0 when never."""
        return self._entries.get(user, Entry()).timestamp

    def intend(self, score: Score, timestamp: int) -> None:
        """Written before a score is sent: it may arrive even if no answer does."""
        if not self.believed:
            self._start()
        self._append({"intend": score.user, "sent": self._sent_form(score), "timestamp": timestamp})

    def confirm(self, score: Score) -> None:
        """Written when the platform has taken a score."""
        if not self.believed:
            self._start()
        self._append({"confirm": score.user, "sent": self._sent_form(score)})

    def forget(self, user: str) -> bool:
        """Remove every trace of a user; whether there may have been one. A journal that is not believed
        goes as a whole."""
        if self.believed and user not in self._entries:
            return False
        entries = {name: entry for name, entry in self._entries.items() if name != user}
        self._start()
        for name, entry in entries.items():
            if entry.confirmed:
                self._append({"confirm": name, "sent": entry.confirmed, "timestamp": entry.timestamp})
            for sent in entry.pending:
                self._append({"intend": name, "sent": sent, "timestamp": entry.timestamp})
        return True

    def _sent_form(self, score: Score) -> Sent:
        return score.given, score.maximum, self._digest(score.comment)

    def _fits(self, sent: Sent, result: Result) -> bool:
        points, maximum, digest = sent
        if not Score("", points, maximum, "").is_at(result):
            return False
        return result.comment is None or self._digest(result.comment) == digest

    def _digest(self, comment: str) -> str:
        text = " ".join(comment.split()).encode()
        return hmac.new(self._salt.encode(), text, hashlib.sha256).hexdigest()[:32]

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = _("Another push of the same assignment is running ({path}).")
            raise LmsError(text, path=self.path) from error

    def _read(self) -> bool:
        """Take over the journal; False when it is new or not to be believed, and nothing was taken."""
        lines = self._file.read().split(b"\n")[:-1]  # what follows the last line end is torn
        records = list(_chain(lines))
        if not records:
            return False
        first = records[0]
        if first.get("course") != self._course or first.get("version") != VERSION:
            text = _(
                "The ledger {path} belongs to another course, line item or tool. Move it away if you are "
                "sure; grades it knew of will then be kept as they are on the platform."
            )
            raise LmsError(text, path=self.path)
        digests = [_digest_of(line) for line in lines[: len(records)]]
        # after a crash the witness may be one line behind
        if self._witnessed() not in digests[-2:]:
            return False
        self._salt, self._head = str(first["salt"]), digests[-1]
        self._end = sum(len(line) + 1 for line in lines[: len(records)])
        for record in records[1:]:
            self._apply(record)
        return True

    def _witnessed(self) -> str:
        try:
            return self.witness.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return ""

    def _apply(self, record: dict[str, Any]) -> None:
        points, maximum, digest = record["sent"]
        sent = (float(points), float(maximum), str(digest))
        entry = self._entries.setdefault(str(record.get("intend", record.get("confirm"))), Entry())
        entry.timestamp = max(entry.timestamp, int(record.get("timestamp", 0)))
        if "intend" in record:
            entry.pending.append(sent)
        else:
            entry.confirmed, entry.pending = sent, []

    def _start(self) -> None:
        """Begin a new journal in place of the old one; digests that were believed stay valid."""
        self._salt = self._salt or secrets.token_hex(16)
        self._entries, self._head, self._end = {}, "", 0
        self.believed = True
        self._append({"course": self._course, "version": VERSION, "salt": self._salt})

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps({**record, "after": self._head}).encode()
        try:
            self._file.seek(self._end)
            self._file.truncate()
            self._file.write(line + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            text = _("Cannot write {path}: {reason}.")
            raise LmsError(text, path=self.path, reason=error.strerror) from error
        self._head = _digest_of(line)
        self._end += len(line) + 1
        write_atomically(self.witness, self._head.encode())
        if "sent" in record:
            self._apply(record)


def _chain(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    """The records up to the first line that does not follow from the one before."""
    head = ""
    for line in lines:
        try:
            record = json.loads(line)
            if record["after"] != head:
                return
        except (ValueError, KeyError, TypeError):
            return
        yield record
        head = _digest_of(line)


def _digest_of(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def ledger_path(folder: Path, lineitems_url: str, assignment: str) -> Path:
    """Where the ledger of one assignment is: named by a digest, so that courses do not meet."""
    digest = hashlib.sha256(json.dumps([lineitems_url, assignment]).encode()).hexdigest()[:16]
    return folder / f"{digest}.jsonl"


def forget_everywhere(folder: Path, user: str) -> int:
    """Remove every trace of a user from the ledgers in `folder`; in how many there may have been one.

    A file that is no ledger any more is deleted: nobody could say what is in it.
    """
    count = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            course = str(json.loads(path.read_bytes().split(b"\n")[0])["course"])
        except (ValueError, KeyError, TypeError):
            path.unlink()
            path.with_suffix(".head").unlink(missing_ok=True)
            count += 1
            continue
        with Ledger(path, course) as ledger:
            count += ledger.forget(user)
    return count
