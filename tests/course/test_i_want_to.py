"""The commands of docs/i-want-to.md, run in the page's order in a course of the unit."""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "i-want-to.md"
SECONDS = 1500  # on a busy machine
# two students: ada's answers are the reference, bob hands in what he got
HAND_IN = """
python - <<'END'
from pathlib import Path
from autograder.classroom import Typed, hand_in
for name, base in (("ada", "reference"), ("bob", "blank")):
    Path("..", name).mkdir(exist_ok=True)
    hand_in(Typed(Path("..", name), "regularization", base=base, hands_in=("2_l1_l2",)), Path())
END
"""
ONE_NOTEBOOK = " --notebooks 2_l1_l2 --assignments regularization"  # five take minutes each
LOOK = """
python - <<'END'
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as gradebook:
    found = {
        s.student_id: [s.score - sum(n.late_submission_penalty or 0 for n in s.notebooks), s.max_score]
        for s in gradebook.assignment_submissions("regularization")
    }
print("LOOK", json.dumps(found))
END
"""


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, content) of each fenced block."""
    yield from re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def script(text: str) -> str:
    """The page as one program: lines of Python go into the course's configuration."""
    steps = ["set -euo pipefail"]
    for language, content in blocks(text):
        if language == "python":
            steps.append(f"cat >> nbgrader_config.py <<'LINES'\n{content}LINES\n")
            continue
        assert language == "sh", language
        content = content.replace("--own-unit our_unit", f"--own-unit our_unit{ONE_NOTEBOOK}")
        steps.append(f"echo STEP {shlex.quote(content.splitlines()[0])}\n{content}")
        if "nbgrader generate_assignment" in content and HAND_IN not in steps:
            steps.append(HAND_IN)
        if "nbgrader autograde " in content:
            steps.append(LOOK)
    return "\n".join(steps)


def test_every_block_of_the_page_is_a_command_or_a_setting() -> None:
    found = [language for language, _content in blocks(PAGE.read_text(encoding="utf-8"))]
    assert set(found) == {"sh", "python"}
    assert len(found) > 10


@pytest.mark.slow
def test_the_page_holds_from_its_first_command_to_its_last(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8"}
    text = script(PAGE.read_text(encoding="utf-8"))
    done = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=environment, text=True, timeout=SECONDS, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    looks = [line.removeprefix("LOOK ") for line in done.stdout.splitlines() if line.startswith("LOOK ")]
    assert looks[:-1] == [
        '{"ada": [35.0, 35.0], "bob": [0.0, 35.0]}',  # on time
        '{"ada": [35.0, 35.0], "bob": [0.0, 35.0]}',  # more time
        '{"ada": [35.0, 35.0], "bob": [0.0, 35.0]}',  # again
        '{"ada": [37.0, 37.0], "bob": [0.0, 37.0]}',  # a point more for each of two checks
        '{"ada": [33.0, 33.0], "bob": [0.0, 33.0]}',  # without a task of 4 points
    ]
    # of the new version, with the data of one's own that the page makes up: no λ need have the best loss inside a sweep
    ada, bob = json.loads(looks[-1]).values()
    assert bob == [0.0, 33.0]
    assert ada in ([33.0, 33.0], [31.5, 33.0])
    course = tmp_path / "course"
    assert [p.name for p in (tmp_path / "only-l2").rglob("*.ipynb")] == ["2_l1_l2.ipynb"]
    assert [p.name for p in (course / "solutions").rglob("*.ipynb")] == ["2_l1_l2.ipynb"]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert [s.id for s in gradebook.students] == ["bob"]
        assert gradebook.find_assignment("regularization").duedate is not None
    for path in course.rglob("*"):
        if path.is_file() and path.name not in ("backup.db",) and "source" not in path.parts:
            assert "ada" not in path.relative_to(course).parts
    gradebook_without_ada(course / "gradebook.db")


def gradebook_without_ada(file: Path) -> None:
    """The file holds no value with the word "ada", and no page with what was deleted: its identifiers are hexadecimal
    digits, in which those three letters come up by chance."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [str(v) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"') for v in row]
        connection.execute("VACUUM INTO ?", [str(file.with_name("live.db"))])
    assert len(values) > 100
    assert [value for value in values if re.search(r"\bada\b", value)] == []
    assert file.read_bytes().count(b"ada") == file.with_name("live.db").read_bytes().count(b"ada")
