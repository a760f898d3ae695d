"""What was sent to the platforms: the only way to tell our own grade from one a teacher changed there.

One SQLite file in the course's root, which all who grade the course share. Its journal is SQLite's rollback
journal, not a write-ahead log: that needs memory shared between processes, which network file systems do not
have. What it does not know of is never overwritten without `--overwrite`; so a ledger that is lost costs a
question, never a grade.

It holds the platform's user ids and points, no names; comments only as salted digests.
"""

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.ags import Result, Score
from autograder.lms.locks import exclusive

NAME = "lms-ledger.sqlite3"
LOCKS = Path(".autograder", "lms")  # below the course's root
VERSION = 1
PATIENCE = 30.0  # seconds that a command waits for another's write
SCHEMA = """
CREATE TABLE salt (value TEXT NOT NULL) STRICT;
CREATE TABLE columns (id INTEGER PRIMARY KEY, course TEXT NOT NULL, resource TEXT NOT NULL,
                      url TEXT NOT NULL DEFAULT '', UNIQUE (course, resource)) STRICT;
CREATE TABLE scores (column_id INTEGER NOT NULL REFERENCES columns (id), user TEXT NOT NULL, points REAL NOT NULL,
                     maximum REAL NOT NULL, comment TEXT NOT NULL, sent_at INTEGER NOT NULL,
                     confirmed INTEGER NOT NULL) STRICT;
CREATE INDEX scores_of ON scores (column_id, user);
CREATE TABLE members (course TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (course, user)) STRICT;
"""

Sent = tuple[float, float, str]  # points, maximum, digest of the comment


@dataclass(slots=True)
class Entry:
    """What we know of one user: the score the platform took, and those it may have taken since."""

    confirmed: Sent | None = None
    pending: list[Sent] = field(default_factory=list)
    timestamp: int = 0  # of the last score sent, seconds


class Ledger:
    """The ledger of a course. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises LmsError when it is damaged, another version's, or cannot be written."""
        self.path = path
        with self._told():
            if not path.exists():
                with suppress(FileExistsError):
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _mode(path.parent)))
                with suppress(PermissionError):  # not ours, and made with the right mode by its owner
                    path.chmod(_mode(path.parent))
            self._db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @contextmanager
    def lock(self, course: str, resource: str) -> Iterator[None]:
        """Held from before a column is looked for until its grades are sent: one push of an assignment at a time."""
        digest = hashlib.sha256(json.dumps([course, resource]).encode()).hexdigest()[:16]
        with exclusive(self.path.parent / LOCKS / f"{digest}.lock", _mode(self.path.parent)):
            yield

    def column(self, course: str, resource: str, url: str) -> "Column":
        """What was sent to the column `url` of `course` (the address of its line items) for `resource`.

        What was sent to another column of this name is forgotten: it says nothing about this one.
        """
        with self.write() as db:
            db.execute("INSERT OR IGNORE INTO columns (course, resource) VALUES (?, ?)", (course, resource))
            query = "SELECT rowid, url FROM columns WHERE course = ? AND resource = ?"
            number, known = db.execute(query, (course, resource)).fetchone()
            if known != url:
                db.execute("DELETE FROM scores WHERE column_id = ?", (number,))
                db.execute("UPDATE columns SET url = ? WHERE rowid = ?", (url, number))
        return Column(self, int(number))

    def members(self, course: str) -> frozenset[str]:
        """The platform's ids of the learners of `course`, as `lms roster` read them last."""
        with self._told():
            return frozenset(u for (u,) in self._db.execute("SELECT user FROM members WHERE course = ?", (course,)))

    def set_members(self, course: str, users: Iterable[str]) -> None:
        with self.write() as db:
            db.execute("DELETE FROM members WHERE course = ?", (course,))
            db.executemany("INSERT INTO members VALUES (?, ?)", [(course, user) for user in sorted(set(users))])

    def forget(self, user: str) -> int:
        """Remove every trace of a user, in the file's free pages too; in how many columns there was one."""
        with self.write() as db:
            found = db.execute("SELECT COUNT(DISTINCT column_id) FROM scores WHERE user = ?", (user,)).fetchone()[0]
            for table in ("scores", "members"):
                db.execute(f"DELETE FROM {table} WHERE user = ?", (user,))  # noqa: S608
        with self._told():
            self._db.execute("VACUUM")
        return int(found)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is in the file when this returns, or nothing."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def entries(self, column: int) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        query = (
            "SELECT user, points, maximum, comment, sent_at, confirmed FROM scores WHERE column_id = ? ORDER BY rowid"
        )
        with self._told():
            for user, points, maximum, comment, sent_at, confirmed in self._db.execute(query, (column,)):
                entry = found.setdefault(user, Entry())
                entry.timestamp = max(entry.timestamp, sent_at)
                if confirmed:
                    entry.confirmed = (points, maximum, comment)
                else:
                    entry.pending.append((points, maximum, comment))
        return found

    def digest(self, comment: str) -> str:
        text = " ".join(comment.split()).encode()
        return hmac.new(self._salt, text, hashlib.sha256).hexdigest()[:32]

    def _prepare(self) -> None:
        for setting in ("journal_mode = DELETE", "synchronous = FULL", "secure_delete = ON"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute("BEGIN IMMEDIATE")
        (fault,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
        if fault != "ok":
            raise sqlite3.DatabaseError(fault)
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT INTO salt VALUES (?)", (secrets.token_hex(16),))
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        if version not in (0, VERSION):
            text = _("The ledger {path} is of another version of this program ({version}).")
            raise LmsError(text, path=self.path, version=version)
        self._salt = str(self._db.execute("SELECT value FROM salt").fetchone()[0]).encode()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the file as sentences."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LmsError(_("Cannot write {path}: {reason}."), path=self.path, reason=error) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes what it cannot read
            text = _(
                "The ledger {path} is damaged ({reason}). Put back a copy, or move it away: grades on the platform "
                "are then kept until “lms push --adopt” takes them for its own."
            )
            raise LmsError(text, path=self.path, reason=error) from error
        except OSError as error:
            raise LmsError(_("Cannot write {path}: {reason}."), path=self.path, reason=error.strerror) from error


class Column:
    """What was sent to one line item."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self._ledger = ledger
        self._number = number
        self._entries = ledger.entries(number)

    def is_ours(self, user: str, result: Result) -> bool:
        """Whether the platform's result is one that we sent, points and comment."""
        entry = self._entries.get(user, Entry())
        sent = [*([entry.confirmed] if entry.confirmed else []), *entry.pending]
        return any(self._fits(one, result) for one in sent)

    def knows(self, user: str) -> bool:
        """Whether the platform took a score of this user from us."""
        return self._entries.get(user, Entry()).confirmed is not None

    def has_sent(self, user: str) -> bool:
        """Whether a score of this user was ever sent, taken or not."""
        return user in self._entries

    def sent_comment(self, score: Score) -> bool | None:
        """Whether the last score the platform took had this comment; None when unknown."""
        confirmed = self._entries.get(score.user, Entry()).confirmed
        return None if confirmed is None else confirmed[2] == self._ledger.digest(score.comment)

    def timestamp(self, user: str) -> int:
        """When the last score of this user was sent (seconds), 0 when never."""
        return self._entries.get(user, Entry()).timestamp

    def intend(self, scores: Sequence[Score], timestamp: int) -> None:
        """Written before scores are sent: they may arrive even if no answer does."""
        self._insert(scores, timestamp, confirmed=False)
        for score in scores:
            entry = self._entries.setdefault(score.user, Entry())
            entry.pending.append(self._sent(score))
            entry.timestamp = max(entry.timestamp, timestamp)

    def confirm(self, scores: Sequence[Score]) -> None:
        """Written when the platform has taken scores."""
        self._insert(scores, 0, confirmed=True)
        for score in scores:
            self._entries[score.user] = Entry(self._sent(score), [], self.timestamp(score.user))

    def _insert(self, scores: Sequence[Score], timestamp: int, *, confirmed: bool) -> None:
        rows = [
            (self._number, s.user, *self._sent(s), max(timestamp, self.timestamp(s.user)), confirmed) for s in scores
        ]
        with self._ledger.write() as db:
            if confirmed:
                db.executemany("DELETE FROM scores WHERE column_id = ? AND user = ?", [row[:2] for row in rows])
            db.executemany("INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _sent(self, score: Score) -> Sent:
        return score.given, score.maximum, self._ledger.digest(score.comment)

    def _fits(self, sent: Sent, result: Result) -> bool:
        points, maximum, digest = sent
        if not Score("", points, maximum, "").is_at(result):
            return False
        return result.comment is None or self._ledger.digest(result.comment) == digest


def _mode(folder: Path) -> int:
    """Of a file beside the gradebook: for the owner, and for the folder's group where that may write there."""
    return 0o660 if folder.stat().st_mode & 0o020 else 0o600
