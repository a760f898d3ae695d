"""How much computing one notebook may cost: its kernels, what they ask for and its checks together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from autograder.errors import OverBudget
from autograder.i18n import Message, _
from autograder.records import CheckResult, Outcome, Request, TaskGrade

RUNNING_SHARE = 2 / 3  # of a notebook's time: for its kernels and what they ask for; its checks have the rest
TASK_SECONDS = 300.0  # CPU time of the checks of one task, trainings included
NAME = "in_time"
IN_TIME = _("The work for this task is done in time.")
TOO_SLOW = _(
    "Checking this task took more computing time than there is for it. Look for a model that is far larger than the "
    "task needs, or for trainings without an end."
)


class Budget:
    """CPU time that is left, s."""

    def __init__(self, seconds: float) -> None:
        self.left = self.given = max(0.0, seconds)

    @property
    def spent(self) -> float:
        """What was used of it."""
        return self.given - self.left

    def spend(self, seconds: float) -> None:
        """So much was used."""
        self.left = max(0.0, self.left - seconds)


Ask = Callable[[Request, float, Budget], Awaitable[dict[str, Any]]]


async def results_in_time(
    ask: Ask, request: Request, points: Mapping[str, float], budget: Budget
) -> list[dict[str, Any]]:
    """Returns the results of the checks of the tasks in `request.evidence`, as JSON.

    A task whose checks take too long gets `too_slow`.

    Arguments:
        ask: of the trusted process.
        points: of each task.
        budget: half of it is for all tasks together. When that is too little, each is looked at by itself.
    """
    try:
        return list((await ask(request, min(TASK_SECONDS, budget.left / 2), budget))["results"])
    except OverBudget:
        results = []
    for number, (task, evidence) in enumerate(request.evidence.items()):
        seconds = min(TASK_SECONDS, budget.left / (len(request.evidence) - number))
        try:
            answer = await ask(replace(request, evidence={task: evidence}), seconds, budget)
            results += answer["results"]
        except OverBudget:
            results.append(too_slow(task, points[task]).to_json())
    return results


def too_slow(task: str, points: float) -> CheckResult:
    """What a task gets whose checks could not be done in time: it earns nothing."""
    return CheckResult(task, NAME, IN_TIME, points, Outcome.FAILED, message=Message(TOO_SLOW), problem="too slow")


def is_late(grade: TaskGrade) -> bool:
    """Whether the task's checks could not be done in time, which another machine may manage."""
    return any(result.name == NAME for result in grade.results)
