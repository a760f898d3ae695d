"""The command line, for what nbgrader has no command for: `python -m autograder COMMAND`."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from autograder.errors import AutograderError
from autograder.i18n import _, say

# command → (module with `add_arguments(parser)` and `run(arguments) -> exit status`, what it does);
# modules are imported when asked for: some need Keras, which costs seconds
COMMANDS = {
    "new-course": ("autograder.new_course", _("lay out a course of the installed unit, ready for nbgrader")),
    "demo": ("autograder.demo", _("grade the class of examples from end to end")),
    "release": ("autograder.release", _("make release/ again from source/")),
    "new-task": ("autograder.authoring", _("add a task to a notebook and to its checks")),
    "sync": ("autograder.authoring", _("write the points of the checks into the notebooks")),
    "report": ("autograder.insight.command", _("show how a class did: points, checks, diagnoses, flagged submissions")),
    "solutions": ("autograder.worked", _("write worked solutions for learners, after the deadline")),
    "messages": ("autograder.messages", _("bring the catalogs of translations up to date")),
    "practice": ("autograder.practice.command", _("give learners the feedback page while they work on the task")),
    "doctor": ("autograder.practice.doctor", _("say what isolation this machine gives, and prove it")),
    "store": ("autograder.scale.command", _("say how much is remembered of earlier runs, or forget it")),
    "lms": ("autograder.lms.cli", _("send grades to a learning management system over LTI 1.3")),
    "gradescope": ("autograder.lms.gradescope", _("build a Gradescope autograder for an assignment")),
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for. argparse ends the program when that cannot be understood."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description=say(_("Grading tools of the course.")))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = arguments[0] if arguments else ""
    for name, (module, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=say(summary), description=say(summary))
        if name == chosen:
            importlib.import_module(module).add_arguments(sub)
    return parser.parse_args(arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. A person's mistake is one sentence, not a traceback."""
    parsed = parse(list(sys.argv[1:] if argv is None else argv))
    try:
        return int(importlib.import_module(COMMANDS[parsed.command][0]).run(parsed))
    except AutograderError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
