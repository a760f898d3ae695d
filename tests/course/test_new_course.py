"""`python -m autograder new-course`: a course of plain files, from an installed package alone."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config.loader import PyFileConfigLoader

from autograder.__main__ import main
from autograder.classroom import Typed, hand_in
from autograder.nbgrader_command import nbgrader
from autograder.release import demonstrating
from autograder.scale.settings import KNOWN_SECRET, Course, configured_unit
from autograder.unit import load
from tests.mini.course import MiniCourse

PROJECT = Path(__file__).parents[2]
SECONDS = 900  # for one command, on a busy machine


def secret(course: Path) -> str:
    return Course(config=PyFileConfigLoader("nbgrader_config.py", str(course)).load_config()).secret


def says(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(["new-course", *arguments]) == 1
    return capsys.readouterr().err


def test_a_course_has_all_notebooks_plain_files_and_a_secret_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["new-course", str(first)]) == main(["new-course", str(second)]) == 0
    wanted = {p.relative_to(PROJECT) for p in PROJECT.glob("source/*/*.ipynb")}
    assert {p.relative_to(first) for p in first.glob("source/*/*.ipynb")} == wanted
    assert not [p for p in first.rglob("*") if p.is_symlink()]
    for assignment in (first / "source").iterdir():
        released = {p.name for p in (PROJECT / "release" / assignment.name / "labkit").glob("*.*")}
        assert {p.name for p in (assignment / "labkit").glob("*.*")} == released
    assert len({secret(first), secret(second), KNOWN_SECRET}) == 3


def test_what_demonstrations_show_comes_with_the_unit(tmp_path: Path) -> None:
    course = tmp_path / "course"
    assert main(["new-course", str(course), "--own-unit", "a_unit"]) == 0
    nbgrader(course, "generate_assignment", "regularization")
    for unit in (load("autograder.units.regularization"), configured_unit(course)):
        found = list(demonstrating(course, unit))
        assert len(found) == 5
        assert all(one.job.demonstrations.shown for one in found)


def test_one_notebook_of_one_assignment_can_be_taken_alone(tmp_path: Path) -> None:
    wanted = ["--assignments", "regularization", "--notebooks", "2_l1_l2"]
    assert main(["new-course", str(tmp_path / "course"), *wanted]) == 0
    found = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.ipynb")]
    assert found == ["course/source/regularization/2_l1_l2.ipynb"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (["--notebooks", "6_more"], "There is no 6_more. There are: 1_gap, 2_l1_l2,"),
        (["--assignments", "dropout"], "There is no dropout. There are: regularisation, regularization."),
        (["--own-unit", "numpy"], "numpy cannot name the course's own unit"),
        (["--own-unit", "my-unit"], "my-unit cannot name the course's own unit"),
        (["--unit", "tests.mini.unit"], "The unit tests.mini.unit brings no course along."),
        (["--unit", "nowhere"], "c.Course.unit = 'nowhere' names no unit"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_made(
    wanted: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sentence in says([str(tmp_path / "course"), *wanted], capsys, monkeypatch)
    assert not (tmp_path / "course").exists()


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grades.csv").write_text("mine", encoding="utf-8")
    assert "holds something already" in says([str(tmp_path)], capsys, monkeypatch)
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"]


def test_a_unit_of_its_own_is_changed_in_the_course_alone(tmp_path: Path) -> None:
    course = tmp_path / "course"
    assert main(["new-course", str(course), "--notebooks", "2_l1_l2", "--own-unit", "our_unit"]) == 0
    checks = course / "our_unit" / "l1_l2" / "checks.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text.replace("points=", "points=10 * ", 1), encoding="utf-8")
    run = [sys.executable, "-m", "autograder", "sync", "--check"]
    found = subprocess.run(run, cwd=course, env={**os.environ, "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8"},
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert found.returncode == 1, found.stderr
    assert len(found.stdout.splitlines()) == 2  # one task, in both languages
    unit = configured_unit(course)
    assert (unit.package, unit.folder) == ("our_unit", course / "our_unit")
    assert not [n for n, data in unit.source.files.content.items() if b"autograder.units" in data]
    assert {n.split("/")[0] for n in unit.source.files.content} & {"lab", "course"} == set()


def test_a_copied_folder_with_links_that_lead_nowhere_is_told_in_a_sentence(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course")
    lost = course.root / "source" / "mini" / "labkit" / "data.py"
    lost.parent.mkdir()
    lost.symlink_to("../../../autograder/units/data.py")
    said = course.nbgrader("generate_assignment", "mini", "--force", status=1)
    assert "source/mini/labkit/data.py is a link to ../../../autograder/units/data.py, which is not there" in said
    assert "Traceback" not in said


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


class Installed:
    """An environment that has the project's dependencies, and the project from its wheel alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(root / "dist")]
        subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / "env")], check=True)
        ours = Path(sysconfig.get_path("purelib"))
        theirs = root / "env" / ours.relative_to(sys.prefix)
        shutil.rmtree(theirs)
        mine = shutil.ignore_patterns("shrinkage-*", "_editable_impl_*", "__editable__*")
        shutil.copytree(ours, theirs, symlinks=True, copy_function=link_or_copy, ignore=mine)
        (wheel,) = (root / "dist").iterdir()
        uv = [str(Path(sys.prefix, "bin", "uv")), "pip", "install", "--quiet", "--offline", "--no-deps"]
        subprocess.run([*uv, "--python", str(self.python), str(wheel)], check=True)

    @property
    def python(self) -> Path:
        return self.root / "env" / "bin" / "python"

    def run(self, folder: Path, *words: str) -> str:
        """`python -m …` of this environment in a folder that is far from the project."""
        environment = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "VIRTUAL_ENV")}
        found = subprocess.run([str(self.python), "-m", *words], cwd=folder, text=True, timeout=SECONDS, check=False,
                               env={**environment, "LC_ALL": "C.UTF-8"}, stdout=-1, stderr=-2)  # fmt: skip
        assert found.returncode == 0, found.stdout
        return found.stdout


@pytest.mark.slow
def test_a_course_of_the_installed_wheel_is_graded_from_end_to_end(tmp_path: Path) -> None:
    installed = Installed(tmp_path)
    wanted = ["--assignments", "regularization", "--notebooks", "2_l1_l2"]
    installed.run(tmp_path, "autograder", "new-course", "course", *wanted)
    course = tmp_path / "course"
    assert not [p for p in course.rglob("*") if p.is_symlink()]
    installed.run(course, "nbgrader", "generate_assignment", "regularization")
    (tmp_path / "ada").mkdir()
    hand_in(Typed(tmp_path / "ada", "regularization"), course)
    installed.run(course, "nbgrader", "autograde", "regularization")
    installed.run(course, "nbgrader", "generate_feedback", "regularization")
    installed.run(course, "autograder", "report", "regularization")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        graded = gradebook.find_submission("regularization", "ada")
        assert (graded.score, graded.max_score) == (35.0, 35.0)
    assert "<h1" in (course / "feedback/ada/regularization/2_l1_l2.html").read_text(encoding="utf-8")
    assert (course / "reports" / "regularization.html").exists()
