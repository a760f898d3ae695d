"""A bounded fuzz run of what reads a stranger's data finds nothing. `make fuzz` runs longer."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.fuzz.run import PROJECT, RUNS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="tests/guard.sh needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="tests/guard.sh needs util-linux"),
]


@pytest.mark.parametrize("name", RUNS)
def test_no_input_breaks_it(name: str) -> None:
    command = [PROJECT / "tests" / "guard.sh", sys.executable, "-m", "tests.fuzz.run", name]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 0, ran.stderr
    assert f"{name}: {RUNS[name]} inputs, none broke it" in ran.stdout
