"""nbgrader's whole cycle with the real programs: collect, autograde, export."""

import csv
import os
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.mini.course import MiniCourse


@pytest.fixture
def course(tmp_path: Path) -> MiniCourse:
    return MiniCourse(tmp_path / "course", workers=1)


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
    course.hand_in("g_taken_names", double="compile = exec = globals = 1\ndef double(x):\n    return 2 * x")
    course.hand_in("g_package", word="print(1)\nfrom nowhere import thing\nword = 'right'")
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
        "g_taken_names": full,
        "g_package": {"double": 3.0, "word": 0.0},
        "h_not_json": none,
        "z_right": full,
    }
    assert "not a Jupyter notebook" in said
    handed_in, page = (Path(course.root, folder, "b_raises", "mini", "m.ipynb").read_text(encoding="utf-8")
                       for folder in ("submitted", "autograded"))  # fmt: skip
    assert "raises-exception" in handed_in  # by this tag JupyterLab goes on; the error is told all the same
    assert '"evalue": "at the top of the cell"' in page
    page = (course.root / "autograded" / "g_package" / "mini" / "m.ipynb").read_text(encoding="utf-8")
    assert "The cell with `from nowhere import thing` stopped at this line: the package `nowhere` is not there" in page
    assert "error processing assignment 'mini' for student 'i_missing'" in said
    assert (course.root / "submitted" / "h_not_json" / "mini" / "m.ipynb").read_text() == "this is no notebook"


def test_a_notebook_under_another_name_is_graded_or_named_at_the_end(course: MiniCourse) -> None:
    names = {"a_browser": "m (1).ipynb", "b_surname": "M_surname.IPYNB", "c_folder": "deep/er/m.ipynb"}
    for student, name in names.items():
        folder = course.hand_in(student)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "m.ipynb").rename(folder / name)
    both = course.hand_in("d_both", word="word = 'left'")
    (both / "m.ipynb").rename(both / "m-Copy1.ipynb")
    (course.hand_in("d_both") / "._m.ipynb").write_bytes(b"macOS")
    unsure = course.hand_in("e_unsure")
    (unsure / "m.ipynb").rename(unsure / "my work.ipynb")
    said = course.autograde(status=3)
    full = {"double": 3.0, "word": 3.0}
    assert course.scores() == dict.fromkeys((*names, "d_both"), full)
    assert "a_browser: m (1).ipynb is taken for m.ipynb and was renamed." in said
    assert "which notebook of the assignment this is: e_unsure/my work.ipynb." in said
    assert (both / "m-Copy1.ipynb").exists()


def test_deleted_and_changed_cells_come_back_as_the_gradebook_knows_them(course: MiniCourse) -> None:
    path = course.hand_in("ada") / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "double_test"]
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=100, schema_version=99, locked=False)
    nbformat.write(nb, path)
    course.hand_in("bob", essay="Because.")
    retyped = course.hand_in("carol") / "m.ipynb"
    nb = nbformat.read(retyped, as_version=4)
    nb.cells[-1] = nbformat.v4.new_markdown_cell("Because.")
    nbformat.write(nb, retyped)
    course.hand_in("dora")  # wrote nothing
    course.autograde()
    with course.gradebook() as gradebook:
        essays = {s: gradebook.find_grade("essay", "m", "mini", s) for s in ("bob", "carol", "dora")}
        assert {s: g.needs_manual_grade for s, g in essays.items()} == {"bob": True, "carol": True, "dora": False}
    assert course.scores() == {s: {"double": 3.0, "word": 3.0} for s in ("ada", "bob", "carol", "dora")}
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
