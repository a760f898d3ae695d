"""On a terminal a run of nbgrader is one line that moves, and what a person has to see stands at its end."""

import logging
import os
import pty
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.scale.quiet import LISTED, Quiet
from tests.mini.course import MiniCourse


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[MiniCourse, str]:
    """A class of three on a terminal; one changed a cell that is not hers, one handed in what is no notebook."""
    course = MiniCourse(tmp_path_factory.mktemp("course"), extra="c.Course.demonstration = True\n")
    course.hand_in_class(3)
    path = course.hand_in("mona") / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    next(c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "word_test").source = "changed = 1"
    nbformat.write(nb, path)
    (course.hand_in("otto") / "m.ipynb").write_text("no notebook")
    return course, on_a_terminal(course, "autograde")


def on_a_terminal(course: MiniCourse, *words: str) -> str:
    """What one command of nbgrader writes on a terminal about the assignment, without colours."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "nbgrader", *words, "mini"]
    with subprocess.Popen(
        command, cwd=course.root, env={**course.environment(), "TERM": "xterm"}, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        found = b""
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # Linux: the other side is closed
                break
            if not part:
                break
            found += part
    os.close(ours)
    assert process.returncode == 0, found
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", found.decode())


def test_nothing_but_one_line_and_the_end_is_seen(said: tuple[MiniCourse, str]) -> None:
    text = said[1]
    assert "Copying" not in text
    assert "Converting" not in text
    assert "SAWarning" not in text
    assert "5/5" in text
    end = [line for line in re.split(r"[\r\n]+", text) if line.strip() and not line.startswith("notebooks ")]
    before, _graded, _after = "\n".join(end).partition("5 notebooks of 5 learners graded")
    assert all("otto" in line or "mona" in line for line in before.splitlines()), end
    assert end[-1].startswith("Everything that was said: ")


def test_what_needs_a_person_stands_together_at_the_end(said: tuple[MiniCourse, str]) -> None:
    end = said[1][said[1].rindex("5/5") :]
    assert "word_test" in end
    assert "mona" in end
    assert "Not readable, graded as empty: otto/m" in end
    assert "5 notebooks of 5 learners graded" in end


def test_everything_is_in_the_file(said: tuple[MiniCourse, str]) -> None:
    text = Path(said[0].root, ".autograder", "autograde.log").read_text(encoding="utf-8")
    assert "Copying" in text
    assert "[5/5]" in text


def test_pages_are_counted_as_well_and_what_was_asked_for_is_no_warning(said: tuple[MiniCourse, str]) -> None:
    on_a_terminal(said[0], "generate_feedback")
    text = on_a_terminal(said[0], "generate_feedback", "--force")
    assert "Removing" not in text
    assert "5/5" in text
    end = [line for line in re.split(r"[\r\n]+", text) if line.strip() and not line.startswith("pages ")]
    assert len(end) == 2
    assert end[0].startswith("5 pages of 5 learners in feedback/")
    log = Path(said[0].root, ".autograder", "generate_feedback.log").read_text(encoding="utf-8")
    assert "Removing existing assignment" in log


def test_collecting_is_quiet_where_our_collector_tells_what_is_lost(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course")
    archive = course.root / "downloaded" / "mini" / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "class.zip", "w") as file:
        for name in ("m.ipynb", "helper.py"):
            file.writestr(f"Bob_2_assignsubmission_file/{name}", "{}")
    header = 'Identifier,"Email address",Grade,"Maximum grade","Grade can be changed"'
    (course.root / "sheet.csv").write_text(f'{header}\n"Participant 2",bob,,20.00,Yes\n')
    ours = ("MoodleCollector.worksheet=sheet.csv", "MoodleCollector.key_column=Email address")
    text = on_a_terminal(
        course, "zip_collect", "--collector=autograder.lms.MoodleCollector", *(f"--{word}" for word in ours)
    )
    assert "1 notebook collected." in text
    assert "helper.py" not in text
    assert "helper.py" in on_a_terminal(course, "zip_collect", "--force")  # nobody but nbgrader says that it is skipped


def test_an_error_stands_behind_the_warnings_however_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("a run")
    quiet = Quiet(tmp_path / "run.log", log)
    log.error("the end")
    for number in range(2 * LISTED):
        log.warning("warning %d", number)
    quiet.end()
    said = capsys.readouterr().err.splitlines()
    assert said[LISTED - 1 : -1] == [f"warning {LISTED - 1}", f"… and {LISTED} more", "the end"]
