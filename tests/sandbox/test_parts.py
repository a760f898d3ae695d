"""The sandbox's parts by themselves: settings, files, groups, messages."""

import asyncio
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from traitlets.config import Config

from autograder.errors import IsolationError, SubmissionError
from autograder.i18n import Message
from autograder.sandbox import isolation, kernel
from autograder.sandbox.cgroup import Cgroup, writable_cgroup
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.jail import Jail, JailLimits, python_folders
from autograder.sandbox.kernel import sandboxed_kernel_manager
from autograder.sandbox.rundir import PREFIX, RunFolder, UidLease, copy_inputs, sweep
from autograder.sandbox.seccomp import REFUSED, compiled_filter
from autograder.sandbox.settings import Sandbox
from autograder.sandbox.tail import KEPT_BYTES, Tail
from autograder.sandbox.warm import WarmFailure, WarmStart

needs_isolation = pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem()))


def test_only_plain_files_are_copied(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "data" / "deep").mkdir(parents=True)
    (source / "data" / "deep" / "x.csv").write_text("1")
    (source / "secret").symlink_to("/etc/shadow")
    (source / "folder").symlink_to("/etc")
    (source / ".hidden").write_text("h")
    (source / "task.ipynb").write_text("{}")
    os.mkfifo(source / "pipe")
    assert [p.name for p in copy_inputs(source, tmp_path / "copy", 1000)] == ["data"]
    assert (tmp_path / "copy/data/deep/x.csv").read_text() == "1"


def test_too_many_bytes_beside_the_notebook_are_the_learners_fault(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    for n in range(3):
        (tmp_path / "source" / f"{n}").write_bytes(bytes(400))
    with pytest.raises(SubmissionError, match="larger than"):
        copy_inputs(tmp_path / "source", tmp_path / "copy", 1000)


def test_a_folder_of_a_killed_grader_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    mine = RunFolder()
    stale = tmp_path / f"{PREFIX}stale"
    young = tmp_path / f"{PREFIX}young"
    foreign = tmp_path / f"{PREFIX}foreign"
    for folder in (stale, young, foreign):
        folder.mkdir()
    (stale / "lock").touch()
    (young / "lock").touch()
    old = time.time() - 3600
    for folder in (stale, foreign, mine.path):
        os.utime(folder, (old, old))
    sweep(tmp_path)
    sweep(mine.path.parent)
    assert not stale.exists()
    assert young.exists()
    assert foreign.exists()
    assert mine.path.exists()
    mine.remove()
    mine.remove()
    assert not mine.path.exists()


def test_a_user_number_is_leased_to_one_kernel_at_a_time() -> None:
    leases = [UidLease() for _ in range(20)]
    assert len({lease.uid for lease in leases}) == 20
    for lease in leases:
        lease.release()


def test_a_tail_keeps_the_end_and_never_blocks_its_reader() -> None:
    tail = Tail()
    os.write(tail.writer, b"a" * 50_000 + b"\x1b[31mend")
    tail.close_writer()
    assert tail.text().endswith("a\\x1b[31mend")
    assert len(tail.text()) < KEPT_BYTES + 10


def test_the_filter_is_a_whole_number_of_instructions() -> None:
    assert len(compiled_filter()) > 800
    assert len(compiled_filter()) % 8 == 0
    names = [name for group in REFUSED.values() for name in group.split()]
    assert len(names) == len(set(names))


def test_a_course_sets_the_limits() -> None:
    config = Config()
    config.Sandbox.memory_bytes = 5
    config.Sandbox.wall_seconds = 7
    limits = Sandbox(config=config).limits()
    assert limits.memory_bytes == 5
    assert limits.wall_seconds == 7
    assert limits.rlimits()["as"] == 5


def test_a_jail_shows_its_writable_folder_and_hides_what_it_is_told_to(tmp_path: Path) -> None:
    seen, hidden, work = tmp_path / "seen", tmp_path / "seen" / "hidden", tmp_path / "work"
    for folder in (seen, hidden, work):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
    (hidden / "secret").write_text("x")
    jail = Jail(read_only=(seen,), writable=(work,), hidden=(hidden,), cwd=work)
    if isolation_problem() is not None:
        pytest.skip(str(isolation_problem()))
    assert jail.start(["sh", "-c", f"ls {hidden} {seen} > out; ! touch {seen}/x"]).wait() == 0
    assert "secret" not in (work / "out").read_text()
    assert "hidden" in (work / "out").read_text()


@needs_isolation
def test_a_jail_ends_at_its_wall_limit() -> None:
    assert Jail(limits=JailLimits(wall_seconds=0.5)).start(["sleep", "60"]).wait(timeout=30) in (137, -9)


def test_this_interpreter_is_seen_as_spelled_and_as_it_is() -> None:
    assert all(p.is_absolute() for p in python_folders())
    assert len(python_folders()) >= 1


class TestCgroup:
    """Against a folder that looks like cgroupfs: shows the paths and values, not the kernel's doing."""

    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        for folder, enabled in (("", "memory pids"), ("user", "cpu memory pids"), ("user/me.scope", "")):
            (tmp_path / "fs" / folder).mkdir(exist_ok=True, parents=True)
            (tmp_path / "fs" / folder / "cgroup.subtree_control").write_text(enabled)
        (tmp_path / "own").write_text("4:memory:/old\n0::/user/me.scope\n")
        return tmp_path

    def test_the_parent_of_ones_own_group_is_found(self, tree: Path) -> None:
        assert writable_cgroup(tree / "fs", tree / "own") == tree / "fs/user"

    def test_none_is_found_without_the_controllers(self, tree: Path) -> None:
        (tree / "fs/user/cgroup.subtree_control").write_text("cpu")
        assert writable_cgroup(tree / "fs", tree / "own") is None

    def test_none_is_found_on_version_1(self, tree: Path) -> None:
        (tree / "own").write_text("4:memory:/old\n")
        assert writable_cgroup(tree / "fs", tree / "own") is None

    def test_nothing_outside_the_tree_is_taken(self, tree: Path) -> None:
        (tree / "cgroup.subtree_control").write_text("memory pids")
        (tree / "own").write_text("0::/\n")
        assert writable_cgroup(tree / "fs" / "user", tree / "own") == tree / "fs/user"

    def test_limits_are_written_before_anyone_enters(self, tree: Path) -> None:
        group = Cgroup(tree / "fs/user", "kernel", 1000, 20)
        assert (group.path / "memory.max").read_text() == "1000"
        assert (group.path / "pids.max").read_text() == "20"
        command = Jail(cgroup=group.entrance).command(["true"], 3, 4)
        assert str(group.entrance) in command[:4]


class TestWithoutIsolation:
    """As on a machine that cannot isolate."""

    @pytest.fixture(autouse=True)
    def _broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        problem = Message("Learners' code cannot be isolated: {programs} not found.", {"programs": "bwrap"})
        monkeypatch.setattr(kernel, "isolation_problem", lambda: problem)

    def test_no_kernel_is_given(self, tmp_path: Path) -> None:
        with pytest.raises(IsolationError, match="bwrap not found"):
            sandboxed_kernel_manager(tmp_path)

    async def _start(self, tmp_path: Path) -> int:
        config = Config()
        config.Sandbox.required = False
        manager = sandboxed_kernel_manager(tmp_path, config=config)
        await manager.start_kernel(cwd=str(tmp_path))
        pid = manager.provisioner.pid
        await manager.shutdown_kernel(now=True)
        return int(pid)

    def test_a_plain_kernel_is_given_on_demand_and_every_run_warns(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:

        assert asyncio.run(self._start(tmp_path)) > 0
        assert "WITHOUT a sandbox" in caplog.text


class TestProblems:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        isolation_problem.cache_clear()

    def test_a_missing_program_is_named_with_its_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        problem = isolation_problem()
        assert problem is not None
        assert "bwrap" in problem.render()
        assert "apt-get install bubblewrap" in problem.render()
        isolation_problem.cache_clear()

    @pytest.mark.parametrize(
        ("name", "value", "remedy"),
        [
            ("kernel/apparmor_restrict_unprivileged_userns", "1", "/etc/apparmor.d/bwrap"),
            ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces"),
            ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone"),
        ],
    )
    def test_a_refusal_names_the_command_that_mends_it(
        self, name: str, value: str, remedy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(isolation, "_setting", lambda asked: value if asked == name else None)
        text = next(text for applies, text in isolation._remedies() if applies)
        assert remedy in Message(text, {"said": "no", "status": 1}).render()
        assert "{ userns, }" in Message(text, {"said": "no"}).render() or "sysctl" in text

    def test_a_container_is_told_how_to_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("container", "docker")
        assert any(applies and "--security-opt seccomp" in text for applies, text in isolation._remedies())


@needs_isolation
def test_files_that_are_too_large_start_no_kernel_and_leave_nothing(tmp_path: Path) -> None:

    (tmp_path / "big").write_bytes(bytes(2000))
    config = Config()
    config.Sandbox.update({"input_bytes": 1000, "warm": False})
    manager = sandboxed_kernel_manager(tmp_path, config=config)
    with pytest.raises(SubmissionError, match="larger than"):
        asyncio.run(manager.start_kernel())
    assert not manager.has_kernel
    assert manager.provisioner.folder is None


@needs_isolation
def test_a_kernel_that_cannot_start_is_an_isolation_error_with_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(kernel, "KERNEL", ["python", "-c", "raise SystemExit('no kernel here')"])
    config = Config()
    config.Sandbox.warm = False
    manager = sandboxed_kernel_manager(tmp_path, config=config)
    with pytest.raises(IsolationError, match="no kernel here"):
        asyncio.run(manager.start_kernel())
    assert manager.provisioner.folder is None


def test_a_run_folder_removed_by_two_threads_closes_its_lock_once() -> None:
    for _ in range(20):
        folder = RunFolder()
        for number in range(100):
            (folder.path / str(number)).touch()
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(folder.remove) for _ in range(4)]:
                done.result()
        folder.forget()
        assert not folder.path.exists()


def test_a_warm_start_given_up_from_another_thread_closes_each_file_once() -> None:
    for _ in range(200):
        start = WarmStart(None)  # type: ignore[arg-type]  # it is never asked for anything
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(start.close) for _ in range(4)]:
                done.result()


def test_a_warm_start_that_was_given_up_sends_no_file_of_somebody_else() -> None:
    jail = Jail()
    start = WarmStart(None)  # type: ignore[arg-type]
    tail = Tail()
    holder = subprocess.Popen(["echo"], stdout=subprocess.PIPE)
    start._jail, start._stderr = jail, os.dup(tail.writer)
    tail.close_writer()
    start.close()
    with pytest.raises(WarmFailure, match="given up"):
        start.enter(os.getpid(), holder, ["-f", "x"])
    assert holder.wait() == 0
    assert tail.text() == ""
