"""Say why a name is missing or not finished: the first cell that raised, or was stopped, although it was to fill it."""

import re
from collections.abc import Sequence
from typing import Any

from autograder.checks.evidence import NoAnswer
from autograder.i18n import Message, _
from autograder.records import TIMEOUT, BrokenCell

_NAME_ERROR = re.compile(r"name '(\w+)' is not defined")
_NO_MODULE = re.compile(r"No module named '(\w+)")

STOPPED = _(
    "The cell with `{code}` stopped at this line with {error}: {said} What that cell was to define is missing since: "
    "put it right, or take the line out."
)
NO_PACKAGE = _(
    "The cell with `{code}` stopped at this line: the package `{package}` is not there while grading; these are: "
    "{there}, and what comes with Python. Take the line out, and do without the package."
)
CUT_SHORT = _(
    "The cell that begins with `{code}` ran too long and was stopped, so that `{name}` may not be finished: {said} "
    "Make it shorter, for instance by training fewer times. What was found: {found}"
)


def explained(answer: Any, broken: Sequence[BrokenCell], target: str, there: str) -> Any:
    """A probe's answer; one that is missing for want of a name tells the cell that was to bring it.

    `target`: the name that the probe asks for; `there`: the packages that learners' code finds.
    """
    if not isinstance(answer, NoAnswer) or not broken:
        return answer
    name = target if answer.kind == "missing" else ""
    if answer.kind == "raised" and answer.type == "NameError" and (found := _NAME_ERROR.search(str(answer.text))):
        name = found[1]
    cell = next((c for c in broken if name and re.search(rf"\b{re.escape(name)}\b", c.source)), None)
    return NoAnswer("stopped", "", _cause(cell, there)) if cell else answer


def _cause(cell: BrokenCell, there: str) -> Message:
    said = cell.said
    if isinstance(said, str):
        if cell.error == "ModuleNotFoundError" and (package := _NO_MODULE.search(said)):
            return Message(NO_PACKAGE, {"code": cell.code, "package": package[1], "there": there})
        said = said.splitlines()[0].rstrip(".") + "." if said else ""
    return Message(STOPPED, {"code": cell.code, "error": cell.error, "said": said})


def stopped_at(broken: Sequence[BrokenCell], target: str) -> Message | None:
    """The sentence for what came back of `target`, a name that a cell was still to fill when it was stopped for time.

    It lacks `found`: what a check says of that.
    """
    cells = (c for c in broken if c.error == TIMEOUT and target and re.search(rf"\b{re.escape(target)}\b", c.source))
    cell = next(cells, None)
    code = next((line.strip()[:100] for line in (cell.source if cell else "").splitlines() if line.strip()), "")
    return Message(CUT_SHORT, {"code": code, "name": target, "said": cell.said}) if cell else None
