"""Hooks of `nbgrader autograde`."""

import logging
from collections.abc import Sequence
from pathlib import Path

from autograder.grading.notebooks import remove_links

log = logging.getLogger("autograder")


def before_submission(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """`c.Autograde.pre_convert_hook`: nothing that nbgrader is about to copy is a link or a device."""
    for folder in {Path(n).parent for n in notebooks}:
        for name in remove_links(folder):
            log.warning("%s: %s was not a plain file and was removed", folder, name)
