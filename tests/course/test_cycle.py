"""nbgrader's whole cycle with the real programs: release, fetch, submit, collect, autograde, feedback, export."""

import csv
import os
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.mini.course import REFERENCE, MiniCourse

EXCHANGE = """
c.Exchange.root = {root!r}
c.Exchange.path_includes_course = False
c.CourseDirectory.course_id = "mini101"
"""


@pytest.fixture
def course(tmp_path: Path) -> MiniCourse:
    return MiniCourse(tmp_path / "course", workers=1)


def fill(notebook: Path, **cells: str) -> None:
    nb = nbformat.read(notebook, as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in cells:
            cell.source = cells[name]
    nbformat.write(nb, notebook)


def as_student(course: MiniCourse, folder: Path, *words: str) -> None:
    """Run nbgrader where a learner would: in a folder of their own, with the exchange and nothing of the course."""
    folder.mkdir(exist_ok=True)
    config = EXCHANGE.format(root=str(course.root.parent / "exchange"))
    (folder / "nbgrader_config.py").write_text(f"c = get_config()\n{config}", encoding="utf-8")
    here, course.root = course.root, folder
    try:
        course.nbgrader(*words)
    finally:
        course.root = here


def test_a_notebook_goes_through_the_exchange_and_feedback_comes_back(course: MiniCourse) -> None:
    exchange, home = course.root.parent / "exchange", course.root.parent / "home"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    course.configure(EXCHANGE.format(root=str(exchange)), workers=1)
    course.nbgrader("release_assignment", "mini")
    as_student(course, home, "fetch_assignment", "mini")
    fill(home / "mini" / "m.ipynb", **REFERENCE, essay="Because.")
    secret = course.root / "secret.txt"
    secret.write_text("the grader's own", encoding="utf-8")
    as_student(course, home, "submit", "mini")
    (inbound,) = (exchange / "mini101" / "inbound").iterdir()
    inbound.chmod(0o755)
    (inbound / "link.txt").symlink_to(secret)
    inbound.with_name("mallory+mini+" + "9" * 23).mkdir()  # anybody may make a folder there
    (inbound.with_name("eve+mini+2026-03-02 18:00:00 UTC") / "m.ipynb").mkdir(parents=True)
    said = course.nbgrader("collect", "mini")
    assert "not a plain file" in said
    assert "mallory+mini" in said
    shutil.rmtree(course.root / "submitted" / "eve")
    (collected,) = (course.root / "submitted").glob("*/mini")
    assert not (collected / "link.txt").exists()
    course.autograde()
    (scores,) = course.scores().values()
    assert scores == {"double": 3.0, "word": 3.0}
    course.nbgrader("generate_feedback", "mini")
    course.nbgrader("release_feedback", "mini")
    assert list((exchange / "mini101" / "feedback").iterdir())


def test_a_zip_of_submissions_is_collected_and_graded(course: MiniCourse) -> None:
    right = course.hand_in("somebody") / "m.ipynb"
    archive = course.root / "downloaded" / "mini" / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "all.zip", "w") as file:
        file.write(right, "ada_mini_attempt_2026-03-02-18-00-00_m.ipynb")
    for path in sorted((course.root / "submitted").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    pattern = r".*/(?P<student_id>[^/_]+)_mini_attempt_(?P<timestamp>[-0-9]+)_(?P<file_id>.+)"
    course.configure(f"c.FileNameCollectorPlugin.named_regexp = {pattern!r}\n", workers=1)
    course.nbgrader("zip_collect", "mini", "--force")
    course.autograde()
    assert course.scores() == {"ada": {"double": 3.0, "word": 3.0}}


def test_bad_input_costs_its_own_task_and_nobody_else_anything(course: MiniCourse) -> None:
    course.hand_in("a_right")
    course.hand_in("b_raises", double="raise RuntimeError('at the top of the cell')")
    course.hand_in("c_exits", double="import os\nos._exit(1)")
    course.hand_in("d_nan", double="def double(x):\n    return float('nan')")
    course.hand_in("e_none", double="def double(x):\n    pass", word="word = None")
    course.hand_in("f_huge", word="import numpy\nword = numpy.zeros(10**7)")
    course.hand_in("g_stderr", word="import sys\nprint('TensorFlow writes here', file=sys.stderr)\nword = 'right'")
    (course.hand_in("h_not_json") / "m.ipynb").write_text("this is no notebook", encoding="utf-8")
    (course.hand_in("i_missing") / "m.ipynb").rename(course.root / "submitted/i_missing/mini/other.ipynb")
    course.hand_in("z_right")
    said = course.autograde(status=1)  # nbgrader's own word about the one who handed in no notebook of the assignment
    scores = course.scores()
    scores.pop("i_missing", None)
    full, none = {"double": 3.0, "word": 3.0}, {"double": 0.0, "word": 0.0}
    assert scores == {
        "a_right": full,
        "b_raises": {"double": 0.0, "word": 3.0},
        "c_exits": none,
        "d_nan": {"double": 0.0, "word": 3.0},
        "e_none": none,
        "f_huge": {"double": 3.0, "word": 0.0},
        "g_stderr": full,
        "h_not_json": none,
        "z_right": full,
    }
    assert "not a Jupyter notebook" in said
    assert "error processing assignment 'mini' for student 'i_missing'" in said
    assert (course.root / "submitted" / "h_not_json" / "mini" / "m.ipynb").read_text() == "this is no notebook"


def test_deleted_and_changed_cells_come_back_as_the_gradebook_knows_them(course: MiniCourse) -> None:
    path = course.hand_in("ada") / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "double_test"]
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=100, schema_version=99, locked=False)
    nbformat.write(nb, path)
    course.autograde()
    assert course.scores() == {"ada": {"double": 3.0, "word": 3.0}}
    graded = nbformat.read(course.root / "autograded" / "ada" / "mini" / "m.ipynb", as_version=4)
    points = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.get("points")
        for c in graded.cells
        if "nbgrader" in c.metadata
    }
    assert points["double_test"] == 3


def test_export_writes_the_scores(course: MiniCourse) -> None:
    course.hand_in("ada")
    course.autograde()
    course.nbgrader("export")
    with (course.root / "grades.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], float(row["score"])) == ("ada", 6.0)


def test_links_in_a_submission_are_not_followed(course: MiniCourse) -> None:
    secret = course.root / "secret.txt"
    secret.write_text("the grader's own", encoding="utf-8")
    folder = course.hand_in("ada")
    (folder / "link.txt").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    course.autograde()
    assert not (course.root / "autograded" / "ada" / "mini" / "link.txt").exists()
    assert course.scores() == {"ada": {"double": 3.0, "word": 3.0}}
    assert secret.read_text(encoding="utf-8") == "the grader's own"
