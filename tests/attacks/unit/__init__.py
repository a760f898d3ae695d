"""The unit that hostile submissions are aimed at: a small notebook of its own, and tasks of the course's."""

from pathlib import Path

from autograder.unit import Unit

unit = Unit(
    package=__name__,
    folder=Path(__file__).parent,
    family="autograder.families.keras",
    fixtures={"trainer": "autograder.units.regularization.training.trainer"},
)
