"""What practice knows of the course: what was released, its own secret, deadlines; what counts as the same code."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from autograder.errors import SetupError
from autograder.practice.course import PracticeCourse, task_keys
from autograder.practice.door import Closed, Door, TooLarge
from autograder.practice.queue import Limits, Queue, QuotaSpent
from tests.mini.course import MiniCourse


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    course = MiniCourse(tmp_path_factory.mktemp("course"))
    (course.root / "gradebook.db").unlink()  # practice does without
    return course


@pytest.fixture
def configured(mini: MiniCourse) -> Iterator[MiniCourse]:
    yield mini
    mini.configure()


def handed_in(mini: MiniCourse, **cells: str) -> bytes:
    """A notebook's bytes."""
    return (mini.hand_in("ada", **cells) / "m.ipynb").read_bytes()


def test_what_was_released_is_known_without_a_gradebook(mini: MiniCourse) -> None:
    course = PracticeCourse(mini.root)
    (released,) = course.released.values()
    assert (released.assignment, released.name, released.tasks) == ("mini", "m", ("double", "word"))
    assert released.titles == {"double": "A tiny assignment", "word": "A tiny assignment"}


def test_the_secret_is_drawn_once_kept_and_never_the_one_of_the_grade(configured: MiniCourse) -> None:
    first, second = (PracticeCourse(configured.root).jobs.secret for _ in range(2))
    assert first == second
    assert len(first) == 64
    assert (configured.root / ".autograder" / "practice" / "secret").stat().st_mode & 0o777 == 0o600
    configured.configure("c.Course.secret = c.Practice.secret = 'the same'\n")
    with pytest.raises(SetupError, match="the secret of the grade"):
        PracticeCourse(configured.root)


def test_practice_ends_at_the_deadline_and_later_for_who_has_longer(configured: MiniCourse) -> None:
    extra = "c.Practice.deadlines = {'mini': '2026-03-02 18:00:00 UTC'}\n"
    configured.configure(extra + "c.Practice.extensions = {'mini': {'bo': '2126-03-02 18:00:00 UTC'}}\n")
    settings = PracticeCourse(configured.root).settings
    assert settings.ends("mini", "ada") == datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert [settings.is_open("mini", student) for student in ("ada", "bo")] == [False, True]
    assert settings.is_open("another", "ada")
    configured.configure("c.Practice.deadlines = {'mini': 'soon'}\n")
    with pytest.raises(SetupError, match="'soon' is no time"):
        PracticeCourse(configured.root)


def test_a_folder_without_course_or_release_says_what_to_do(tmp_path: Path, configured: MiniCourse) -> None:
    with pytest.raises(SetupError, match="no course's folder"):
        PracticeCourse(tmp_path)
    configured.configure("c.Practice.assignments = ['other']\n")
    with pytest.raises(SetupError, match="nbgrader generate_assignment"):
        PracticeCourse(configured.root)


def test_each_task_has_the_key_of_its_own_code_and_the_rest_has_one(mini: MiniCourse) -> None:
    notebook = nbformat.reads(handed_in(mini).decode(), as_version=4)
    keys = task_keys(notebook)
    assert set(keys) == {"double", "word", ""}
    notebook.cells[1].source += "\n# a remark"
    assert task_keys(notebook) == keys
    notebook.cells[1].source += "\nz = 1"
    assert {task for task, key in task_keys(notebook).items() if keys[task] != key} == {"double"}
    notebook.cells.insert(0, nbformat.v4.new_code_cell("helper = 1"))
    assert {task for task, key in task_keys(notebook).items() if keys[task] != key} == {"double", ""}


@pytest.fixture
def door(configured: MiniCourse, tmp_path: Path) -> Iterator[Door]:
    configured.configure("c.Practice.max_files_bytes = 1000\n")
    queue = Queue(tmp_path, Limits())
    yield Door(PracticeCourse(configured.root), queue)
    queue.close()


def test_what_comes_in_is_recognized_by_its_cells(door: Door, mini: MiniCourse) -> None:
    number = door.take("ada", "mini", handed_in(mini), {})
    assert number is not None
    attempt = door.queue.of("ada", number)
    assert attempt is not None
    assert attempt.notebook == "m"


def test_what_is_not_of_the_course_is_refused_with_a_sentence(door: Door, mini: MiniCourse) -> None:
    stranger = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])).encode()
    for raw, match in ((stranger, "none of the notebooks"), (b"PK\x03\x04", "not a Jupyter notebook"), (b"", "not a"),
                       (b"[" * 100_000, "not a Jupyter notebook"), (b"\x1f\x8b" + b"0" * 99, "not a")):  # fmt: skip
        with pytest.raises(Exception, match=match):
            door.take("ada", "mini", raw, {})
    with pytest.raises(Closed, match="no practice for other"):
        door.take("ada", "other", handed_in(mini), {})
    with pytest.raises(TooLarge, match="Clear its outputs"):
        door.take("ada", "mini", b" " * (3 << 20), {})
    with pytest.raises(TooLarge, match="beside the notebook"):
        door.take("ada", "mini", handed_in(mini), {"big.bin": bytes(1001)})
    assert door.queue.latest("ada") == []


def test_a_spent_quota_names_the_task_as_its_heading_does(
    configured: MiniCourse, mini: MiniCourse, tmp_path: Path
) -> None:
    queue = Queue(tmp_path, Limits(cooldown=0, quota=1))
    door = Door(PracticeCourse(configured.root), queue)
    try:
        door.take("ada", "mini", handed_in(mini), {})
        attempt = queue.claim()
        assert attempt is not None
        queue.finish(attempt, "done", {})
        changed = nbformat.reads(handed_in(mini).decode(), as_version=4)
        next(c for c in changed.cells if "double" in c.source and c.cell_type == "code").source += "\nz = 1"
        with pytest.raises(QuotaSpent, match="feedback on A tiny assignment"):
            door.take("ada", "mini", nbformat.writes(changed).encode(), {})
    finally:
        queue.close()
