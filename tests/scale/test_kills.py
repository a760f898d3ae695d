"""Whatever process is killed, and whenever: no grade is lost, nobody is graded twice, nothing stays behind.

AUTOGRADER_KILLS sets how many kills are tried (default 5); they differ by their seed, so more try more.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from autograder.store import empty
from tests.mini.course import SECONDS, MiniCourse, expected

pytestmark = pytest.mark.slow
LEARNERS = 4
KILLS = int(os.environ.get("AUTOGRADER_KILLS", "5"))
VICTIMS = ("driver", "worker", "checker", "zygote", "kernel")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    course = MiniCourse(tmp_path_factory.mktemp("course"))
    course.hand_in_class(LEARNERS)
    shutil.copy(course.root / "gradebook.db", course.root / "ungraded.db")
    return course


@pytest.fixture(autouse=True)
def _ungraded(course: MiniCourse) -> None:
    shutil.rmtree(course.root / "autograded", ignore_errors=True)
    shutil.copy(course.root / "ungraded.db", course.root / "gradebook.db")
    empty(course.root / ".autograder")


def family(driver: psutil.Process) -> dict[str, list[psutil.Process]]:
    """The processes of a run by what they are."""
    found: dict[str, list[psutil.Process]] = {name: [] for name in VICTIMS}
    found["driver"] = [driver]
    for process in driver.children(recursive=True):
        try:
            words, parent = process.cmdline(), process.parent()
            above = parent.cmdline() if parent else []
        except psutil.Error:
            continue
        if "spawn_main" in " ".join(words):
            found["worker"].append(process)
        elif "autograder.trusted.checker" in words and "python" in words[0] and above != words:
            found["checker"].append(process)
        elif words[1:3] == ["-s", "-"]:  # the zygote's program, and its forks
            found["kernel" if above[1:3] == ["-s", "-"] else "zygote"].append(process)
    return found


def all_gone(processes: list[psutil.Process], seconds: float = 60) -> list[str]:
    """Command lines of those that still live after some time."""
    _gone, alive = psutil.wait_procs(processes, timeout=seconds)
    return [" ".join(p.cmdline()) for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def run_and(course: MiniCourse, harm: Callable[[psutil.Process], bool]) -> tuple[int, str]:
    """Start a run, do `harm` to it once it returns True; its exit status and what it said. Nothing lives on."""
    process = course.start("autograde", "mini")
    driver, seen = psutil.Process(process.pid), set[psutil.Process]()
    harmed, deadline = False, time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if not harmed:
            seen |= set(driver.children(recursive=True))
            harmed = harm(driver)
        time.sleep(0.05)
        if harmed:
            break
    said, _ = process.communicate(timeout=SECONDS)
    assert all_gone(list(seen)) == []
    return process.returncode, said


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_process_changes_no_grade(course: MiniCourse, seed: int) -> None:
    choice = random.Random(seed)
    victim, moment = VICTIMS[seed % len(VICTIMS)], choice.uniform(0, 3)
    since: list[float] = []

    def kill(driver: psutil.Process) -> bool:
        found = family(driver)
        ready = found[victim] and (victim != "driver" or found["worker"])
        if ready and not since:
            since.append(time.monotonic())
        if not ready or time.monotonic() - since[0] < moment:
            return False
        choice.choice(found[victim]).kill()
        return True

    status, said = run_and(course, kill)
    if victim == "driver":
        assert status in (-signal.SIGKILL, 0)
        course.autograde()
    else:
        assert status == 0, said
    assert course.scores() == expected(LEARNERS)
    assert sorted(p.parent.parent.name for p in course.root.glob("autograded/*/mini/m.ipynb")) == list(
        expected(LEARNERS)
    )
    assert list((course.root / ".autograder" / "unfinished").iterdir()) == []


def test_ctrl_c_ends_a_run_at_once_and_it_can_go_on(course: MiniCourse) -> None:
    def interrupt(driver: psutil.Process) -> bool:
        if not family(driver)["checker"]:
            return False
        driver.send_signal(signal.SIGINT)
        return True

    status, said = run_and(course, interrupt)
    assert status != 0
    assert "Canceled" in said
    course.autograde()
    assert course.scores() == expected(LEARNERS)


def test_what_a_worker_left_is_swept_away(tmp_path: Path) -> None:
    """A killed worker cannot remove its folder; the next kernel of this machine does."""
    from autograder.sandbox.rundir import LONGEST_START, PREFIX, sweep

    left = tmp_path / f"{PREFIX}x"
    left.mkdir()
    (left / "lock").touch()
    os.utime(left, (time.time() - 2 * LONGEST_START,) * 2)
    sweep(tmp_path)
    assert not left.exists()
