"""The course's modules beside a notebook, compiled once and not in every kernel that imports them."""

import importlib.util
import py_compile
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


def compiled(course: Mapping[str, bytes]) -> dict[str, bytes]:
    """The byte code of the course's own modules, where Python looks for it: path → content.

    A learner's are not compiled here: whoever compiles a stranger's text gives it time and memory.
    """
    found = {n: _compiled(n, source) for n, source in course.items() if n.endswith(".py")}
    return {importlib.util.cache_from_source(name): code for name, code in found.items() if code}


@lru_cache(maxsize=256)
def _compiled(name: str, source: bytes) -> bytes:
    """Marked as never to be compared with its source, which it lies beside; empty where that is no Python."""
    with tempfile.TemporaryDirectory() as folder:
        text, code = Path(folder, "m.py"), Path(folder, "m.pyc")
        text.write_bytes(source)
        never = py_compile.PycInvalidationMode.UNCHECKED_HASH
        try:
            py_compile.compile(str(text), str(code), name, doraise=True, invalidation_mode=never)
        except (py_compile.PyCompileError, ValueError):  # a kernel that imports it will say so
            return b""
        return code.read_bytes()
