"""The gradebook in PostgreSQL: a real server, started for this test as an ordinary user, on a unix socket only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mini.course import MiniCourse, expected

pytestmark = pytest.mark.slow
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg2")
    programs, folder = PROGRAMS[-1].parent, Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "nobody", "nogroup")

    def run(program: str, *words: str) -> None:
        with (tmp_path / "pg.log").open("ab") as log:
            subprocess.run([*user, str(programs / program), *words], check=True, cwd="/", stdout=log, stderr=log)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "course", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h '' -F", "start")
    try:
        run("createdb", "-h", str(folder), "-U", "course", "gradebook")
        yield f"postgresql+psycopg2://course@/gradebook?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def test_the_gradebook_can_be_a_postgresql_database(server: str, tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course", extra=f"c.CourseDirectory.db_url = {server!r}\n")
    course.hand_in_class(3)
    course.autograde()
    course.autograde("--force")
    assert course.scores(server) == expected(3)
    assert not (course.root / "gradebook.db").exists()
