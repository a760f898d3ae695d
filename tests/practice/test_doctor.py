"""What `doctor --practice` says of a course."""

from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.practice import doctor
from tests.mini.course import MiniCourse

DEADLINE = "c.Practice.deadlines = {'mini': '2126-03-02 18:00:00 UTC'}\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    return MiniCourse(tmp_path_factory.mktemp("course"))


def configure(course: MiniCourse, extra: str) -> None:
    exchange = course.root / "exchange"
    course.configure(f"c.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'mini101'\n{extra}")


def test_what_practice_lacks_is_said_with_what_to_do(course: MiniCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(course, "c.ExchangeCollect.check_owner = False\n")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    (course.root / ".autograder" / "practice").mkdir(parents=True, mode=0o755, exist_ok=True)
    course.root.chmod(0o755)
    found = list(doctor.missing(course.root))
    said = " ".join(message.render() for _fatal, message in found)
    for part in ("pip install jupyterhub", "Run nbgrader release_assignment mini", "check_owner is off", "chmod 700",
                 "set c.Practice.deadlines"):  # fmt: skip
        assert part in said
    assert [fatal for fatal, _message in found] == [True, False, False, False, False]


def test_a_course_that_cannot_be_read_is_said(course: MiniCourse, tmp_path: Path) -> None:
    ((fatal, message),) = doctor.missing(tmp_path)
    assert fatal
    assert "this is no course's folder" in message.render()
    course.configure("raise ValueError('typo')\n")
    ((fatal, message),) = doctor.missing(course.root)
    assert fatal
    assert "ValueError: typo" in message.render()


def test_where_all_is_there_nothing_is_said(
    course: MiniCourse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(course, DEADLINE)
    (course.root / "exchange" / "mini101" / "inbound").mkdir(parents=True)
    course.root.chmod(0o700)
    monkeypatch.chdir(course.root)
    assert list(doctor.missing(Path())) == []
    status = main(["doctor", "--no-kernel", "--practice"])
    assert "Practice: nothing is missing." in capsys.readouterr().out
    assert status == main(["doctor", "--no-kernel"])
