"""`python -m autograder release`: make release/ again from source/, both languages, with nbgrader itself.

What the released demonstrations show is drawn, too, where it is not current: the course's own unit brings it along, so
that no grader's machine has to draw it (see `scale.shown`).
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import nbformat

from autograder.demo import lay_out
from autograder.errors import AutograderError
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.i18n import _, say
from autograder.nbgrader_command import nbgrader
from autograder.scale import shown
from autograder.scale.jobs import Jobs
from autograder.scale.settings import Course, configuration, configured_unit
from autograder.unit import Unit


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
    return 0 if arguments.to else draw(arguments.course)


def draw(course: Path) -> int:
    """Let the course's own unit bring along what its demonstrations show; 1 where this machine cannot draw it."""
    unit = configured_unit(course)
    if not unit.folder.resolve().is_relative_to(course.resolve()):
        return 0  # it is installed, for other courses, too
    found = list(demonstrating(course, unit))
    with tempfile.TemporaryDirectory() as folder, closing(Grader(Path(folder))) as grader:
        for path, key, job in found:
            if job.demonstrations.shown is not None:
                continue
            try:
                shown.write(path, key, grader.draw(job))
            except (AutograderError, OSError, RuntimeError) as error:
                text = _("{path}: what its demonstrations show cannot be drawn here; grading will draw it. {error}")
                print(say(text, path=path, error=error))
                return 1
            print(say(_("{path}: drawn what its demonstrations show"), path=path))
    for path in set(unit.folder.glob("shown/*/*.json")) - {path for path, _key, _job in found}:
        path.unlink()
    return 0


class Demonstrating(NamedTuple):
    """A released notebook with demonstrations. `path`, `key`: where the unit keeps what they show; `job`: nobody's."""

    path: Path
    key: str
    job: Job


def demonstrating(course: Path, unit: Unit) -> Iterator[Demonstrating]:
    """Those of a course."""
    config = configuration(course)
    settings, sandbox = Course(config=config), dict(config.get("Sandbox", {}))
    settings.execute_demonstrations = False
    jobs = Jobs(
        unit, settings, sandbox, "", (course / "source").joinpath, lambda _assignment: 1, (course / "release").joinpath
    )
    for path in sorted((course / "release").glob("*/*.ipynb")):
        submission = jobs.submission(path.parent.name, "", path.stem)
        if unit.checks_file(path.stem).exists() and (found := jobs.demonstrations(submission)).given:
            job = jobs.job(submission, nbformat.read(path, as_version=4), lambda _own: {})
            yield Demonstrating(jobs.shown_file(submission), jobs.shown_key(submission, found), job)
