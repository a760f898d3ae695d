"""`python -m autograder doctor`: what isolation this machine gives, and whether the course has a secret of its own."""

import argparse
from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

from autograder.i18n import say
from autograder.sandbox import doctor
from autograder.scale.settings import CONFIGURATION, KNOWN, Course

add_arguments = doctor.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit status 0 when learners' code can be isolated, else 1."""
    if Path(CONFIGURATION).exists() and course_in(Path()).secret_is_known:
        print("!", say(KNOWN))
    return doctor.run(arguments)


def course_in(folder: Path) -> Course:
    """The settings of the course in a folder."""
    return Course(config=PyFileConfigLoader(CONFIGURATION, str(folder)).load_config())
