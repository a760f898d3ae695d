"""A course of one small assignment, and Jupyter servers that show it: to its learners, to its instructor."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.feedback.graded import meta

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SETTINGS = """
c.CourseDirectory.course_id = "tiny"
c.Course.unit = "tests.browser.unit"
c.Exchange.root = {exchange!r}
c.Scale.workers = 1
"""
RUBRIC = """**Rubric**

| Points | For |
|---|---|
| 3 | **the answer**, whatever its length |
| 1 | a reason |"""
ANSWER = "def double(x):\n    return 2 * x"


def make_course(folder: Path) -> None:
    """Source and release of the assignment `tiny`: one task for the program, one for a person."""
    solution = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    cells = [
        new_markdown_cell("# Tiny\n\nA chapter of one task.", id="title"),
        new_markdown_cell("## 1 · Doubling\n\nTwice $x$ is $2x$.", id="double-lesson"),
        new_code_cell("print(6 * 7)", id="example"),
        new_markdown_cell("### ✏️ Exercise 1 — Double (2 points)", id="double-task"),
        new_code_cell(solution, id="double", metadata=meta("double", solution=True)),
        new_code_cell(
            "assert double(2) == 4", id="double-test", metadata=meta("double_test", grade=True, locked=True, points=2)
        ),
        new_markdown_cell("### ✏️ Exercise 2 — Justify (4 points)", id="explain-task"),
        new_markdown_cell(RUBRIC, id="explain-rubric"),
        new_markdown_cell(
            "Your text here.", id="explain", metadata=meta("explain", grade=True, solution=True, points=4)
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    source = folder / "source" / "tiny"
    source.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), source / "1_tiny.ipynb")
    own = SETTINGS.format(exchange=str(folder / "exchange"))
    (folder / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + own)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "tiny"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def hand_in(course: Path, student: str, double: str, essay: str) -> None:
    """A submission with these two answers."""
    target = course / "submitted" / student / "tiny"
    shutil.copytree(course / "release" / "tiny", target)
    nb: Any = nbformat.read(target / "1_tiny.ipynb", as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = {"double": double, "explain": essay}.get(name, cell.source)
    nbformat.write(nb, target / "1_tiny.ipynb")
    (target / "timestamp.txt").write_text("2026-03-02 18:00:00 UTC")


@contextmanager
def jupyter(folder: Path, log: Path) -> Iterator[str]:
    """A JupyterLab on this machine only, showing `folder`; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    options = [*quiet, "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
    command = [sys.executable, "-m", "jupyter", "lab", *options, f"--notebook-dir={folder}"]
    settings = folder.parent / "jupyter"  # nothing of the person's own
    private = {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_DATA_DIR": str(settings), "HOME": str(settings)}
    settings.mkdir(exist_ok=True)
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **private}
        )
        try:
            _wait(f"http://127.0.0.1:{port}/api", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise TimeoutError(f"no answer from {url}: {log.read_text(errors='replace')[-2000:]}")
