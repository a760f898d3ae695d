"""nbgrader opens the gradebook anew for nearly every step: about ten times a notebook.

Each time it makes an SQLAlchemy engine, and what an engine has compiled, every statement, is gone with it. One engine
for each gradebook saves a quarter of the driver's CPU time (docs/performance.md). Connections are opened and closed as
before: `Gradebook.close` disposes of the engine's, and the engine makes new ones.
"""

from functools import lru_cache

import nbgrader.api

FEW = 8  # gradebooks that one process works with


def share_engines() -> None:
    """From here on, nbgrader takes the same engine for the same gradebook in this process."""
    if not hasattr(nbgrader.api.create_engine, "cache_info"):
        nbgrader.api.create_engine = lru_cache(maxsize=FEW)(nbgrader.api.create_engine)
