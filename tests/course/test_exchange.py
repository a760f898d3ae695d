"""nbgrader's exchange with the real programs: release, fetch, submit, collect, autograde, feedback."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import get_username

from tests.mini.course import REFERENCE, MiniCourse

EXCHANGE = """
c.Exchange.root = {root!r}
c.Exchange.path_includes_course = False
c.CourseDirectory.course_id = "mini101"
"""


@pytest.fixture
def course(tmp_path: Path) -> MiniCourse:
    """A course with an exchange."""
    course, exchange = MiniCourse(tmp_path / "course", workers=1), tmp_path / "exchange"
    (exchange / "mini101" / "inbound").mkdir(parents=True)
    for folder in (exchange, *exchange.rglob("*")):
        folder.chmod(0o777)
    course.configure(EXCHANGE.format(root=str(exchange)), workers=1)
    return course


def inbound(course: MiniCourse) -> Path:
    return course.root.parent / "exchange" / "mini101" / "inbound"


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
    home = course.root.parent / "home"
    course.nbgrader("release_assignment", "mini")
    as_student(course, home, "fetch_assignment", "mini")
    fill(home / "mini" / "m.ipynb", **REFERENCE, essay="Because.")
    secret = course.root / "secret.txt"
    secret.write_text("the grader's own", encoding="utf-8")
    as_student(course, home, "submit", "mini")
    (folder,) = inbound(course).iterdir()
    folder.chmod(0o755)
    (folder / "link.txt").symlink_to(secret)
    said = course.nbgrader("collect", "mini")
    assert "not a plain file" in said
    (collected,) = (course.root / "submitted").glob("*/mini")
    assert not (collected / "link.txt").exists()
    course.hand_in("another_way", at="1" * 23)
    course.autograde()
    assert course.scores() == {name: {"double": 3.0, "word": 3.0} for name in (get_username(), "another_way")}
    course.nbgrader("generate_feedback", "mini")
    said = course.nbgrader("release_feedback", "mini")
    assert "another_way/mini: its feedback was not released, because timestamp.txt, submission_secret.txt is" in said
    assert len(list((course.root.parent / "exchange" / "mini101" / "feedback").iterdir())) == 1
    shutil.rmtree(course.root / "submitted" / "another_way")
    the_same_work_again_is_not_run_again(course, home)


def the_same_work_again_is_not_run_again(course: MiniCourse, home: Path) -> None:
    runs = executions(course)
    as_student(course, home, "submit", "mini")
    assert len(list(inbound(course).iterdir())) == 2
    secrets = {p.read_text() for p in inbound(course).glob("*/submission_secret.txt")}
    assert len(secrets) == 2
    course.nbgrader("collect", "mini", "--update")
    course.autograde()
    assert executions(course) == runs != []


def executions(course: MiniCourse) -> list[Path]:
    return sorted((course.root / ".autograder" / "executions").glob("??/*.json"))


def forged(course: MiniCourse, name: str) -> Path:
    """A folder in `inbound`, of the learner who runs this, under a name of their choice."""
    folder = inbound(course) / name
    folder.mkdir()
    shutil.copy(course.root / "release" / "mini" / "m.ipynb", folder)
    return folder


def test_a_folder_is_its_owners_and_one_that_claims_another_name_is_refused(course: MiniCourse) -> None:
    me, late = get_username(), "2030-01-01 00:00:00 UTC+x"
    for name in (
        f"{me}+mini+2026-03-02 18:00:00 UTC+x",
        f"victim+mini+{late}",
        f"+mini+{late}",
        f"{me}+mini+no time+x",
        f"{me}+mini+{'9' * 23}",
    ):
        forged(course, name)
    (inbound(course) / f"{me}+mini+{late}").symlink_to(course.root / "source")
    (forged(course, f"{me}+mini+2026-03-03 18:00:00 UTC+x") / "timestamp.txt").write_text("1" * 23)
    victims = course.hand_in("victim")
    (victims / "timestamp.txt").write_text("never")
    said = course.nbgrader("collect", "mini", "--update")
    assert f"it claims to be victim's and belongs to {me}." in said
    assert said.count("it is no folder of a learner's") == 2
    assert "no time+x was not collected: its name says no time." in said
    assert {p.name for p in (course.root / "submitted").iterdir()} == {"victim", me}
    assert "2 * x" in (victims / "m.ipynb").read_text()
    assert (course.root / "submitted" / me / "mini" / "m.ipynb").exists()

    # a hub whose servers all run under one account
    course.nbgrader("collect", "mini", "--update", "--ExchangeCollect.check_owner=False")
    assert "2 * x" not in (victims / "m.ipynb").read_text()
