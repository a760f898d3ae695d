"""`python -m autograder doctor`: what isolation this machine gives, and whether the course's secrets are its own."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from autograder.files import git_publishes, is_plain
from autograder.i18n import _, say
from autograder.sandbox import doctor
from autograder.scale.settings import CONFIGURATION, KNOWN, Course, configuration

add_arguments = doctor.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit status 0 when learners' code can be isolated, else 1."""
    if Path(CONFIGURATION).exists() and course_in(Path()).secret_is_known:
        print("!", say(KNOWN))
    for text, path in exposed_keys(Path()):
        print("!", say(text, path=path))
    return doctor.run(arguments)


def exposed_keys(folder: Path) -> Iterator[tuple[str, Path]]:
    """(Sentence, file) for each private key in the course's folder, or one below, that others may come to read."""
    for path in sorted([*folder.glob("*.pem"), *folder.glob("*/*.pem")]):
        if not is_plain(path) or b"PRIVATE KEY-----" not in path.read_bytes()[:4096]:
            continue
        if path.stat().st_mode & 0o077:
            yield _("Others can read the key {path}. Repair it with: chmod 600 {path}"), path
        if git_publishes(path):
            yield (
                _(
                    "git publishes the private key {path} with the next `git add .`: name it in .gitignore. If it was "
                    "committed already, make a new one: python -m autograder lms keygen --next"
                ),
                path,
            )


def course_in(folder: Path) -> Course:
    """The settings of the course in a folder."""
    return Course(config=configuration(folder))
