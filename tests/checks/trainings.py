"""Stands for `trainer` where no training is wanted: what comes of one is given."""

from typing import Any

from autograder.families.keras.runs import Comparison, Run

CURVE, HELD_OUT = [2.0, 1.0, 0.5, 0.3, 0.1], [2.0, 1.2, 0.8, 0.8, 0.9]
GOOD = Run(0.1, 0.9, 0.8, CURVE, HELD_OUT)


class Trainings:
    """Every training of the learner's model ends in this number, those of the given one as they should."""

    def __init__(self, value: float) -> None:
        self.value = value

    def runs(self, config: Any, start: Any = None, pairs: int = 4, **more: Any) -> list[Run]:
        """Four trainings, or so many."""
        train, held_out = self.value, self.value + 0.5
        return [Run(train, held_out, 0.8, [*CURVE[:4], train], [*HELD_OUT[:4], held_out], self.value, 10**6)] * pairs

    def compare(self, given: Any, theirs: Any, **more: Any) -> Comparison:
        """Four trainings of both."""
        return Comparison([GOOD] * 4, self.runs(theirs))
