"""What leaves the gradebook, and what does not."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.event import listen

from autograder.errors import LmsError
from autograder.lms.grades import State, number, read_grades
from autograder.lms.words import read_tasks

from .conftest import SetGrade


def test_a_row_has_the_score_after_penalties_and_what_graders_wrote(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12, 5.5, penalty=2, comment="Look at λ again.")
    gradebook.update_or_create_student("alice", lms_user_id="101")
    (row,) = read_grades(gradebook, "week1").rows
    assert (row.student, row.lms_user_id, row.score, row.maximum) == ("alice", "101", 15.5, 20.0)
    assert row.feedback == (
        "test: complete, 12 of 12 points.\ntest: in part, 5.5 of 8 points.\n  Look at λ again.\n"
        "Late penalty: −2 points."
    )


def test_a_learner_reads_a_sentence_for_each_task_in_the_courses_order_and_language(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12, 0.5)
    first = "# The gap\n\n### ✏️ See [`it`](#it) *well* (12 points)"
    for notebook, heading in (("1_gap", first), ("2_l1_l2", "## Pénalités")):
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": [heading]},
            {"cell_type": "code", "metadata": {"nbgrader": {"grade": True, "grade_id": "test"}}, "source": "…"},
        ]
        (tmp_path / f"{notebook}.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "0_broken.ipynb").write_text("[")
    (row,) = read_grades(gradebook, "week1", language="fr", tasks=read_tasks(tmp_path)).rows
    assert row.feedback == "See it well\u00a0: réussi, 12 sur 12.\nPénalités\u00a0: réussi en partie, 0,5 sur 8."


def test_a_class_is_read_in_three_statements(gradebook: Gradebook, set_grade: SetGrade) -> None:
    for student in ("alice", "bob", "carol"):
        set_grade(student, 12, 3, comment="seen")
    statements: list[str] = []
    listen(gradebook.engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    assert len(read_grades(gradebook, "week1").rows) == 3
    assert len(statements) == 3


def test_the_rows_agree_with_nbgraders_own_sums(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 11, 2.25, penalty=1)
    grade = gradebook.find_grade("test", "1_gap", "week1", "alice")
    grade.manual_score, grade.extra_credit = 4.0, 1.5
    gradebook.db.commit()
    found = gradebook.find_submission("week1", "alice")
    gradebook.db.refresh(found)
    (row,) = read_grades(gradebook, "week1").rows
    assert row.score == found.score - found.late_submission_penalty == 6.75
    assert row.maximum == found.max_score


def test_a_grade_that_nobody_gave_is_no_zero(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12, 3)
    gradebook.find_grade("test", "1_gap", "week1", "alice").auto_score = None
    gradebook.db.commit()
    (held, *_) = read_grades(gradebook, "week1").held
    assert (held.student, held.state) == ("alice", State.NEEDS_MANUAL_GRADE)


def test_a_row_cannot_be_changed(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 1)
    (row,) = read_grades(gradebook, "week1").rows
    with pytest.raises(FrozenInstanceError):
        row.score = 20.0  # type: ignore[misc]


def test_a_missing_submission_is_no_row(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 0)
    grades = read_grades(gradebook, "week1")
    assert [(r.student, r.score) for r in grades.rows] == [("alice", 0.0)]
    assert [(r.student, r.state) for r in grades.held] == [
        ("bob", State.NOT_SUBMITTED),
        ("carol", State.NOT_SUBMITTED),
    ]


def test_a_missing_submission_is_zero_when_asked_for(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12)
    grades = read_grades(gradebook, "week1", missing_as_zero=True)
    assert [(r.student, r.score) for r in grades.rows] == [("alice", 12.0), ("bob", 0.0), ("carol", 0.0)]
    assert grades.held == ()


def test_work_that_waits_for_a_person_is_held_back(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12, manual=True)
    grades = read_grades(gradebook, "week1", missing_as_zero=True)
    assert "alice" not in [r.student for r in grades.rows]
    assert [(r.student, r.state) for r in grades.held] == [("alice", State.NEEDS_MANUAL_GRADE)]


def test_work_graded_before_a_cell_was_added_is_held_back(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12)
    gradebook.add_grade_cell("later", "1_gap", "week1", max_score=3, cell_type="code")
    (held, *_) = read_grades(gradebook, "week1").held
    assert (held.student, held.state) == ("alice", State.INCOMPLETE)


def test_a_penalty_never_makes_a_score_negative(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 1, penalty=5)
    assert read_grades(gradebook, "week1").rows[0].score == 0.0


def test_bonus_points_are_listed_and_can_be_capped(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 12, 9)
    grades = read_grades(gradebook, "week1")
    assert [r.student for r in grades.over_maximum()] == ["alice"]
    assert read_grades(gradebook, "week1", cap=True).rows[0].score == 20.0


def test_sums_carry_no_binary_noise(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 0.1, 0.2)
    assert read_grades(gradebook, "week1").rows[0].score == 0.3


def test_an_unknown_assignment_or_student_is_named(gradebook: Gradebook) -> None:
    with pytest.raises(LmsError, match=r"no assignment “week9”.*It has: week1"):
        read_grades(gradebook, "week9")
    with pytest.raises(LmsError, match="no student with the id: mallory"):
        read_grades(gradebook, "week1", students=["mallory"])


def test_an_assignment_without_points_is_refused(gradebook: Gradebook) -> None:
    gradebook.add_assignment("empty")
    with pytest.raises(LmsError, match="no points"):
        read_grades(gradebook, "empty")


@pytest.mark.parametrize(
    ("value", "text"),
    [(17.5, "17.5"), (0.0, "0"), (-0.0, "0"), (100.0, "100"), (1e-9, "0"), (10 / 3, "3.33333")],
)
def test_numbers_are_written_in_their_shortest_form(value: float, text: str) -> None:
    assert number(value) == text
