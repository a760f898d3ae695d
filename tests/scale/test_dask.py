"""A real cluster of two workers on this machine, through Dask."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from autograder.errors import SetupError
from autograder.practice.service import Service
from autograder.scale.dask import DaskPool
from tests.mini.course import PROJECT, MiniCourse, expected, own_unit
from tests.practice.attempts import hand_in, wait

pytestmark = pytest.mark.slow
START_SECONDS = 120


class Cluster:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file)]
        self.processes = [self._start("scheduler", *options)]
        deadline = time.monotonic() + START_SECONDS
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.address: str = json.loads(self.file.read_text())["address"]
        self.workers = [self.add_worker() for _ in range(2)]

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "dask.log").open("ab") as log:
            command = [sys.executable, "-m", "dask", *words]
            return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def add_worker(self) -> "subprocess.Popen[bytes]":
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        worker = self._start("worker", self.address, *options, "--local-directory", str(self.folder))
        self.processes.append(worker)
        return worker

    def replace_workers(self) -> None:
        """Two new ones for the two."""
        self._end(self.workers)
        self.workers = [self.add_worker() for _ in range(2)]

    def close(self) -> None:
        self._end(list(reversed(self.processes)))  # the scheduler last: workers take leave of it

    def _end(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        for process in processes:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def course(tmp_path: Path) -> MiniCourse:
    course = MiniCourse(tmp_path / "course")
    course.hand_in_class(4)
    return course


@pytest.fixture
def cluster(tmp_path: Path, course: MiniCourse) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, course.environment())
    yield cluster
    cluster.close()


def test_a_cluster_gives_the_same_scores_and_survives_a_lost_worker(course: MiniCourse, cluster: Cluster) -> None:
    course.configure(scheduler_address=cluster.address)
    run = course.start("autograde", "mini")
    killed = psutil.Process(cluster.workers[0].pid)
    deadline = time.monotonic() + START_SECONDS
    while run.poll() is None and time.monotonic() < deadline:
        if any("autograder.trusted.checker" in p.cmdline() for p in killed.children(recursive=True)):
            break
        time.sleep(0.2)
    orphans = killed.children(recursive=True)
    killed.kill()
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    assert course.scores() == expected(4)
    _gone, alive = psutil.wait_procs(orphans, timeout=60)
    assert [p.cmdline() for p in alive] == []


def printed(course: MiniCourse) -> dict[str, str]:
    """What each learner's code printed, as the graded notebooks show it."""
    found = {}
    for path in sorted(course.root.glob("autograded/*/mini/m.ipynb")):
        cells: Any = nbformat.read(path, as_version=4).cells
        found[path.parent.parent.name] = "".join(o.get("text", "") for c in cells for o in c.get("outputs", []))
    return found


def test_a_regrade_after_a_run_on_a_cluster_runs_no_learners_code(course: MiniCourse, cluster: Cluster) -> None:
    path = own_unit(course.root)
    course.unit = "own_unit"
    for student in expected(4):
        course.hand_in(student, word="import time\nword = 'right'\nprint(time.time_ns())")
    course.configure(scheduler_address=cluster.address)
    course.autograde()
    first = printed(course)
    assert all(text.strip().isdigit() for text in first.values()), first
    cluster.replace_workers()  # the new ones remember nothing
    for number, address in enumerate((cluster.address, "")):  # on the cluster again, and then here
        path.write_text(path.read_text(encoding="utf-8") + f"\nCORRECTED = {number}\n", encoding="utf-8")
        course.configure(scheduler_address=address)
        course.autograde("--force")
        assert printed(course) == first
        assert course.scores() == {student: {"double": 3.0, "word": 3.0} for student in expected(4)}


def test_practice_looks_at_attempts_on_the_cluster(course: MiniCourse, cluster: Cluster) -> None:
    course.configure("c.Practice.cooldown_seconds = 0\n", scheduler_address=cluster.address)
    service = Service(course.root)
    assert service.open(), service.fault
    try:
        wrong = {"double": "def double(x):\n    return 3 * x"}
        for cells, held in ((wrong, 0), ({}, 2)):
            raw = (course.hand_in("ada", **cells) / "m.ipynb").read_bytes()
            attempt = wait(service.ready, "ada", hand_in(service.ready, "ada", raw))
            assert attempt.state == "done", attempt
            assert attempt.result["tasks"]["double"][0] == held
            own = [p for p in psutil.Process().children() if p.pid not in {c.pid for c in cluster.processes}]
            assert [p.cmdline() for p in own if p.children()] == []  # no worker works here
            cluster.replace_workers()
    finally:
        service.close()


def test_another_version_on_the_workers_is_refused_with_a_sentence(course: MiniCourse, cluster: Cluster) -> None:
    pool = DaskPool(cluster.address, "")
    pool.shutdown()
    other = cluster.folder / "autograder"
    other.mkdir()
    for path in (PROJECT / "autograder").iterdir():
        (other / path.name).symlink_to(path)
    (other / "records.py").unlink()
    (other / "records.py").write_text((PROJECT / "autograder" / "records.py").read_text() + "\n# changed\n")
    cluster.environment = {**cluster.environment, "PYTHONPATH": str(cluster.folder)}
    cluster.add_worker()
    with pytest.raises(SetupError, match="another version of this package"):
        connect_until_refused(cluster.address)


def connect_until_refused(address: str) -> None:
    """A worker needs a while to join the cluster."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        DaskPool(address, "").shutdown()
        time.sleep(1)


def test_a_scheduler_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.scale.dask.CONNECT_SECONDS", 2)
    with pytest.raises(SetupError, match="cannot be used"):
        DaskPool("tcp://127.0.0.1:9", "")
