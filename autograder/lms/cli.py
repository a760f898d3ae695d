"""`python -m autograder lms …`: keygen, check, roster, push, status, forget.

Nothing is written without `--yes`, neither to the gradebook nor to the platform. The exit status is 0 when
every grade that should be on the platform is there, 1 otherwise. Learners appear by nbgrader's id. Commands
work from every folder of the course.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from autograder.i18n import _, say
from autograder.lms import administration, sending


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands and their options."""
    commands = parser.add_subparsers(dest="lms_command", required=True, metavar="COMMAND")
    keygen = _command(
        commands, "keygen", _("make the tool's key, and its public half for the platform"), administration.keygen
    )
    keygen.add_argument("--dir", type=Path, default=Path(), help=say(_("folder for the files")))
    which = keygen.add_mutually_exclusive_group()
    which.add_argument("--next", action="store_true", help=say(_("make the next key; both work from now on")))
    which.add_argument("--promote", action="store_true", help=say(_("use the next key only, and delete the old one")))
    check = _command(commands, "check", _("try what the platform lets this key do"), administration.check)
    roster = _command(commands, "roster", _("learn the platform's ids of the students"), administration.roster)
    roster.add_argument("--by-email", action="store_true", help=say(_("also match by e-mail address")))
    push = _command(commands, "push", _("send the grades of an assignment"), sending.push)
    status = _command(commands, "status", _("compare the gradebook with the platform"), sending.status)
    for command in (push, status):
        _add_choice(command)
    push.add_argument("--adopt", action="store_true", help=say(_("take what is there and unknown here for our own")))
    push.add_argument("--no-questions", action="store_true", help=say(_("replace with --overwrite without asking")))
    for command in (roster, push):
        command.add_argument("--overwrite", action="store_true", help=say(_("replace what others changed")))
    forget = _command(
        commands, "forget", _("remove what is kept here about a student's grades there"), administration.forget
    )
    forget.add_argument("student", help=say(_("the student's id in nbgrader")))
    for command in (roster, push, forget):
        command.add_argument("--yes", action="store_true", help=say(_("do it; otherwise only say what would be")))
    for command in (roster, push, status, forget):
        command.add_argument("--db", default="", help=say(_("the gradebook, if not that of the course")))
    for command in (roster, push, status, check):
        command.add_argument("--config", type=Path, help=say(_("the platform's addresses; lms.toml of the course")))


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand; returns the exit status. Raises AutograderError for a person to read."""
    return int(arguments.lms_run(arguments))


def _add_choice(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("assignment", nargs="?", help=say(_("the assignment's name in nbgrader")))
    which.add_argument("--all", action="store_true", help=say(_("every assignment that has grades")))
    command.add_argument("--student", action="append", default=[], help=say(_("only this student")))
    command.add_argument("--missing-as-zero", action="store_true", help=say(_("no submission counts 0")))
    command.add_argument("--cap", action="store_true", help=say(_("lower bonus points to the maximum")))


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    function: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=say(summary), description=say(summary))
    command.set_defaults(lms_run=function)
    return command
