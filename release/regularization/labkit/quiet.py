"""TensorFlow's native start-up messages, kept out of the notebook.

They are written by C++ straight to the process's standard error, some even with TF_CPP_MIN_LOG_LEVEL=3, and
would fill a learner's first cells with red text. Python's warnings and errors do not pass there: they stay
visible.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2


@contextmanager
def no_native_messages() -> Iterator[None]:
    """Send what native code writes to standard error nowhere, while the block runs."""
    kept, nowhere = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)


def start_tensorflow() -> None:
    """Import TensorFlow, run and compile a first operation, which is when it reports on the machine and on XLA."""
    with no_native_messages():
        import tensorflow as tf

        tf.function(lambda x: x + 1.0, jit_compile=True, autograph=False)(tf.constant(0.0))
