"""What every test needs: a captured standard error that stays open."""

import sys

from absl import logging as absl_logging

# Keras brings absl, whose handler closes its stream whenever logging is configured anew, as each of nbgrader's
# applications does; it spares the interpreter's own stream only. Imported within a test, it would take pytest's
# capture file for its stream, and the next application started in this process would close it.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__
