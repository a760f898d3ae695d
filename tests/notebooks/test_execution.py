"""Every notebook with its solutions runs from top to bottom: no network, no error, no word on stderr."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

SOURCE = Path(__file__).parents[2] / "source"
NOTEBOOKS = sorted([*SOURCE.glob("regularisation/*.ipynb"), *SOURCE.glob("regularization/*.ipynb")])
NO_NETWORK = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_notebook_with_its_solutions_runs(path, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--output",
        "done.ipynb",
        path.name,
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | NO_NETWORK,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for cell in nbformat.read(folder / "done.ipynb", as_version=4).cells:
        outputs = cell.get("outputs", [])
        assert not [o for o in outputs if o.get("name") == "stderr"], cell.id
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            assert outputs[0].text.startswith("✓"), cell.id
