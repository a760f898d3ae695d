"""`nbgrader generate_feedback` with this course's configuration."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.feedback.graded import lay_out, notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one graded submission."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "source" / "unit").mkdir(parents=True)
    lay_out(tmp_path, notebook(language="fr"))
    return tmp_path


def test_nbgrader_writes_the_page_by_configuration_alone(course: Path) -> None:
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "unit"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    html = (course / "feedback" / "ada" / "unit" / "1_penalties.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in html
    assert "2 / 6" in html
    assert "– / 4" in html  # a person has not graded it yet
