"""`python -m autograder store`: how much is remembered of what was computed, and how to forget it."""

import argparse
from pathlib import Path

from autograder.i18n import _, say, say_count
from autograder.store import empty, forget, usage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--folder", type=Path, default=Path(".autograder"), help=say(_("the store, as c.Scale.store names it"))
    )
    parser.add_argument("--forget", metavar="STUDENT", help=say(_("forget what was computed for this learner")))
    parser.add_argument("--empty", action="store_true", help=say(_("forget everything: it only saves work")))


def run(arguments: argparse.Namespace) -> int:
    """Say the size; forget what is asked for."""
    entries, size = usage(arguments.folder)
    print(
        say_count(
            "{folder}: {count} result, {size:.1f} MB",
            "{folder}: {count} results, {size:.1f} MB",
            entries,
            folder=arguments.folder,
            size=size / 1e6,
        )
    )
    if arguments.forget:
        count = forget(arguments.folder, arguments.forget)
        print(say(_("Results of {student} that were forgotten: {count}."), student=arguments.forget, count=count))
    if arguments.empty:
        empty(arguments.folder)
        print(say(_("Emptied. The next run computes everything again.")))
    return 0
