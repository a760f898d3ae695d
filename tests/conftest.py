"""What every test needs: nbgrader's programs on the path, and a captured standard error that stays open."""

import os
import sys
from pathlib import Path

from absl import logging as absl_logging
from hypothesis import settings

# nbgrader starts `alembic` by name when it makes a gradebook
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

# Keras brings absl, whose handler closes its stream whenever logging is configured anew, as each of nbgrader's
# applications does; it spares the interpreter's own stream only. Imported within a test, it would take pytest's
# capture file for its stream, and the next application started in this process would close it.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

# machines are shared: how long an example takes says nothing
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
