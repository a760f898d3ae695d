"""`python -m autograder new-course FOLDER`: lay out a course of an installed unit, ready for nbgrader.

What comes out depends on nothing but the installed package: plain files, no links. `--own-unit` puts a copy of the
unit into the course, under a name of its own, for whoever wants to change points, thresholds or data.
"""

import argparse
import importlib
import importlib.util
import json
import pkgutil
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.errors import SetupError
from autograder.i18n import _, say
from autograder.scale.settings import CONFIGURATION
from autograder.unit import Unit, load

UNITS = "autograder.units"  # the package of the units that are installed with the engine
NOT_COPIED = frozenset({"lab", "course", "__pycache__"})  # of a unit: in a course they lie below source/
IGNORED = """\
# learners' work and names, grades and keys are for nobody else
/submitted/
/autograded/
/feedback/
/solutions/
/downloaded/
/exchange/
/reports/
/gradebook.db*
/.autograder/
/lms*
.ipynb_checkpoints/
__pycache__/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", type=Path, help=say(_("the course's folder, which is made")))
    parser.add_argument("--unit", help=say(_("import name of the unit; the one that is installed if not given")))
    parser.add_argument("--assignments", nargs="+", default=[], help=say(_("only these assignments")))
    parser.add_argument("--notebooks", nargs="+", default=[], help=say(_("only these notebooks, without .ipynb")))
    text = _("copy the unit into the course under this name, to change points, thresholds or data")
    parser.add_argument("--own-unit", metavar="NAME", help=say(text))


def run(arguments: argparse.Namespace) -> int:
    """Lay the course out and say what to do next."""
    unit = load(arguments.unit or installed(), Path.cwd())
    folder: Path = arguments.folder
    made = lay_out(unit, folder, arguments.assignments, arguments.notebooks, arguments.own_unit)
    text = _(
        "{folder} is a course of nbgrader: {notebooks}.\nNext: cd {folder}, python -m autograder doctor, "
        "nbgrader generate_assignment {first}"
    )
    first = made[0].parent.name
    names = ", ".join(str(path.relative_to(folder / "source")) for path in made)
    print(say(text, folder=folder, notebooks=names, first=first))
    return 0


def installed() -> str:
    """Import name of the unit that is installed with the engine.

    Raises:
        SetupError: there are several, or none.
    """
    found = [f"{UNITS}.{m.name}" for m in pkgutil.iter_modules(importlib.import_module(UNITS).__path__) if m.ispkg]
    if len(found) != 1:
        raise SetupError(_("Say which unit, with --unit. Installed: {units}."), units=", ".join(sorted(found)) or "—")
    return found[0]


def lay_out(
    unit: Unit, folder: Path, assignments: Sequence[str] = (), notebooks: Sequence[str] = (), own: str | None = None
) -> list[Path]:
    """Make the course's folder; the notebooks in it. Empty sequences stand for all there are.

    Raises:
        SetupError: the folder holds something, the unit brings no course, or a name is none of its names.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SetupError(_("{folder} holds something already: give a folder that is not there yet."), folder=folder)
    if unit.course is None:
        raise SetupError(_("The unit {package} brings no course along."), package=unit.package)
    source = unit.course / "source"
    chosen = _among(assignments, [p.name for p in source.iterdir() if p.is_dir()])
    known = {path.stem for name in chosen for path in (source / name).glob("*.ipynb")}
    kept = {f"{name}.ipynb" for name in _among(notebooks, known)}
    if own is not None:
        _check_name(own)
    for name in chosen:
        shutil.copytree(source / name, folder / "source" / name, ignore=lambda _folder, names: _left_out(names, kept))
    text = (unit.course / CONFIGURATION).read_text(encoding="utf-8")
    if own is not None:
        copy_unit(unit, folder / own, own)
    (folder / CONFIGURATION).write_text(configuration(text, own or unit.package), encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    return sorted(folder.glob("source/*/*.ipynb"))


def configuration(text: str, package: str) -> str:
    """The course's `nbgrader_config.py`: with a secret of its own, and with this unit."""
    secret = f"{json.dumps(secrets.token_hex(16))}  # of this course alone: hidden inputs and training seeds"
    return _set(_set(text, "secret", secret), "unit", json.dumps(package))


def copy_unit(unit: Unit, folder: Path, package: str) -> None:
    """A copy of the unit, which imports itself by its new name."""
    shutil.copytree(unit.folder, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"\b{re.escape(unit.package)}\b", package, text), encoding="utf-8")


def _set(text: str, name: str, value: str) -> str:
    line = f"c.Course.{name} = {value}"
    changed, count = re.subn(rf"^c\.Course\.{name} = .*$", lambda _found: line, text, flags=re.MULTILINE)
    return changed if count else f"{text}\n{line}\n"


def _left_out(names: Iterable[str], notebooks: set[str]) -> set[str]:
    """What of a folder of the source stays behind."""
    left = {name for name in names if name.endswith(".ipynb") and name not in notebooks}
    return left | {"__pycache__", ".ipynb_checkpoints"}


def _among(asked: Sequence[str], known: Iterable[str]) -> list[str]:
    if unknown := sorted({name.removesuffix(".ipynb") for name in asked} - set(known)):
        text = _("There is no {unknown}. There are: {known}.")
        raise SetupError(text, unknown=", ".join(unknown), known=", ".join(sorted(known)))
    return sorted({name.removesuffix(".ipynb") for name in asked} or known)


def _check_name(package: str) -> None:
    if not package.isidentifier() or package == "source" or importlib.util.find_spec(package) is not None:
        text = _("{name} cannot name the course's own unit: use letters, digits and _, and no name of a package.")
        raise SetupError(text, name=package)
