"""The same guarantees for a grader who is not root: these tests run again as an ordinary user."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.sandbox.isolation import isolation_problem

ORDINARY_UID = "12345"
# In a mount namespace of its own, root's home becomes passable, without its files: Python may live below it.
AS_ORDINARY_USER = """
set -eu
python_home=$1; kept=$2; shift 2
case $python_home in /root/*)
    top=/root/$(echo "$python_home" | cut -d / -f 3)
    mount --bind "$top" "$kept"
    mount -t tmpfs -o mode=0755 none /root
    mkdir "$top"
    mount --bind "$kept" "$top"
esac
exec setpriv --reuid "$0" --regid "$0" --clear-groups --inh-caps=-all --bounding-set=-all env HOME=/tmp "$@"
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; the other tests ran as you")
@pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem()))
def test_the_guarantees_hold_for_an_ordinary_user(tmp_path: Path) -> None:
    shell = ["unshare", "--mount", "sh", "-c", AS_ORDINARY_USER, ORDINARY_UID, sys.base_prefix, str(tmp_path)]
    reachable = subprocess.run([*shell, sys.executable, "-c", "import autograder.sandbox.kernel"], check=False)
    if reachable.returncode != 0:
        pytest.skip("an ordinary user cannot read this environment")
    folder = Path(__file__).parent
    files = [str(folder / name) for name in ("test_guarantees.py", "test_warm.py", "test_parts.py")]
    scratch = Path(tempfile.mkdtemp())
    os.chown(scratch, int(ORDINARY_UID), int(ORDINARY_UID))
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={scratch}/pytest"]
    command = [*shell, sys.executable, "-m", "pytest", *options, *files]
    ran = subprocess.run(command, cwd=folder.parents[1], capture_output=True, text=True, check=False)
    shutil.rmtree(scratch)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "passed" in ran.stdout
