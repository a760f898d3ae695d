"""What a unit's demonstrations show, brought along so that nobody has to draw it again.

The files `shown/<language>/<notebook>.json` of a unit, which `release` writes: the index of a given cell → its outputs
(nbformat 4), under "outputs", and under "of" the hash of what decides them: the given cells, the course's files beside
the notebook and the language. In a course where one of these is another, the file says nothing. The engine's own
program is none of it, or every change of ours would void them.
"""

import json
from pathlib import Path

from autograder.execution.demonstrations import Outputs
from autograder.files import write_whole


def read(path: Path, key: str) -> Outputs | None:
    """What the file holds under this hash; None where there is none, or of something else."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found.get("outputs") if isinstance(found, dict) and found.get("of") == key else None


def write(path: Path, key: str, outputs: Outputs) -> None:
    """Replace the file.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps({"of": key, "outputs": outputs}, ensure_ascii=False, indent=1)
    write_whole(path, f"{text}\n".encode(), mode=0o644)
