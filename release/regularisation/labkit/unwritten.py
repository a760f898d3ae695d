"""Given cells that show what a learner's own function does: they wait until it is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from .messages import _, say


@contextmanager
def once_written() -> Iterator[None]:
    """`with lab.once_written(): …` says so, and goes on, where what is inside calls an exercise not written yet.

    Every other error is left as it is: its traceback shows where to look.
    """
    try:
        yield
    except NotImplementedError as error:
        code = _raised_in(error)
        if code is None or not is_stub(error):
            raise
        name = getattr(code, "co_qualname", code.co_name)  # Python 3.10 has no qualified name
        print("✏️ ", say(_("{name} is not written yet: run this cell again once it is."), name=name))


def is_stub(error: NotImplementedError) -> bool:
    """Whether the exception is that of a cell as it was handed out, a bare one.

    TensorFlow and Keras raise it, too, with a word on why or out of a file of theirs.
    """
    code = _raised_in(error)
    return not error.args and (code is None or "site-packages" not in code.co_filename)


def _raised_in(error: NotImplementedError) -> CodeType | None:
    """The code that raised it; None when it was never raised."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last and last.tb_frame.f_code
