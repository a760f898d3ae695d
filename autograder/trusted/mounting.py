"""Import a unit from the files that came with a job, whatever of the same name is installed here."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from autograder.unit import Unit


def mounted(package: str, folder: Path, *, anew: bool = False) -> Unit:
    """The unit whose files lie in `folder`, imported as `package`; `anew`: also when that was done before.

    Raises whatever its modules raise: a fault of the course's author.
    """
    known = sys.modules.get(package)
    if anew or known is None or Path(str(known.__file__)).parent != folder:
        if known is not None:
            _forget(package)  # which looks through thousands of modules
        _import(package, folder)
    return sys.modules[package].unit  # type: ignore[no-any-return]


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
        del sys.modules[name]


def _import(package: str, folder: Path) -> None:
    parent, _dot, last = package.rpartition(".")
    if parent:
        _import_parent(parent)
    spec = importlib.util.spec_from_file_location(
        package, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    if parent:
        setattr(sys.modules[parent], last, module)
    spec.loader.exec_module(module)


def _import_parent(name: str) -> None:
    """The package around a unit; an empty one where it is not installed, as on a cluster's workers."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        if parent := name.rpartition(".")[0]:
            _import_parent(parent)
        module = ModuleType(name)
        module.__path__ = []
        sys.modules[name] = module
