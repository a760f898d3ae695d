"""The queue of attempts: an SQLite file in WAL mode with one writing process, which may be killed at any moment.

One attempt waits per student and notebook: a newer one replaces it and keeps its place. Nobody's second attempt goes
before what others handed in within `BEHIND` seconds after it. What was being looked at when the process was killed
waits again; after `TRIES` times it is broken.

A *look* is feedback on a task whose code had changed: looks of one task have a distance and a number a day.
"""

import fcntl
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.errors import SetupError, SubmissionError
from autograder.i18n import _
from autograder.practice.rows import COLUMNS, Attempt, Key, Limits, attempt_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt(
  id INTEGER PRIMARY KEY, student TEXT NOT NULL, assignment TEXT NOT NULL, notebook TEXT NOT NULL,
  source TEXT, keys TEXT NOT NULL, place REAL NOT NULL, put REAL NOT NULL, due REAL NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting'
    CHECK(state IN ('waiting','running','done','broken','replaced','late')),
  tries INTEGER NOT NULL DEFAULT 0, began REAL, ended REAL, known INTEGER NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '{}');
CREATE UNIQUE INDEX IF NOT EXISTS one_waiting ON attempt(student, assignment, notebook) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS by_state ON attempt(state, place);
CREATE INDEX IF NOT EXISTS by_student ON attempt(student, assignment, notebook);
CREATE TABLE IF NOT EXISTS look(
  attempt INTEGER NOT NULL, student TEXT NOT NULL, assignment TEXT NOT NULL, notebook TEXT NOT NULL, task TEXT NOT NULL,
  at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_task ON look(student, assignment, notebook, task, at);
CREATE TABLE IF NOT EXISTS work(attempt INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen(
  student TEXT NOT NULL, assignment TEXT NOT NULL, notebook TEXT NOT NULL, stamp TEXT NOT NULL,
  PRIMARY KEY(student, assignment, notebook));
"""
TRIES = 3
BEHIND = 600.0  # s: as if each further attempt of a student's had been handed in so much later
DAY = 86_400.0
ORDER = f"""
SELECT id, row_number() OVER (ORDER BY place + {BEHIND} * turn, id) - 1 AS ahead FROM (
  SELECT id, place, row_number() OVER (PARTITION BY student ORDER BY place, id) - 1 + (
    SELECT count(*) FROM attempt b WHERE b.student = a.student AND (b.state = 'running' OR b.began >= a.place)) AS turn
  FROM attempt a WHERE state = 'waiting' AND due <= :now)
"""  # noqa: S608  # a number of ours
OLD = """
WHERE student=? AND assignment=? AND notebook=? AND state NOT IN ('waiting','running')
ORDER BY id DESC LIMIT -1 OFFSET ?
"""
SPENT = _(
    "You had feedback on {task} {count} times within a day. The next one is possible at {again}. Think it through on "
    "paper, or ask somebody: that goes further now."
)
SPENT_ELSEWHERE = _(
    "You had feedback on changes outside of the tasks {count} times within a day. The next one is possible at {again}."
)


class QuotaSpent(SubmissionError):
    """All looks at a task that a student has within a day are spent."""


class QueueFull(SubmissionError):
    """So many attempts wait that no other is taken."""


class Queue:
    """The queue in a folder. All methods may be called on any thread; the process is the only one that writes."""

    def __init__(self, folder: Path, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        """`folder` is made.

        Raises:
            SetupError: another process has the queue.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.limits, self.clock = limits, clock
        self._lock = _only_one(folder / "queue.lock")
        self._turn = threading.RLock()
        self._db = sqlite3.connect(folder / "queue.sqlite", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # what was promised outlives a loss of power, too
        self._db.executescript(SCHEMA)
        self._take_up()

    def close(self) -> None:
        """Let another process have it."""
        with self._turn:
            self._db.close()
            os.close(self._lock)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:  # commits, or rolls back
                yield self._db

    def _take_up(self) -> None:
        """What an earlier process was at waits again, in its place; what replaced it meanwhile stays."""
        with self._transaction() as db:
            for row in db.execute(f"SELECT {COLUMNS} FROM attempt WHERE state = 'running'").fetchall():  # noqa: S608
                attempt = attempt_of(row)
                db.execute("DELETE FROM look WHERE attempt = ?", (attempt.id,))
                state = "replaced" if self._is_replaced(attempt) else "broken" if attempt.tries >= TRIES else "waiting"
                ended = None if state == "waiting" else self.clock()
                db.execute("UPDATE attempt SET state=?, began=NULL, ended=? WHERE id=?", (state, ended, attempt.id))
                if state != "waiting":
                    db.execute("DELETE FROM work WHERE attempt=?", (attempt.id,))

    def _is_replaced(self, attempt: Attempt) -> bool:
        """Whether a newer attempt at the same notebook waits."""
        question = "SELECT 1 FROM attempt WHERE student=? AND assignment=? AND notebook=? AND state='waiting'"
        return self._db.execute(question, attempt.key).fetchone() is not None

    def put(self, key: Key, keys: Mapping[str, str], body: bytes, source: str | None = None) -> int | None:
        """A new attempt's id. `body`: what was handed in.

        `source`: a folder of the exchange, by its name; None is returned for one that was put before, or is older.

        Raises:
            QuotaSpent: it has a change in a task that was looked at too often today.
            QueueFull: too many wait.
        """
        now = self.clock()
        with self._transaction() as db:
            if source is not None and not self._is_new(key, source):
                return None
            due = max([now, *(self._due(key, task, now) for task in self._changed(key, keys))])
            old = db.execute("UPDATE attempt SET state='replaced', ended=? WHERE student=? AND assignment=? AND "
                             "notebook=? AND state='waiting' RETURNING place, id", (now, *key)).fetchone()  # fmt: skip
            if old:
                db.execute("DELETE FROM work WHERE attempt=?", (old[1],))
            waiting = db.execute("SELECT count(*) FROM attempt WHERE state='waiting'").fetchone()[0]
            if waiting >= self.limits.waiting:
                raise QueueFull(_("The queue is full. Your last feedback is still there; try again in some minutes."))
            place = old[0] if old else now
            values = (*key, source, json.dumps(dict(keys)), place, now, due)
            number = db.execute("INSERT INTO attempt(student, assignment, notebook, source, keys, place, put, due) "
                                "VALUES (?,?,?,?,?,?,?,?)", values).lastrowid  # fmt: skip
            db.execute("INSERT INTO work VALUES (?,?)", (number, body))
            return number

    def _is_new(self, key: Key, source: str) -> bool:
        """Whether this folder is newer than those before; it is then the newest. One row a notebook, whatever comes."""
        stamp = source.split("+")[2]
        done = self._db.execute("INSERT INTO seen VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET stamp=excluded.stamp "
                                "WHERE excluded.stamp > stamp", (*key, stamp))  # fmt: skip
        return done.rowcount == 1

    def refuse(self, key: Key, source: str, why: Mapping[str, Any]) -> None:
        """Remember that what came through the exchange was not taken, and why, so that the page can say it."""
        now = self.clock()
        values = (*key, source, "{}", now, now, now, "broken", now, json.dumps({"why": dict(why)}))
        with self._transaction() as db:
            if self._is_new(key, source):
                db.execute("INSERT INTO attempt(student, assignment, notebook, source, keys, place, put, due, state, "
                           "ended, result) VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)  # fmt: skip

    def changed(self, key: Key, keys: Mapping[str, str]) -> bool:
        """Whether any code is another one than when it was looked at last."""
        with self._turn:
            return bool(self._changed(key, keys))

    def _changed(self, key: Key, keys: Mapping[str, str]) -> list[str]:
        """The tasks whose code is another one than when it was looked at last."""
        last = self._db.execute("SELECT keys FROM attempt WHERE student=? AND assignment=? AND notebook=? AND state IN "
                                "('running','done') ORDER BY began DESC LIMIT 1", key).fetchone()  # fmt: skip
        before = json.loads(last[0]) if last else {}
        return [task for task, code in keys.items() if before.get(task) != code]

    def _due(self, key: Key, task: str, now: float) -> float:
        """From when on this task may be looked at again."""
        rows = self._db.execute("SELECT at FROM look WHERE student=? AND assignment=? AND notebook=? AND task=? AND "
                                "at>? ORDER BY at DESC LIMIT ?",
                                (*key, task, now - DAY, self.limits.quota)).fetchall()  # fmt: skip
        if len(rows) >= self.limits.quota:
            again = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(rows[-1][0] + DAY))
            raise QuotaSpent(SPENT if task else SPENT_ELSEWHERE, task=task, count=len(rows), again=again)
        return float(rows[0][0]) + self.limits.cooldown if rows else now

    def claim(self) -> Attempt | None:
        """The attempt that is to be looked at next; it is then running, and its looks are counted."""
        now = self.clock()
        with self._transaction() as db:
            row = db.execute(f"SELECT id FROM ({ORDER}) WHERE ahead = 0", {"now": now}).fetchone()  # noqa: S608
            if row is None:
                return None
            attempt = self._one(row[0])
            looks = [(attempt.id, *attempt.key, task, now) for task in self._changed(attempt.key, attempt.keys)]
            db.executemany("INSERT INTO look VALUES (?,?,?,?,?,?)", looks)
            db.execute("UPDATE attempt SET state='running', tries=tries+1, began=? WHERE id=?", (now, attempt.id))
            return self._one(attempt.id)

    def body(self, number: int) -> bytes:
        """What was handed in with an attempt that waits or runs; empty of any other."""
        with self._turn:
            row = self._db.execute("SELECT body FROM work WHERE attempt=?", (number,)).fetchone()
        return bytes(row[0]) if row else b""

    def give_back(self, attempt: Attempt) -> None:
        """An attempt that runs waits again, in its place, as if it had not been begun."""
        with self._transaction() as db:
            db.execute("DELETE FROM look WHERE attempt=?", (attempt.id,))
            state = "replaced" if self._is_replaced(attempt) else "waiting"
            if state == "replaced":
                db.execute("DELETE FROM work WHERE attempt=?", (attempt.id,))
            db.execute("UPDATE attempt SET state=?, began=NULL, tries=tries-1 "
                       "WHERE id=? AND state='running' AND tries=?", (state, attempt.id, attempt.tries))  # fmt: skip

    def finish(self, attempt: Attempt, state: str, result: Mapping[str, Any], *, known: bool = False) -> list[Attempt]:
        """End an attempt that runs: "done", "broken" or "late" (after the deadline). A broken one costs no look.

        Returns the attempts of this student's notebook that are not kept any longer.
        """
        now = self.clock()
        with self._transaction() as db:
            values = (state, now, json.dumps(dict(result)), known, attempt.id, attempt.tries)
            done = db.execute("UPDATE attempt SET state=?, ended=?, result=?, known=? "
                              "WHERE id=? AND state='running' AND tries=?", values)  # fmt: skip
            if done.rowcount:
                db.execute("DELETE FROM work WHERE attempt=?", (attempt.id,))
            if done.rowcount and state != "done":
                db.execute("DELETE FROM look WHERE attempt=?", (attempt.id,))
            db.execute("DELETE FROM look WHERE at<?", (now - DAY,))
            return self._forget(attempt.key)

    def _forget(self, key: Key) -> list[Attempt]:
        """Delete the rows beyond the latest ones."""
        question = f"SELECT {COLUMNS} FROM attempt {OLD}"  # noqa: S608
        old = [attempt_of(row) for row in self._db.execute(question, (*key, self.limits.keep)).fetchall()]
        self._db.executemany("DELETE FROM attempt WHERE id=?", [(attempt.id,) for attempt in old])
        return old

    def _one(self, number: int) -> Attempt:
        return attempt_of(self._db.execute(f"SELECT {COLUMNS} FROM attempt WHERE id=?", (number,)).fetchone())  # noqa: S608

    def of(self, student: str, number: int) -> Attempt | None:
        """This student's attempt with this id: the student is part of the question."""
        question = f"SELECT {COLUMNS} FROM attempt WHERE id=? AND student=?"  # noqa: S608
        with self._turn:
            row = self._db.execute(question, (number, student)).fetchone()
        return attempt_of(row) if row else None

    def latest(self, student: str, count: int = 50) -> list[Attempt]:
        """A student's latest attempts, the newest first; those that were replaced aside."""
        question = f"SELECT {COLUMNS} FROM attempt WHERE student=? AND state<>'replaced' ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._turn:
            return [attempt_of(row) for row in self._db.execute(question, (student, count)).fetchall()]

    def ahead(self, number: int) -> int | None:
        """How many attempts go before this one; None when it does not wait, or may not begin yet."""
        question = f"SELECT ahead FROM ({ORDER}) WHERE id = :id"  # noqa: S608
        with self._turn:
            row = self._db.execute(question, {"now": self.clock(), "id": number}).fetchone()
        return row[0] if row else None

    def rows(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Any other question, of the grader's page."""
        with self._turn:
            return self._db.execute(question, values).fetchall()


def _only_one(path: Path) -> int:
    """A descriptor with the lock of the process that writes."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SetupError(_("Practice runs already: another process has {path}."), path=path) from None
    return descriptor
