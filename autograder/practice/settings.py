"""What a lecturer sets of practice in `nbgrader_config.py`: `c.Practice.…`."""

from datetime import UTC, datetime

from nbgrader.utils import parse_utc
from traitlets import Dict, Enum, Integer, List, Unicode
from traitlets import Set as SetOf
from traitlets.config import LoggingConfigurable

from autograder.errors import SetupError
from autograder.i18n import _

POINTS, CURVES = "points", "curves"


class Practice(LoggingConfigurable):
    """Practice, as `c.Practice.…`."""

    assignments = List(Unicode(), config=True, help="assignments to practise; empty: all that are released")
    folder = Unicode(".autograder/practice", config=True, help="folder of the queue, the pages and what was computed")
    secret = Unicode(
        "", config=True, help="hidden inputs and seeds of practice derive from it; empty: one is drawn and kept"
    )
    graders = SetOf(
        Unicode(), config=True, help="who sees the grader's page on a JupyterHub; empty: the account that runs practice"
    )
    says = SetOf(
        Enum((POINTS, CURVES)), config=True, help="what a page says beside its sentences: 'points', 'curves'"
    )  # fmt: skip
    workers = Integer(1, min=1, config=True, help="attempts that are looked at at the same time")
    deadlines = Dict(
        Unicode(), config=True, help="assignment → when practice ends, such as '2026-03-02 18:00:00 UTC'; none: never"
    )
    extensions = Dict(Dict(Unicode()), config=True, help="assignment → {student → when practice ends for this student}")
    cooldown_seconds = Integer(60, min=0, config=True, help="from one look at a task to the next, s; 0: none")
    daily_quota = Integer(20, min=1, config=True, help="looks at a task that a student has within 24 hours")
    max_notebook_bytes = Integer(2 << 20, min=1 << 10, config=True, help="size of a notebook")
    max_files_bytes = Integer(4 << 20, min=0, config=True, help="size of all files beside a notebook")
    max_page_bytes = Integer(8 << 20, min=1 << 16, config=True, help="size of a page")
    max_waiting = Integer(2000, min=1, config=True, help="attempts that wait at a time")
    keep = Integer(10, min=1, config=True, help="latest attempts that are kept of a student's notebook")
    store_bytes = Integer(2 << 30, config=True, help="size of what is remembered of earlier attempts")

    def ends(self, assignment: str, student: str) -> datetime | None:
        """When practice ends for this student; None for never.

        Raises:
            SetupError: the configuration does not name a time.
        """
        text = self.extensions.get(assignment, {}).get(student) or self.deadlines.get(assignment)
        return _time(text) if text else None

    def check(self) -> None:
        """Read every time that is configured.

        Raises:
            SetupError: one of them is none.
        """
        for assignment, text in self.deadlines.items():
            _time(text)
            for student in self.extensions.get(assignment, {}):
                self.ends(assignment, student)

    def is_open(self, assignment: str, student: str) -> bool:
        """Whether there is still practice for this student."""
        end = self.ends(assignment, student)
        return end is None or datetime.now(UTC) < end


def _time(text: str) -> datetime:
    try:
        found = parse_utc(text)
        assert isinstance(found, datetime)  # noqa: S101  # of anything else it gives the thing itself
    except Exception as error:  # dateutil raises whatever the digits make it meet
        raise SetupError(
            _("c.Practice: {text!r} is no time; write it like 2026-03-02 18:00:00 UTC."), text=text
        ) from error
    return found.replace(tzinfo=UTC)
