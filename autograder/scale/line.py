"""The line of a terminal that moves while a run goes on: what is done, how fast, how much is left."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from autograder.i18n import _, say


class Line:
    """Counts what is done; shows it, where somebody looks on."""

    def __init__(self, name: str, total: int, *, shown: bool) -> None:
        """`name`: of what is counted. `shown`: whether standard error is a terminal that shows it."""
        self.total = total
        self._began = time.monotonic()
        self._bar = self._new_bar(name) if shown and total else None
        self._task = self._bar.add_task("", total=total, rate="", left="") if self._bar else None

    def _new_bar(self, name: str) -> Progress:
        text = TextColumn("{task.fields[rate]}"), TextColumn("{task.fields[left]}")
        bar = Progress(TextColumn(name), BarColumn(), MofNCompleteColumn(), *text,
                       console=Console(stderr=True), transient=True)  # fmt: skip
        bar.start()
        return bar

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def left(self, count: int) -> float:
        """Seconds that the rest will take, if `count` are done and the rest takes as long as these."""
        return self.spent / count * max(0, self.total - count)

    def show(self, count: int) -> None:
        """So many are done."""
        if self._bar is not None and self._task is not None:
            rate = say(_("{rate:.1f} per minute"), rate=60 * count / max(self.spent, 0.001))
            left = say(_("about {left:.0f} s to go"), left=self.left(count))
            self._bar.update(self._task, completed=count, rate=rate, left=left)

    def end(self) -> None:
        """Take it away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
