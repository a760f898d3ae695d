"""The package behind `lab`: data, training with live progress, pictures, tables and visible checks.

Everything that a notebook may use is in `public`, by name. A new notebook's `checks_N_name.py` and
`pictures_N_name.py` are found by their file names.
"""

import os

# before TensorFlow is imported: its start-up messages would fill a learner's first cell with red text
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from .checking import own_lines_first
from .data import class_names, load_data
from .elsewhere import is_offered
from .plots import plot_curves, plot_sweep
from .progress import train
from .quiet import start_tensorflow
from .tables import show_table
from .unwritten import once_written

if not is_offered():  # else next to nothing is compiled here, and whoever offers it leaves the messages out
    start_tensorflow()

PREFIXES = {"checks_": "check_", "pictures_": "plot_"}


def _functions_by_file_name() -> dict[str, Callable[..., Any]]:
    """The `check_…` functions of every `checks_….py`, the `plot_…` functions of every `pictures_….py`."""
    found: dict[str, Callable[..., Any]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        for file_prefix, prefix in PREFIXES.items():
            if module_info.name.startswith(file_prefix):
                module = importlib.import_module(f"{__name__}.{module_info.name}")
                found |= {name: value for name, value in vars(module).items() if name.startswith(prefix)}
    return found


public: dict[str, Any] = {
    "class_names": class_names,
    "load_data": load_data,
    "once_written": once_written,
    "plot_curves": plot_curves,
    "plot_sweep": plot_sweep,
    "show_table": show_table,
    "train": train,
    **{name: own_lines_first(f) if name.startswith("check_") else f for name, f in _functions_by_file_name().items()},
}
