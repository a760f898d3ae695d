"""The unit that hostile submissions are aimed at."""

from pathlib import Path

from autograder.unit import Unit

unit = Unit(package=__name__, folder=Path(__file__).parent, family="autograder.families.keras")
