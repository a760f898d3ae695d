"""On a terminal, a run of nbgrader is one line that moves: what is said on the way goes to a file."""

import atexit
import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

from autograder.i18n import _, say, say_count

NOW, SUMMARY = "now", "summary"  # a record with this attribute is told at once; belongs to the end of a run
FOLDER = ".autograder"  # below the course's folder; a command's file has its name
LISTED = 40  # warnings at the end, and as many errors
# nbgrader warns of what was asked for by `--force`, of folders that it makes, and of each file that is no notebook
NOBODYS = re.compile(
    r"(Removing|Updating|Clearing) existing |Directory not found\. Creating|\d+ files collected"
    r"|Skipped submission with no match information provided"
)
_TRACEBACK = "Traceback (most recent call last)"


class Quiet(logging.Handler):
    """Writes everything to a file, and tells at the end what a person should see: warnings, errors, the summary."""

    def __init__(self, path: Path, log: Any) -> None:
        """`path`: of the file, written anew. `log`: the application's, whose handlers are silent until `end`."""
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.process = os.getpid()
        self.file = logging.FileHandler(path, "w", encoding="utf-8")
        self.file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.held: list[logging.LogRecord] = []
        self.silent = [(handler, handler.level) for handler in log.handlers]
        for handler, _level in self.silent:
            handler.setLevel(logging.CRITICAL + 1)
        self.loggers = [logging.getLogger(), *([] if log.propagate else [log])]
        for logger in self.loggers:
            logger.addHandler(self)
        logging.captureWarnings(True)
        atexit.register(self.end)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.file.handle(record)
        if hasattr(record, NOW):
            print(record.getMessage(), file=sys.stderr)
        elif hasattr(record, SUMMARY) or (record.levelno >= logging.WARNING and not _is_nobodys_matter(record)):
            self.held.append(record)

    def end(self) -> None:
        """Say what was held back. A process that was forked from this one says nothing."""
        if os.getpid() != self.process:
            return
        logging.captureWarnings(False)
        for logger in self.loggers:
            logger.removeHandler(self)
        for handler, level in self.silent:
            handler.setLevel(level)
        self.file.close()
        summary = [r.getMessage() for r in self.held if hasattr(r, SUMMARY)]
        lines = []
        for serious in (False, True):  # errors last, where they are seen
            chosen = [r for r in self.held if not hasattr(r, SUMMARY) and (r.levelno >= logging.ERROR) == serious]
            told = list(dict.fromkeys(map(_line, chosen)))
            lines += told[:LISTED]
            if len(told) > LISTED:
                lines.append(say_count("… and {count} more", "… and {count} more", len(told) - LISTED))
        lines += [*summary, say(_("Everything that was said: {path}"), path=self.path)]
        print(*lines, sep="\n", file=sys.stderr)


def on_command_line(application: Any) -> bool:
    """Whether this is nbgrader's program on a command line; else it is the API that the formgrader uses."""
    return hasattr(application, "extra_args")


def begin(application: Any, course: Path, command: str) -> bool:
    """Be quiet until the process ends, where a person looks on; says whether that is so.

    A run that was asked to tell more, or less, or to write a file of its own, does that. `command`: of nbgrader.
    """
    on_terminal = on_command_line(application) and sys.stderr.isatty()
    quiet = on_terminal and application.log_level == logging.INFO and not application.logfile
    if quiet:
        Quiet(course / FOLDER / f"{command}.log", application.log)
    return quiet


def _is_nobodys_matter(record: logging.LogRecord) -> bool:
    return record.name == "py.warnings" or bool(NOBODYS.match(record.getMessage()))


def _line(record: logging.LogRecord) -> str:
    text = record.getMessage()
    return text.strip().splitlines()[-1].strip() if text.startswith(_TRACEBACK) else text
