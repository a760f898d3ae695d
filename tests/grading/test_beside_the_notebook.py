"""What lies beside a notebook when it runs: the learner's files, and the course's, which win."""

from pathlib import Path

import pytest

from autograder.grading.job import beside_the_notebook
from autograder.grading.notebooks import MAX_FILES, files_beside
from autograder.sandbox.rundir import write_files

COURSE = {"lab.py": b"course", "labkit/__init__.py": b"", "labkit/data/images.npz": b"course"}


@pytest.mark.parametrize(
    "conflicting",
    ["labkit", "labkit/data", "lab.py/__init__.py", "lab.py/a/b.txt", "labkit/data/images.npz/x", "lab.py"],
)
def test_a_file_that_stands_where_the_course_has_a_folder_or_the_other_way_round_is_left_out(
    conflicting: str, tmp_path: Path
) -> None:
    found = beside_the_notebook({conflicting: b"own", "notes.txt": b"own", "labkit/more.py": b"own"}, COURSE)
    assert found == {**COURSE, "notes.txt": b"own", "labkit/more.py": b"own"}
    write_files(tmp_path, found)
    assert (tmp_path / "lab.py").read_bytes() == b"course"


def test_an_environment_in_the_folder_does_not_push_the_learners_own_files_out(tmp_path: Path) -> None:
    packages = tmp_path / "env" / "Lib" / "site-packages"
    packages.mkdir(parents=True)
    for number in range(MAX_FILES + 1):
        (packages / f"m{number}.py").write_text("", encoding="utf-8")
    (tmp_path / "helper.py").write_text("mine", encoding="utf-8")
    assert files_beside(tmp_path, ()) == {"helper.py": b"mine"}
