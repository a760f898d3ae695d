"""What a command works with: the course it is typed in, the platform's courses, the ledger."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from autograder.lms import config, keys
from autograder.lms.course import course_here
from autograder.lms.ledger import NAME, Ledger
from autograder.lms.service import Service
from autograder.lms.transport import Http, RequestsTransport, SystemClock


@dataclass
class Here:
    """Found from whatever folder of the course a command is typed in."""

    arguments: argparse.Namespace

    @cached_property
    def course(self) -> CourseDirectory:
        return course_here()

    @cached_property
    def config_file(self) -> Path:
        return self.arguments.config or Path(self.course.root) / "lms.toml"

    @cached_property
    def platforms(self) -> list[config.Platform]:
        """The platform, once for each of its courses."""
        return config.load(self.config_file)

    def ledger(self) -> Ledger:
        return Ledger(Path(self.course.root) / NAME)

    def connect(self, platform: config.Platform, scopes: Sequence[str]) -> Service:
        """The platform's services, with the keys beside lms.toml."""
        found = keys.load_all(self.config_file.parent / platform.key)
        return Service(platform, found, Http(RequestsTransport(), SystemClock()), scopes)
