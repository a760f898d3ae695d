"""`python -m autograder doctor`: what isolation this machine gives; with `--practice`, what practice lacks here."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import AutograderError
from autograder.i18n import Message, _, say
from autograder.practice.course import PracticeCourse
from autograder.practice.exchange import Exchange
from autograder.practice.web import told
from autograder.scale import doctor

NO_HUB = _("JupyterHub is missing in {python}: pip install jupyterhub")
NO_INBOUND = _("Students can hand in nowhere yet: {folder} is missing. Run nbgrader release_assignment {assignment}.")
NO_PAGES = _("Practice cannot lay pages into {folder}: the folder must belong to the account that runs practice.")
OPEN = _("Others can read {folder}, where students' attempts and the secret of practice are: chmod 700 {folder}")
NO_END = _("Practice of {assignment} never ends: set c.Practice.deadlines, so that it ends when the work is due.")
BELIEVED = _(
    "c.ExchangeCollect.check_owner is off: whoever can write into {folder} can hand in under another student's name."
)
UNREADABLE = _("The course cannot be read: {error}")
READY = _("Practice: nothing is missing.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--practice`, beside what the doctor has."""
    doctor.add_arguments(parser)
    parser.add_argument("--practice", action="store_true", help=say(_("say what practice behind a JupyterHub lacks")))


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit status 0 when learners' code can be isolated and practice can start, else 1."""
    status = doctor.run(arguments)
    if not arguments.practice:
        return status
    found = list(missing(Path()))
    for fatal, message in found:
        print("✗" if fatal else "!", told(message))
    if not found:
        print("✓", say(READY))
    return status or int(any(fatal for fatal, _message in found))


def missing(root: Path) -> Iterator[tuple[bool, Message]]:
    """What practice of the course in a folder lacks: (whether it cannot start or serve without, sentence)."""
    if importlib.util.find_spec("jupyterhub") is None:
        yield True, Message(NO_HUB, {"python": sys.executable})
    try:
        course = PracticeCourse(root)
        exchange = Exchange(course)
    except AutograderError as error:
        yield True, error.message
        return
    except Exception as error:  # whatever the configuration or the unit raises
        yield True, Message(UNREADABLE, {"error": f"{type(error).__name__}: {error}"})
        return
    folder = course.folder
    if folder.exists() and folder.stat().st_mode & 0o077 and course.root.resolve().stat().st_mode & 0o005:
        yield False, Message(OPEN, {"folder": str(folder)})
    if not exchange.inbound.is_dir():
        yield False, Message(NO_INBOUND, {"folder": str(exchange.inbound), "assignment": course.assignments[0]})
    elif not os.access(exchange.feedback if exchange.feedback.exists() else exchange.feedback.parent, os.W_OK):
        yield True, Message(NO_PAGES, {"folder": str(exchange.feedback)})
    if not exchange.check_owner:
        yield False, Message(BELIEVED, {"folder": str(exchange.inbound)})
    for assignment in course.assignments:
        if assignment not in course.settings.deadlines:
            yield False, Message(NO_END, {"assignment": assignment})
