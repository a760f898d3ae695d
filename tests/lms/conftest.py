"""A real gradebook (SQLite) with the class that the files of a real Moodle know: alice, bob and carol."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from .lti import Peer, start_peer

MOODLE = Path(__file__).parent / "moodle"
WORKSHEET = MOODLE / "Grades-KERAS101-week1-3.graded.csv"
NAMES = {"alice": ("Alice", "Ångström"), "bob": ("Bob", "O'Brien"), "carol": ("Carol", "van der Berg, Jr")}

SetGrade = Callable[..., None]


@pytest.fixture(scope="session", autouse=True)
def terminal() -> Iterator[None]:
    """A terminal in English."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C")
        yield


@pytest.fixture(scope="session")
def class_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One assignment, week1, with two notebooks of 12 and 8 points; three students; no submission.

    Made once and copied: nbgrader starts alembic for each new database, which takes seconds.
    """
    path = tmp_path_factory.mktemp("class") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}") as book:
        book.add_assignment("week1")
        for notebook, points in (("1_gap", 12.0), ("2_l1_l2", 8.0)):
            book.add_notebook(notebook, "week1")
            book.add_grade_cell("test", notebook, "week1", max_score=points, cell_type="code")
            book.add_solution_cell("answer", notebook, "week1")
        for student, (first, last) in NAMES.items():
            email = f"{student}@example.org"
            book.add_student(student, first_name=first, last_name=last, email=email)
    book.engine.dispose()
    return path


@pytest.fixture
def db_url(tmp_path: Path, class_database: Path) -> str:
    shutil.copy(class_database, tmp_path / "gradebook.db")
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


@pytest.fixture
def gradebook(db_url: str) -> Iterator[Gradebook]:
    with Gradebook(db_url) as book:
        yield book
    book.engine.dispose()


@pytest.fixture
def set_grade(gradebook: Gradebook) -> SetGrade:
    """Grade a student: points of the two notebooks; `comment` is a grader's."""

    def set_grade(
        student: str,
        first: float,
        second: float = 0.0,
        *,
        penalty: float = 0.0,
        manual: bool = False,
        comment: str = "",
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, in add_submission
            gradebook.update_or_create_submission("week1", student)
        for notebook, points in (("1_gap", first), ("2_l1_l2", second)):
            grade = gradebook.find_grade("test", notebook, "week1", student)
            grade.auto_score = points
            grade.needs_manual_grade = manual
        found = gradebook.find_submission_notebook("2_l1_l2", "week1", student)
        found.late_submission_penalty = penalty
        gradebook.find_comment("answer", "2_l1_l2", "week1", student).manual_comment = comment or None
        gradebook.db.commit()

    return set_grade


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Open edX's LTI consumer, running on 127.0.0.1."""
    found, process = start_peer(tmp_path_factory.mktemp("peer"))
    yield found
    process.stdin.close()  # type: ignore[union-attr]  # a pipe: see start_peer
    process.wait(timeout=30)
    process.stdout.close()  # type: ignore[union-attr]
