"""The unit of the browser tests' course, which needs no library."""

from pathlib import Path

from autograder.unit import Unit

unit = Unit(package=__name__, folder=Path(__file__).parent)
