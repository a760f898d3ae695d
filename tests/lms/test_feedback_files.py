"""The zip of feedback pages, by the worksheet that a real Moodle wrote."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, Configurable

from autograder.errors import LmsError
from autograder.lms import MoodleCollector, MoodleFeedback

from .conftest import MOODLE, WORKSHEET, SetGrade


class App(Configurable):
    """What nbgrader gives an exporter: the course."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.coursedir = CourseDirectory(config=Config({"CourseDirectory": {"root": str(root)}}))


def page(course: Path, student: str, notebook: str, size: int = 0) -> str:
    text = f"<html>{student}: {notebook}</html>" + "".join(f"{(n * 2654435761) % 2**32:08x}" for n in range(size // 8))
    folder = course / "feedback" / student / "week1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{notebook}.html").write_text(text)
    return text


def as_moodle_reads(name: str) -> tuple[str, str]:
    """Participant number and file, as importziplib.php takes a path apart."""
    folder, file = name.split("/")
    parts = folder.split("_", 4)
    assert len(parts) == 5
    assert parts[2:4] == ["assignsubmission", "file"]
    return parts[1], file


def test_each_learner_gets_their_own_pages_and_the_zip_names_nobody(
    gradebook: Gradebook, set_grade: SetGrade, db_url: str, tmp_path: Path
) -> None:
    for student in ("alice", "bob"):
        set_grade(student, 12)
        for notebook in ("1_gap", "2_l1_l2"):
            page(tmp_path, student, notebook)
    page(tmp_path, "carol", "1_gap")  # not graded: her page stays here
    out = tmp_path / "out.zip"
    command = [
        *(sys.executable, "-m", "nbgrader", "export", f"--db={db_url}", f"--to={out}"),
        "--exporter=autograder.lms.MoodleFeedback",
        "--assignment=['week1']",
        f"--MoodleFeedback.sheet={WORKSHEET}",
        "--MoodleFeedback.match_email=True",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        found = {as_moodle_reads(name): archive.read(name).decode() for name in archive.namelist()}
        # the form of the names is that of Moodle's own zip of submissions
        with zipfile.ZipFile(MOODLE / "KERAS101-week1-3.folders.zip") as theirs:
            numbers = {MoodleCollector._folder.fullmatch(n)["id"] for n in theirs.namelist()}  # type: ignore[index]
        assert {MoodleCollector._folder.fullmatch(n)["id"] for n in archive.namelist()} <= numbers  # type: ignore[index]
        assert not any(private in name for name in archive.namelist() for private in ("alice", "Alice", "bob", "Bob"))
    assert found == {
        (number, f"{notebook}.html"): f"<html>{student}: {notebook}</html>"
        for number, student in (("3", "alice"), ("2", "bob"))  # as the worksheet says
        for notebook in ("1_gap", "2_l1_l2")
    }
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_learner_without_a_page_is_named(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    set_grade("alice", 12)
    exporter = MoodleFeedback(parent=App(tmp_path), sheet=str(WORKSHEET), assignment=["week1"], match_email=True)
    with pytest.raises(LmsError, match="alice: no feedback page: run “nbgrader generate_feedback”"):
        exporter.place(gradebook)


def test_a_large_class_becomes_several_files(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    for student in ("alice", "bob", "carol"):
        set_grade(student, 12)
        page(tmp_path, student, "1_gap", 2_500_000)
    target = tmp_path / "out.zip"
    options = {"sheet": str(WORKSHEET), "assignment": ["week1"], "match_email": True, "to": str(target), "megabytes": 1}
    MoodleFeedback(parent=App(tmp_path), **options).export(gradebook)
    names = []
    for file in ("out.zip", "out-2.zip", "out-3.zip"):
        with zipfile.ZipFile(tmp_path / file) as archive:
            names += archive.namelist()
    assert {as_moodle_reads(name)[0] for name in names} == {"1", "2", "3"}
    assert len(names) == 3
