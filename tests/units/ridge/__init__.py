"""A unit on penalized regression with NumPy and scikit-learn: the example of docs/add-an-exercise.md.

ridge/               the checks of the notebook 1_ridge, and what only they need
linear.py            ridge by hand: what checks of several tasks compare with
rents.py data/       the rents: rows that learners receive, and rows that are kept for grading
charts.py            pictures for the feedback page and the class report
locale/              translations of what checks and charts say
calibrate/           makes the data, for authors
"""

from pathlib import Path

from autograder.unit import Unit

unit = Unit(
    package=__name__,
    folder=Path(__file__).parent,
    charts="tests.units.ridge.charts",
    fixtures={"rents": "tests.units.ridge.rents.rents"},
)
