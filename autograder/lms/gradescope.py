"""`python -m autograder gradescope ASSIGNMENT`: the zip that Gradescope's "Configure Autograder" takes.

Gradescope unpacks it to /autograder/source, runs `setup.sh` once when it builds its image, and for each submission
`run_autograder`, which has to write /autograder/results/results.json
(https://gradescope-autograders.readthedocs.io/en/latest/specs/). The zip holds this program, the assignment's
source, the course's nbgrader_config.py and a unit of the course's own: the same checks with the same secret.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import SetupError
from autograder.i18n import _, say, say_count
from autograder.scale.settings import configured_unit

SCRIPTS = Path(__file__).parent / "gradescope_files"
PROGRAM = ("pyproject.toml", "README.md", "LICENSE", "requirements.lock", "nbgrader_config.py")
WEAK = "weak-isolation"  # a file of this name in the zip: see `docs/lms.md`


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("assignment", help=say(_("the assignment's name in nbgrader")))
    parser.add_argument("--to", type=Path, help=say(_("the zip file; build/gradescope-ASSIGNMENT.zip if not given")))
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("the project: holds source/")))
    parser.add_argument(
        "--without-isolation",
        action="store_true",
        help=say(_("where Gradescope's machines cannot isolate learners' code, run it all the same")),
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the zip; returns 0. Raises SetupError when the course is not complete."""
    target: Path = arguments.to or Path("build") / f"gradescope-{arguments.assignment}.zip"
    count = build(arguments.course, arguments.assignment, target, isolated=not arguments.without_isolation)
    print(
        say_count(
            "{path}: {count} file. Gradescope: Configure Autograder, upload it.",
            "{path}: {count} files. Gradescope: Configure Autograder, upload it.",
            count,
            path=target,
        )
    )
    if arguments.without_isolation:
        print(say(_("Without isolation learners' code can read the hidden checks and forge results.")))
    return 0


def build(course: Path, assignment: str, target: Path, *, isolated: bool = True) -> int:
    """Write the zip to `target`; how many files it holds. The same course gives the same bytes."""
    files = dict(_files(course, assignment))
    for script in ("setup.sh", "run_autograder"):
        files[script] = SCRIPTS / script
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            executable = name in ("setup.sh", "run_autograder") or name.startswith("scripts/")
            archive.writestr(_entry(name, executable), path.read_bytes())
        archive.writestr(_entry("assignment", False), assignment)
        if not isolated:
            archive.writestr(_entry(WEAK, False), "")
    return len(files)


def _entry(name: str, executable: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _files(course: Path, assignment: str) -> Iterator[tuple[str, Path]]:
    source = course / "source" / assignment
    if not source.is_dir():
        known = ", ".join(sorted(p.name for p in (course / "source").glob("*") if p.is_dir())) or "—"
        text = _("There is no assignment {assignment} in source/. There are: {known}.")
        raise SetupError(text, assignment=assignment, known=known)
    wanted = [*(course / name for name in PROGRAM), course / "scripts" / "setup"]
    if missing := [str(p) for p in wanted if not p.is_file()]:
        text = _("Not found: {missing}. Run this in the project's folder, or give it with --course.")
        raise SetupError(text, missing=", ".join(missing))
    unit, root = configured_unit(course), course.resolve()
    if not unit.folder.is_relative_to(root):
        text = _("The unit {package} does not lie in the project's folder, so the zip cannot hold it: copy it there.")
        raise SetupError(text, package=unit.package)
    own = course / unit.folder.relative_to(root)
    folders = (p for folder in (course / "autograder", source, own) for p in folder.rglob("*"))
    for path in [*wanted, *folders]:
        if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
            yield path.relative_to(course).as_posix(), path
