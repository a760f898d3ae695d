"""What XLA compiles, kept in files: one worker's programs are another's, and the next run's.

To read a program takes XLA a third of the time that compiling it takes, and it is the same one to the last bit. But a
training fails where its file is damaged or the disk is full, and what was compiled for another processor could end the
process. So only the helper does this (`trusted.helper`): whatever becomes of it, the child trains without any file.
"""

import os
import shutil
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from autograder.store import key_of
from autograder.unit import HELPER_FOLDER

MOST_BYTES = 256 << 20  # a program takes 0.3 MB; the oldest go first
CPU = Path("/proc/cpuinfo")


def keep(environment: MutableMapping[str, str] = os.environ) -> Path | None:
    """Have XLA keep what it compiles; its folder. Called before the first operation of this process.

    None where there is no folder for that.
    """
    if not (parent := environment.get(HELPER_FOLDER)):
        return None
    folder = Path(parent) / _machine()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        _tidy(folder)
        environment["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={folder}"
        return folder
    return None


def forget(folder: Path | None) -> None:
    """Throw them away: one of them may be damaged."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)


def _machine() -> str:
    """A name for this processor and this TensorFlow."""
    import tensorflow as tf

    lines = CPU.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0].splitlines() if CPU.exists() else []
    told = [line for line in lines if line.startswith(("model name", "flags", "Features", "CPU "))]
    return key_of(tf.__version__, told)[:16]


def _tidy(folder: Path) -> None:
    """Remove what a machine that lost its power left empty, and the oldest beyond MOST_BYTES."""
    found = [(path.stat().st_mtime, path.stat().st_size, path) for path in folder.iterdir()]
    room = MOST_BYTES
    for _when, size, path in sorted(found, reverse=True):
        room -= size
        if not size or room < 0:
            path.unlink(missing_ok=True)
