"""What every measurement carries: where and when it was made."""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def about() -> dict[str, Any]:
    """The machine, the versions, and how busy it was with other work."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("keras", "tensorflow-cpu", "nbgrader")},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), platform.machine())


def save(path: Path, measured: dict[str, Any]) -> None:
    """Write the measurement as JSON, and print it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": about(), **measured}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
    print(text)
