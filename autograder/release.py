"""`python -m autograder release`: make release/ again from source/, both languages, with nbgrader itself."""

import argparse
import shutil
import tempfile
from pathlib import Path

from autograder.demo import lay_out
from autograder.i18n import _, say
from autograder.nbgrader_command import nbgrader


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("the project: holds source/")))
    parser.add_argument("--to", type=Path, default=None, help=say(_("where to write; release/ of the project")))


def run(arguments: argparse.Namespace) -> int:
    """Generate every assignment below source/ and replace what is in release/."""
    target: Path = arguments.to or arguments.course / "release"
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "course")
        lay_out(arguments.course, course)
        for assignment in sorted(p.name for p in (course / "source").iterdir() if p.is_dir()):
            nbgrader(course, "generate_assignment", assignment)
            shutil.rmtree(target / assignment, ignore_errors=True)
            shutil.copytree(course / "release" / assignment, target / assignment)
            print(say(_("{name}: released to {path}"), name=assignment, path=target / assignment))
    return 0
