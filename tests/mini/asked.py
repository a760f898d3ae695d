"""What a grader's trusted process is asked to check."""

from typing import Any

import pytest

from autograder.grading.grader import Grader
from autograder.records import Request


def asked_for(grader: Grader, family: str, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The tasks that it is asked to check from now on, one entry for each request. `family`: of the unit."""
    found: list[set[str]] = []
    trusted = grader.trusted(family)
    ask = trusted.ask

    async def told(request: Request, *limits: Any, **more: Any) -> dict[str, Any]:
        if request.do == "check":
            found.append(set(request.evidence))
        return await ask(request, *limits, **more)

    monkeypatch.setattr(trusted, "ask", told)
    return found
