"""The class report from a real gradebook and stored notebooks."""

import csv
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.i18n import Message
from autograder.insight.collect import collect, stored_results
from autograder.records import Outcome, TaskGrade
from tests.feedback.graded import PICTURE, fill_gradebook, lay_out, notebook, result, stored

PASSED = [result("passes", Outcome.PASSED, 6, picture={**PICTURE, "strengths": {"l2": 0.001, "rate": 0.5}})]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three learners: one right, one with a mistake, one who handed nothing in; `explain` waits for a person."""
    folder = tmp_path_factory.mktemp("course")
    lay_out(folder, notebook("# I am Ada\ndef l2_penalty(w, lam):\n    return '<script>'"))
    lay_out(
        folder,
        notebook(stored=stored(TaskGrade("penalty", PASSED), "en")),
        "bob",
        {"penalty_test": 6.0, "explain": None},
    )
    fill_gradebook(folder, [("carol", {"penalty_test": None})])
    source(folder)
    return folder


def source(course: Path) -> None:
    """The course's own notebook, which has the titles."""
    folder = course / "source" / "unit"
    folder.mkdir(parents=True)
    nbformat.write(notebook(), folder / "1_penalties.ipynb")


@pytest.fixture
def written(course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report in English."""
    monkeypatch.chdir(course)
    assert main(["report", "unit", "--language", "en", "--json", "r.json", "--csv", "r.csv"]) == 0
    return course


def test_the_page_shows_points_checks_diagnoses_and_pictures(written: Path) -> None:
    html = (written / "reports" / "unit.html").read_text(encoding="utf-8")
    assert "2 notebooks of 2 learners handed in." in html
    assert "Your penalty is half of the expected one" in html
    assert "1 of 2 learners</span>:" in html
    assert "(50 %)" not in html  # of two
    assert "share of the gap that is gone" in html
    assert "Exercise 1.1 — By hand" in html
    order = [html.index(f'id="{name}"') for name in ("todo", "misconceptions", "points", "checks", "waiting")]
    assert order == sorted(order)
    assert len(html.encode()) < 500_000


def test_examples_are_anonymous_and_harmless(written: Path) -> None:
    html = (written / "reports" / "unit.html").read_text(encoding="utf-8")
    assert "I am Ada" not in html
    assert "l2_penalty" in html
    assert "script" not in html


def test_a_reader_is_told_on_top_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = Message("Your penalty is {share:.2f} of the expected one.", {"share": 0.5})
    blank = Message("It is not written yet.")
    for i in range(24):
        fails = result("fails", Outcome.FAILED, message=half) if i < 9 else result("fails", Outcome.PASSED, 2)
        wrong = [fails, result("never", Outcome.FAILED, message=Message("No.")), result("early", Outcome.PASSED, 2)]
        left = [result("fails", Outcome.FAILED, message=blank, problem="not written")]
        grade = TaskGrade("penalty", wrong if i < 16 else left)
        lay_out(tmp_path, notebook(stored=stored(grade, "en")), f"s{i}", {"penalty_test": grade.score, "explain": None})
    source(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["report", "unit", "--language", "en", "--json", "r.json"]) == 0
    html = (tmp_path / "reports" / "unit.html").read_text(encoding="utf-8")
    top = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", html.partition('id="todo"')[2].partition("</section>")[0]))
    assert "9 of 16 learners (56 %) went wrong here. Most often (9 ×): Your penalty is 0.50 of the expected one." in top
    assert "8 of 24 learners (33 %) left it blank." in top
    assert "The check never holds. 0 of 16 learners (0 %) passed." in top
    assert "Exercise 1.2: 24 learners wait" in top
    teach = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["teach"]
    assert teach == [{"notebook": "1_penalties", "task": "penalty", "count": 9, "answered": 16}]


@pytest.mark.parametrize(
    ("locale", "words", "said"),
    [
        ("fr_FR.UTF-8", [], "Ce qu’il faut faire"),
        ("en_GB.UTF-8", [], "What to do"),
        ("C.UTF-8", [], "Ce qu’il faut faire"),  # then the assignment's
        ("fr_FR.UTF-8", ["--language", "en"], "What to do"),
    ],
)
def test_the_report_is_in_the_graders_language(
    locale: str, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, notebook())
    with (tmp_path / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write("\nc.Course.languages = {'unit': 'fr'}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", locale)
    assert main(["report", "unit", *words]) == 0
    assert said in (tmp_path / "reports" / "unit.html").read_text(encoding="utf-8")


def test_what_waits_for_a_person_links_to_the_formgrader(written: Path) -> None:
    html = (written / "reports" / "unit.html").read_text(encoding="utf-8")
    assert html.count('<a href="http://localhost:8888/formgrader/submissions/') == 2
    assert "Graded by a person: Exercise 1.2" in html


def test_json_and_csv_hold_the_same_numbers(written: Path) -> None:
    data = json.loads((written / "r.json").read_text(encoding="utf-8"))
    assert data["points"] == {"each": [2.0, 6.0], "complete": [2.0, 6.0]}
    assert data["maximum"] == 10
    rows = list(csv.DictReader((written / "r.csv").read_text(encoding="utf-8").splitlines()))
    assert [(r["name"], r["passed"]) for r in rows] == [(c["name"], str(c["passed"])) for c in data["checks"]]


def test_a_learner_who_handed_nothing_in_does_not_count(written: Path) -> None:
    data = json.loads((written / "r.json").read_text(encoding="utf-8"))
    assert data["learners"] == 2


def test_points_lost_for_being_late_count_in_the_class_but_not_in_the_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student, late in (("ada", None), ("bob", 1.5), ("eve", 99.0)):
        lay_out(tmp_path, notebook(), student)
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", "course") as book:
            book.find_submission_notebook("1_penalties", "unit", student).late_submission_penalty = late
            book.db.commit()
    monkeypatch.chdir(tmp_path)
    assert main(["report", "unit", "--language", "fr", "--json", "r.json"]) == 0
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert data["points"]["each"] == [0.0, 0.5, 2.0]
    html = (tmp_path / "reports" / "unit.html").read_text(encoding="utf-8")
    assert "2 apprenants ont perdu des points pour retard." in html
    assert "ont au moins 0,5 points sur 10." in html
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", "course") as book:
        assert set(collect(book, "unit", tmp_path / "autograded").earned.values()) == {2.0}


def test_an_unknown_assignment_is_named_with_the_known_ones(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(course)
    assert main(["report", "nothing"]) == 1
    assert "unit" in capsys.readouterr().err


def test_results_are_read_without_parsing_the_notebook_and_also_when_they_are_long(tmp_path: Path) -> None:
    nb = notebook()
    nb.cells[0].source = '\n "metadata": {"autograder": 1}'
    nbformat.write(nb, tmp_path / "short.ipynb")
    many = [result(f"check{i}", Outcome.PASSED, 2, picture=PICTURE) for i in range(60)]
    nbformat.write(notebook(stored=stored(TaskGrade("penalty", many), "fr")), tmp_path / "long.ipynb")
    short, long = stored_results(tmp_path / "short.ipynb"), stored_results(tmp_path / "long.ipynb")
    assert short is not None
    assert [r.name for r in short.grades["penalty"].results] == ["passes", "fails", "waits"]
    assert long is not None
    assert len(long.grades["penalty"].results) == 60


def test_a_notebook_written_by_another_program_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "flat.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    assert stored_results(tmp_path / "flat.ipynb") is not None


def test_one_learner_s_result_never_stops_the_report_of_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nan = float("nan")
    for student, reduction, strength in (
        ("ada", [nan] * 3, 0.1),
        ("bob", [0.1, 0.2, 0.3], nan),
        ("eve", [-nan] * 3, 1),
    ):
        picture = {**PICTURE, "reduction": reduction, "strengths": {"l2": strength, "rate": strength}}
        grade = TaskGrade("penalty", [result("passes", Outcome.PASSED, 6, picture=picture)])
        lay_out(tmp_path, notebook(stored=stored(grade, "en")), student)
    lay_out(tmp_path, notebook(stored=stored(TaskGrade("penalty", PASSED), "en")), "zoe")
    for student, content in (("dan", b"no notebook"), ("fay", b'{"metadata": {"autograder": [1]}, "cells": 3}')):
        lay_out(tmp_path, notebook(), student)
        (tmp_path / "autograded" / student / "unit" / "1_penalties.ipynb").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert main(["report", "unit", "--language", "en", "--json", "r.json"]) == 0
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert data["learners"] == 6
    assert {f["student"] for f in data["flagged"]} >= {"dan", "fay"}
    assert "nan" not in (tmp_path / "reports" / "unit.html").read_text(encoding="utf-8").lower()
