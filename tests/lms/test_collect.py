"""Submission zips, through nbgrader's own zip_collect."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbgrader.apps import ZipCollectApp

from autograder.grading.names import released_name

from .conftest import MOODLE, WORKSHEET

Collect = Callable[..., tuple[int, str]]
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def course(tmp_path: Path, class_database: Path) -> Path:
    """A course folder: a gradebook with the class, and the released notebook week1."""
    shutil.copy(class_database, tmp_path / "gradebook.db")
    (tmp_path / "release" / "week1").mkdir(parents=True)
    (tmp_path / "release" / "week1" / "week1.ipynb").write_text(NOTEBOOK)
    (tmp_path / "downloaded" / "week1" / "archive").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def zip_collect(course: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Collect]:
    """`nbgrader zip_collect week1`, in this process; its exit status and what it logged."""
    monkeypatch.chdir(course)

    def run(*options: str) -> tuple[int, str]:
        ZipCollectApp.clear_instance()
        app = ZipCollectApp.instance()
        try:
            app.initialize(["week1", *options])
            app.start()
        except SystemExit as end:
            return int(str(end.code)), capfd.readouterr().err
        return 0, capfd.readouterr().err

    yield run
    ZipCollectApp.clear_instance()


def collected(course: Path) -> set[str]:
    root = course / "submitted"
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def archive(course: Path, name: str, files: dict[str, tuple[int, str]]) -> None:
    """A zip in the archive folder: file name → (minute of submission, text)."""
    with zipfile.ZipFile(course / "downloaded" / "week1" / "archive" / name, "w") as file:
        for path, (minute, text) in files.items():
            file.writestr(zipfile.ZipInfo(path, (2026, 11, 22, 10, minute, 0)), text)


@pytest.mark.parametrize("kind", ["flat", "folders"])
def test_moodles_own_zip_is_collected_by_the_worksheet(course: Path, zip_collect: Collect, kind: str) -> None:
    shutil.copy(MOODLE / f"KERAS101-week1-3.{kind}.zip", course / "downloaded" / "week1" / "archive")
    zip_collect(
        "--collector=autograder.lms.MoodleCollector",
        f"--MoodleCollector.worksheet={WORKSHEET}",
        "--MoodleCollector.match_email=True",
        "--MoodleCollector.only_notebook=True",
        "--MoodleCollector.timezone=Europe/Paris",
    )
    # bob's helper.py is no notebook, carol's notebook had another name
    assert collected(course) == {
        f"{student}/week1/{file}" for student in ("alice", "bob", "carol") for file in ("week1.ipynb", "timestamp.txt")
    }
    stamp = (course / "submitted" / "bob" / "week1" / "timestamp.txt").read_text()
    assert stamp.startswith("2026-11-22 09:17")  # 10:17 in Paris


def test_moodles_learners_can_be_known_by_a_column(course: Path, zip_collect: Collect) -> None:
    shutil.copy(MOODLE / "KERAS101-week1-3.flat.zip", course / "downloaded" / "week1" / "archive")
    zip_collect(
        "--collector=autograder.lms.MoodleCollector",
        f"--MoodleCollector.worksheet={WORKSHEET}",
        "--MoodleCollector.key_column=Email address",
        "--MoodleCollector.strip_domain=True",
    )
    assert collected(course) == {
        "alice/week1/week1.ipynb",
        "bob/week1/week1.ipynb",
        "carol/week1/My Week 1 (copy).ipynb",
    }


def test_of_several_downloads_the_latest_attempt_is_taken(course: Path, zip_collect: Collect) -> None:
    name = "Bob OBrien_2_assignsubmission_file_week1.ipynb"
    archive(course, "a-second.zip", {name: (30, "new")})
    archive(course, "b-first.zip", {name: (10, "old")})
    _, said = zip_collect(
        "--collector=autograder.lms.MoodleCollector",
        f"--MoodleCollector.worksheet={WORKSHEET}",
        "--MoodleCollector.match_email=True",
    )
    assert (course / "submitted" / "bob" / "week1" / "week1.ipynb").read_text() == "new"
    assert "Skipped a file of number 2: there is a newer attempt, or one further up." in said


def test_a_file_named_like_another_learners_stays_its_owners(course: Path, zip_collect: Collect) -> None:
    archive(
        course,
        "week1.zip",
        {
            "Bob OBrien_2_assignsubmission_file/Alice_3_assignsubmission_file/week1.ipynb": (1, "bob's"),
            "Nobody_9_assignsubmission_file/week1.ipynb": (1, "nobody's"),
        },
    )
    _, said = zip_collect(
        "--collector=autograder.lms.MoodleCollector",
        f"--MoodleCollector.worksheet={WORKSHEET}",
        "--MoodleCollector.match_email=True",
    )
    assert collected(course) == {"bob/week1/week1.ipynb"}
    assert "Skipped a file of number 9: nobody here is known by this number" in said


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,week1 (7001)\n"
    '"Ångström, Alice",101,S001,alice,Section 1,\n'
    '"O\'Brien, Bob",102,S002,bob,Section 1,\n'
    '"van der Berg, Carol",103,S003,carol,Section 1,\n'
)


def test_canvas_submissions_are_collected_by_user_id(course: Path, zip_collect: Collect) -> None:
    (course / "canvas.csv").write_text(CANVAS)
    archive(
        course,
        "week1_submissions.zip",
        {
            "ångströmalice_101_9001_week1.ipynb": (1, "alice"),
            "obrienbob_LATE_102_9002_Week1-2.ipynb": (1, "bob's second"),
            "obrienbob_LATE_102_8002_week1.ipynb": (1, "bob's first"),
            "obrienbob_LATE_102_9003_helper.py": (1, "no notebook"),
            # a learner's chosen name that reads as alice's number, then the learner's own
            "x_101_5_y_103_9004_week1.ipynb": (1, "carol"),
        },
    )
    zip_collect(
        "--collector=autograder.lms.CanvasCollector",
        "--CanvasCollector.gradebook=canvas.csv",
    )
    assert collected(course) == {"alice/week1/week1.ipynb", "bob/week1/week1.ipynb"}
    assert (course / "submitted" / "alice" / "week1" / "week1.ipynb").read_text() == "alice"
    assert (course / "submitted" / "bob" / "week1" / "week1.ipynb").read_text() == "bob's second"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("week1.ipynb", "week1.ipynb"),
        ("Week 1.ipynb", "week1.ipynb"),
        ("week1 (2).ipynb", "week1.ipynb"),
        ("week1-Copy1.ipynb", "week1.ipynb"),
        ("week1-3.ipynb", "week1.ipynb"),
        ("zip/week1.ipynb", "week1.ipynb"),
        ("week-2.ipynb", "week2.ipynb"),
        ("week3.ipynb", "week3.ipynb"),
        ("week1_Ödön.ipynb", "week1.ipynb"),
        ("OBrien - week2 final.ipynb", "week2.ipynb"),
        ("WEEK2.IPYNB", "week2.ipynb"),
        ("week1 and week2.ipynb", "week1 and week2.ipynb"),
        ("midweek1.ipynb", "midweek1.ipynb"),
    ],
)
def test_a_copy_gets_the_released_name(file: str, name: str) -> None:
    assert released_name(file, ["week1.ipynb", "week2.ipynb"]) == name


def test_a_doubled_or_unsafe_id_is_refused(course: Path, zip_collect: Collect) -> None:
    archive(course, "week1_submissions.zip", {"a_101_1_week1.ipynb": (1, "")})
    for old, new, said in (
        (",bob,", ",alice,", "the same id: alice"),
        (",bob,", ",../bob,", "cannot be the name of a folder: ../bob"),
    ):
        (course / "canvas.csv").write_text(CANVAS.replace(old, new))
        command = [
            "--collector=autograder.lms.CanvasCollector",
            "--CanvasCollector.gradebook=canvas.csv",
            "-f",
        ]
        status, said = zip_collect(*command)
        assert status == 1
        assert said in said
        assert collected(course) == set() if (course / "submitted").exists() else True
