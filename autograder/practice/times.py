"""How long practice takes: what the queue expects of an attempt, and what attempts took."""

import math
import statistics
from collections.abc import Sequence

from autograder.practice.queue import DAY, Queue
from autograder.practice.rows import Attempt

UNKNOWN = 40.0  # s of an attempt, until some were looked at
LATEST = 50  # attempts


class Times:
    """The times of a queue's attempts, with so many workers."""

    def __init__(self, queue: Queue, workers: int) -> None:
        self._queue, self._workers = queue, workers

    def seconds(self, attempt: Attempt) -> float | None:
        """How long it should take from now to the page, s; None when it neither waits nor runs."""
        each = self.each()
        if attempt.state == "running":
            return max(1.0, each - (self._queue.clock() - (attempt.began or 0.0)))
        if attempt.state != "waiting":
            return None
        ahead = self._queue.ahead(attempt.id)
        if ahead is None:
            return max(0.0, attempt.due - self._queue.clock()) + each
        return self._before(each) + (ahead // self._workers + 1) * each

    def each(self) -> float:
        """What a new answer takes a worker, s: the mean of the latest ones, but for the longest and the shortest tenth.

        Known ones take next to nothing, and the first one of a worker starts it up: it says nothing of the others.
        """
        question = "SELECT ended - began FROM attempt WHERE state='done' AND NOT known ORDER BY ended DESC LIMIT ?"
        found = sorted(row[0] for row in self._queue.rows(question, (LATEST,)))
        left_out = math.ceil(len(found) / 10) if len(found) > 2 else 0
        return statistics.fmean(found[left_out : len(found) - left_out]) if found else UNKNOWN

    def _before(self, each: float) -> float:
        """Until a worker is free, s."""
        now = self._queue.clock()
        left = [each - (now - row[0]) for row in self._queue.rows("SELECT began FROM attempt WHERE state='running'")]
        return max(0.0, min(left)) if len(left) >= self._workers else 0.0

    def to_page(self) -> list[float]:
        """From taking it to its page, of every attempt that was done within a day, s; sorted."""
        question = "SELECT ended - max(put, due) FROM attempt WHERE state='done' AND ended>?"
        return sorted(row[0] for row in self._queue.rows(question, (self._queue.clock() - DAY,)))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of the sorted values do not exceed; None of none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None
