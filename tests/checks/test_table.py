"""docs/checks.md is generated, and current."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_the_page_of_checks_is_current() -> None:
    done = subprocess.run([sys.executable, "scripts/checks_table", "--check"], cwd=PROJECT, check=False)
    assert done.returncode == 0, "run: .venv/bin/python scripts/checks_table"
