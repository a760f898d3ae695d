"""A Gradescope autograder, laid out and run as Gradescope's documentation describes."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import SetupError
from autograder.i18n import Message
from autograder.lms import gradescope_run
from autograder.lms.gradescope import WEAK, build
from autograder.lms.gradescope_run import failure, hand_in, main, results_of
from autograder.records import CheckResult, Outcome

from .lti import ROOT

NAMES = ["1_gap.ipynb", "2_l1_l2.ipynb"]


def kept(*results: CheckResult, fault: str = "", **cells: float) -> dict[str, Any]:
    tasks: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        tasks.setdefault(result.task, []).append(result.to_json())
    return {"1_gap": {"language": "en", "tasks": tasks, "fault": fault, "cells": cells}}


PASSED = CheckResult("gap", "right", "It is right.", 2.0, Outcome.PASSED, 2.0)
FAILED = CheckResult(
    "gap", "sign", "The sign is right.", 1.0, Outcome.FAILED, message=Message("Look at {x}."), detail="expected 3"
)
ERROR = CheckResult("gap", "ours", "It holds.", 1.0, Outcome.ERROR, detail="ZeroDivisionError in line 3")


def test_the_zip_holds_what_gradescope_runs_and_the_course(tmp_path: Path) -> None:
    build(ROOT, "regularization", tmp_path / "a.zip")
    build(ROOT, "regularization", tmp_path / "b.zip", isolated=False)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = set(archive.namelist())
        modes = {name: archive.getinfo(name).external_attr >> 16 & 0o111 for name in names}
    assert {"setup.sh", "run_autograder", "nbgrader_config.py", "requirements.lock"} <= names
    assert "source/regularization/1_gap.ipynb" in names
    assert not any(name.startswith(("source/regularisation", "tests", ".")) for name in names)
    assert not any("__pycache__" in name for name in names)
    assert modes["setup.sh"] == modes["run_autograder"] == 0o111
    assert WEAK not in names
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert WEAK in archive.namelist()


def test_the_zip_holds_a_unit_of_the_courses_own_or_says_that_it_cannot(tmp_path: Path) -> None:
    course = tmp_path / "course"
    for folder in ("autograder", "scripts", "source/regularization"):
        (course / folder).mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.lock", "scripts/setup"):
        (course / name).write_text("")
    shutil.copytree(ROOT / "tests" / "mini" / "unit", course / "gradescope_unit")
    (course / "nbgrader_config.py").write_text('c = get_config()\nc.Course.unit = "gradescope_unit"\n')
    build(course, "regularization", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert "gradescope_unit/m/checks.py" in archive.namelist()
    (course / "nbgrader_config.py").write_text('c = get_config()\nc.Course.unit = "tests.mini.unit"\n')
    with pytest.raises(SetupError, match="does not lie in the project's folder"):
        build(course, "regularization", tmp_path / "b.zip")


def test_an_unknown_assignment_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"no assignment week9 in source/\. There are: regularisation, regularization"):
        build(ROOT, "week9", tmp_path / "x.zip")


def test_each_check_is_a_test_with_points_and_words() -> None:
    results = results_of(kept(PASSED, FAILED, gap_test=3.0))
    assert results["score"] == 2.0
    first, second = results["tests"]
    assert first | {"score": 2.0, "max_score": 2.0, "status": "passed", "visibility": "visible"} == first
    assert second["name"] == "1_gap: The sign is right."
    assert (second["score"], second["max_score"], second["status"]) == (0.0, 1.0, "failed")
    assert "output" not in results


def test_our_own_fault_gives_no_points_and_is_said_to_be_ours() -> None:
    results = results_of(kept(PASSED, ERROR, gap_test=3.0))
    assert results["score"] == 2.0
    assert "a person will grade it" in results["output"]
    text = json.dumps(results)
    assert "ZeroDivisionError" not in text  # the grader's log only
    assert "expected 3" not in json.dumps(results_of(kept(FAILED)))


def test_what_a_person_grades_is_listed_without_points() -> None:
    results = results_of(kept(PASSED, gap_test=2.0, explain=4.0))
    assert results["tests"][-1] | {"name": "1_gap: explain", "score": 0.0, "max_score": 4.0} == results["tests"][-1]
    assert "output" not in results


def test_a_fault_is_told_to_instructors_only() -> None:
    results = results_of(kept(fault="CheckerError: no space", gap_test=3.0))
    hidden = [t for t in results["tests"] if t["visibility"] == "hidden"]
    assert results["score"] == 0
    assert hidden[0]["output"] == "1_gap: CheckerError: no space"


def test_a_notebook_is_taken_under_its_released_name(tmp_path: Path) -> None:
    upload = tmp_path / "submission"
    (upload / "folder").mkdir(parents=True)
    (upload / "folder" / "1_gap (2).ipynb").write_text("copy")
    (upload / "2_l1_l2-1.ipynb").write_text("copy")
    (upload / "2_l1_l2.ipynb").write_text("exact")
    (upload / "helper.py").write_text("x")
    (upload / "link.py").symlink_to("/etc/hostname")
    assert hand_in(upload, tmp_path / "in", NAMES) == 2
    assert {p.name for p in (tmp_path / "in").iterdir()} == {*NAMES, "helper.py"}
    assert (tmp_path / "in" / "2_l1_l2.ipynb").read_text() == "exact"


def layout(tmp_path: Path) -> Path:
    """/autograder with source/, submission/ and results/, as the specification draws it."""
    for name in ("source", "submission", "results"):
        (tmp_path / name).mkdir()
    build(ROOT, "regularization", tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(tmp_path / "source")
    return tmp_path


def results_in(root: Path) -> Any:
    return json.loads((root / "results" / "results.json").read_text("utf-8"))


def run_autograder(root: Path) -> None:
    env = {**os.environ, "AUTOGRADER_ROOT": str(root)}
    subprocess.run(["sh", root / "source" / "run_autograder"], cwd=root, env=env, check=True, timeout=900)


def test_there_is_a_results_file_even_when_nothing_was_set_up(tmp_path: Path) -> None:
    root = layout(tmp_path)
    run_autograder(root)  # setup.sh never ran: there is no Python
    assert results_in(root)["score"] == 0
    assert "not your fault" in results_in(root)["output"]


def test_there_is_a_results_file_when_the_program_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = layout(tmp_path)

    def fails(*_: object) -> dict[str, Any]:
        # what is found if this process is killed now
        assert results_in(root) == failure()
        raise MemoryError("secret detail")

    monkeypatch.setattr(gradescope_run, "grade", fails)
    assert main([str(root)]) == 0
    results = results_in(root)
    assert (results["score"], results["tests"][0]["visibility"]) == (0, "hidden")
    assert "secret detail" not in results["output"]
    assert "MemoryError" in results["tests"][0]["output"]


def test_a_submission_without_a_notebook_is_told_what_was_expected(tmp_path: Path) -> None:
    root = layout(tmp_path)
    (root / "submission" / "essay.txt").write_text("…")
    assert main([str(root)]) == 0
    assert "Expected: 1_gap.ipynb, 2_l1_l2.ipynb" in results_in(root)["output"]


@pytest.mark.slow
def test_a_submission_is_graded_as_gradescope_would(tmp_path: Path) -> None:
    """setup.sh, then run_autograder; one notebook of the assignment, to keep it short."""
    root = layout(tmp_path)
    env = {**os.environ, "AUTOGRADER_ROOT": str(root)}
    subprocess.run(["sh", root / "source" / "setup.sh"], env=env, check=True, timeout=1200)
    source = root / "source" / "source" / "regularization"
    for notebook in source.glob("[2-5]*.ipynb"):
        notebook.unlink()
    # the instructor's notebook holds the solutions
    shutil.copy(source / "1_gap.ipynb", root / "submission" / "1_gap (1).ipynb")
    metadata = {"users": [{"id": 7, "email": "alice@example.org"}], "assignment": {"title": "week1"}}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    run_autograder(root)
    results = results_in(root)
    assert results["score"] == 15.0, results
    assert all(t["status"] == "passed" for t in results["tests"])
    # the stub as it was released
    shutil.copy(ROOT / "release" / "regularization" / "1_gap.ipynb", root / "submission" / "1_gap (1).ipynb")
    run_autograder(root)
    assert results_in(root)["score"] == 0.0
    assert "a person will grade it" not in json.dumps(results_in(root))
