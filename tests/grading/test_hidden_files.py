"""Hidden checks lie on the grader's disk while a run lasts: the process that runs them reads them, and nobody else."""

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

from autograder.grading.client import TrustedProcess
from tests.mini.jobs import UNIT


def test_nobody_else_on_the_machine_can_read_the_checks() -> None:
    with TrustedProcess() as trusted:
        request = trusted.request(UNIT, do="plan", notebook="m", secret="s")
        trusted.start()
        plan = asyncio.run(trusted.ask(replace(request), seconds=60))
        assert plan["points"] == {"double": 3.0, "word": 3.0}
        placed = Path(request.folder)
        files = [path for path in placed.rglob("*") if path.is_file()]
        assert placed / "m" / "checks.py" in files
        for path in (placed.parents[1], placed.parent, placed, *placed.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
