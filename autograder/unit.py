"""A course unit as the engine sees it, and the family of objects that its learners hand in.

A unit is a package that has a `unit`: notebooks' checks and what they need, one folder a notebook. The engine never
imports a unit by itself: `c.Course.unit` names it, `load` finds it. What decides a grade travels with every job
(`Unit.source`), so that workers on other machines check with the course's files and not with their own.
"""

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder import i18n
from autograder.errors import SetupError
from autograder.i18n import _
from autograder.records import Files
from autograder.store import key_of

# folders of a unit that decide no grade: they stay where the unit is
NOT_CARRIED = frozenset({"lab", "locale", "calibrate", "course", "shown", "__pycache__"})
HELPER_FOLDER = "HELPER_FOLDER"  # variable of a trusted process's environment: where its helper may keep files
_NUMBERED = re.compile(r"^\d+_")


@dataclass(frozen=True)
class Family:
    """What has to be known of a library whose objects learners hand in: a module's attribute `family`.

    Both sides of the boundary speak the same JSON: {kind: body}. `kernel_side` is the text of a module that runs in
    the learner's kernel (see `execution.kernel_side`), `decode` takes each kind's body apart on the trusted side,
    `encode` makes an argument of ours into {kind: body}, or gives None for what is not the family's.

    `preload` are imported by the checking process before it forks, `warm` by the process that kernels are forked
    from; `prepare` names a function that is called after `preload`, `helper` one that does what is dear to prepare in a
    process that outlives the forked ones (`trusted.helper.Work`). `packages` have to have one version on all
    machines. `noise` matches lines of the library's own log in learners' output.
    """

    name: str = "plain"
    kernel_side: str = ""
    decode: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    encode: Callable[[Any], dict[str, Any] | None] = lambda value: None
    preload: tuple[str, ...] = ()
    prepare: str = ""
    helper: str = ""
    warm: tuple[str, ...] = ("numpy.random", "matplotlib.pyplot")
    packages: tuple[str, ...] = ("numpy",)
    noise: str = ""
    folder: Path | None = None  # of its program: results depend on it


PLAIN = Family()  # numbers, arrays, text: what every unit can ask for


@dataclass(frozen=True)
class UnitSource:
    """The part of a unit that decides grades, as data; `package`, `family` and `fixtures` as of the `Unit`."""

    package: str
    family: str
    files: Files
    fixtures: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Hash of all of it."""
        return key_of(self.package, self.family, self.fixtures, sorted(self.files.hashes.items()))


@dataclass(frozen=True)
class Unit:
    """A course unit.

    Arguments:
        package, folder: its import name and where it lies.
        family: import name of the family of its learners' objects; empty for plain data.
        charts: import name of the module that draws what its checks found (see `feedback.charts`); empty for none.
        fixtures: argument of checks → import name of the function that makes it, called with a `checks.api.Context`.
        answers: import name of the function that answers what a kernel asks for while it runs, `(text, store)` → JSON;
            empty when kernels have nothing to ask for.
        course: folder with the `source/` and the `nbgrader_config.py` that `new-course` lays out; None for none.
    """

    package: str
    folder: Path
    family: str = ""
    charts: str = ""
    fixtures: Mapping[str, str] = field(default_factory=dict)
    answers: str = ""
    course: Path | None = None

    @property
    def locale(self) -> Path:
        """Folder of its catalogs of translations."""
        return self.folder / "locale"

    def shown_file(self, notebook: str, language: str) -> Path:
        """Where it is kept what a notebook's demonstrations show (see `scale.shown`)."""
        return self.folder / "shown" / language / f"{notebook}.json"

    def checks_file(self, notebook: str) -> Path:
        """Where the checks of a notebook are."""
        return self.folder / folder_of(notebook) / "checks.py"

    @cached_property
    def source(self) -> UnitSource:
        """What travels with a job; read once."""
        found = [p for p in sorted(self.folder.rglob("*")) if p.is_file() and p.suffix != ".pyc"]
        kept = [p for p in found if not NOT_CARRIED & set(p.relative_to(self.folder).parts)]
        carried = {str(p.relative_to(self.folder)): p.read_bytes() for p in kept}
        return UnitSource(self.package, self.family, Files(carried), self.fixtures)


def folder_of(notebook: str) -> str:
    """The folder of a unit that holds a notebook's checks: the notebook's name without its number."""
    return _NUMBERED.sub("", notebook)


def checks_module(package: str, notebook: str) -> str:
    """Import name of a notebook's checks."""
    return f"{package}.{folder_of(notebook)}.checks"


def load(package: str, root: Path | None = None) -> Unit:
    """The unit with this import name; `root`: a folder to look for it in, too, such as the course's.

    Its translations are known from here on.

    Raises:
        SetupError: there is no such package, or it has no `unit`.
    """
    if root is not None and str(root) not in sys.path:
        sys.path.append(str(root))  # last: what is installed goes before it
    try:
        unit = importlib.import_module(package).unit
    except (ImportError, AttributeError, ValueError) as error:
        text = _(
            "c.Course.unit = {package!r} names no unit ({error}): give the import name of a package with a `unit`."
        )
        raise SetupError(text, package=package, error=error) from error
    if not isinstance(unit, Unit):
        raise SetupError(_("{package}.unit is no autograder.unit.Unit."), package=package)
    i18n.bind(unit.locale)
    return unit


def load_family(name: str) -> Family:
    """The family with this import name; of plain data for an empty one."""
    return importlib.import_module(name).family if name else PLAIN


def attribute(name: str) -> Any:
    """What an import name `package.module.attribute` stands for."""
    module, _dot, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)
