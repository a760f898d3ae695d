"""The rents that the unit works with: rows that learners have, and rows that nobody outside has seen."""

# mypy: allow-untyped-defs

from pathlib import Path

import numpy as np

from tests.units.ridge.linear import mean_squared_error, ridge, standardized

FILE = Path(__file__).parent / "data" / "rents.npz"


class Rents:
    """`x`, `y`: the learners' rows, (40, 30) and (40,); `x_new`, `y_new`: the rows kept for grading, 400 of them."""

    def __init__(self):
        with np.load(FILE) as arrays:
            self.x, self.y, self.x_new, self.y_new = (arrays[n] for n in ("x", "y", "x_new", "y_new"))

    def errors(self, alpha):
        """(mean squared error on the learners' rows, on the new rows) of ridge fitted on the learners' rows."""
        weights, intercept = ridge(standardized(self.x, self.x), self.y, alpha)
        return tuple(
            mean_squared_error(standardized(x, self.x), y, weights, intercept)
            for x, y in ((self.x, self.y), (self.x_new, self.y_new))
        )


def rents(context):
    """The fixture `rents`: made when a check first names it as an argument."""
    return Rents()
