"""What answers where."""

from typing import Any

from autograder.practice.grader import Grader, Metrics
from autograder.practice.service import Service
from autograder.practice.web import FOLDER, AttemptPage, Base, Files, Health, Index, OneAttempt, State

HANDLERS: tuple[type[Base], ...] = (Index, OneAttempt, State, AttemptPage, Grader)


def routes(service: Service, kinds: dict[type[Base], type[Base]]) -> list[Any]:
    """What answers where. `kinds`: each of `HANDLERS` → the same with a way to know who asks."""
    prefix, known = service.prefix, {"service": service}
    return [
        (prefix, kinds[Index], known),
        (prefix + r"attempt/([0-9]{1,12})", kinds[OneAttempt], known),
        (prefix + r"attempt/([0-9]{1,12})/state", kinds[State], known),
        (prefix + r"attempt/([0-9]{1,12})/page", kinds[AttemptPage], known),
        (prefix + "grader", kinds[Grader], known),
        (prefix + "metrics", Metrics, known),
        (prefix + "health", Health),
        (prefix + r"static/(practice\.(?:css|js))", Files, {"path": str(FOLDER / "static")}),
    ]
