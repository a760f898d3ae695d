"""The warm process: what it hands down, and what happens when it is not there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from traitlets.config import Config

from autograder.families.keras import family
from autograder.sandbox import warm
from autograder.sandbox.isolation import isolation_problem
from tests.sandbox.running import Running

pytestmark = pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem()))


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    yield
    warm.shutdown()


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    return tmp_path


def settings(*preload: str) -> Config:
    """With these libraries preloaded."""
    config = Config()
    config.Sandbox.update({"warm": True, "preload": list(preload)})
    return config


def is_gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_keras_is_there_already(workdir: Path) -> None:
    with Running(workdir, settings(*family.warm)) as kernel:
        assert kernel.manager.provisioner.is_warm
        assert kernel.run("import sys; print('keras' in sys.modules)") == "True\n"


def test_siblings_do_not_share_random_numbers(workdir: Path) -> None:
    draw = "import random, uuid, numpy as np, keras; print(random.random(), np.random.rand(), uuid.uuid4(), "
    draw += "float(keras.random.uniform(())))"
    texts = []
    for _ in range(2):
        with Running(workdir, settings(*family.warm)) as kernel:
            texts.append(kernel.run(draw).split())
    assert len(texts[0]) == 4
    assert all(one != other for one, other in zip(*texts, strict=True))


def test_no_open_file_is_inherited(workdir: Path) -> None:
    with Running(workdir, settings(*family.warm)) as kernel:
        text = kernel.run(
            "import os\nfor n in sorted(os.listdir('/proc/self/fd')):\n"
            "    try: print(os.readlink('/proc/self/fd/' + n))\n    except OSError: pass"
        )
    kinds = {line.split(":")[0] for line in text.splitlines()}
    assert kinds <= {"socket", "pipe", "anon_inode", "/dev/null", "/proc/3/fd"}
    assert "mnt:" not in text


def test_a_warm_process_with_other_libraries_takes_the_place_of_the_one_before(workdir: Path) -> None:
    with Running(workdir, settings(*family.warm)):
        before = warm._shared.zygote
    with Running(workdir, settings("numpy.random")) as kernel:
        assert kernel.manager.provisioner.is_warm
        assert kernel.run("import sys; print('keras' in sys.modules, 'numpy' in sys.modules)") == "False True\n"
        assert warm._shared.zygote is not before


def test_the_graders_environment_was_never_there(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm.shutdown()
    monkeypatch.setenv("COURSE_SECRET", "swordfish")
    with Running(workdir, settings()) as kernel:
        text = kernel.run("import os; print(dict(os.environ), open('/proc/self/environ').read())")
    assert "MPLBACKEND" in text
    assert "COURSE_SECRET" not in text


def test_a_killed_warm_process_is_replaced(workdir: Path) -> None:
    with Running(workdir, settings()) as first:
        old = warm._shared.zygote
        assert old is not None
        os.kill(old.process.pid, signal.SIGKILL)
        assert is_gone(old.process.pid)
        assert first.run("print('still here')") == "still here\n"
        with Running(workdir, settings()) as second:
            assert second.manager.provisioner.is_warm
            assert warm._shared.zygote is not old


def test_a_warm_process_killed_at_the_worst_moment_costs_nothing(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Running(workdir, settings()):
        pass
    original, killed = warm.Zygote.send, []

    def kill_then_send(self: warm.Zygote, *arguments: object) -> None:
        if not killed:
            killed.append(self.process.pid)
            self.process.kill()
            self.process.wait()
        original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(warm.Zygote, "send", kill_then_send)
    with Running(workdir, settings()) as kernel:
        assert killed
        assert kernel.manager.provisioner.is_warm
        assert kernel.run("print(1)") == "1\n"


def test_where_it_cannot_serve_kernels_are_cold_and_one_warning_says_so(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    warm.shutdown()
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no Keras here')\n")
    monkeypatch.setattr(warm, "PROGRAM", broken)
    for _ in range(2):
        with Running(workdir, settings()) as kernel:
            assert not kernel.manager.provisioner.is_warm
            assert kernel.run("print(1)") == "1\n"
    assert sum("without preloaded libraries" in r.getMessage() for r in caplog.records) == 1
    warm.shutdown()


def test_it_ends_with_the_grader_even_when_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import time; from autograder.sandbox import warm; from autograder.sandbox.settings import Sandbox\n"
        "z = warm.zygote(Sandbox().kernel_environment()); z.wait_until_ready()\n"
        "print(z.process.pid, flush=True); time.sleep(60)"
    )
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    with grader.stdout:
        pid = int(grader.stdout.readline())
        assert psutil.pid_exists(pid)
        grader.kill()
        grader.wait()
    assert is_gone(pid)


def test_shutting_it_down_leaves_nothing() -> None:
    from autograder.sandbox.settings import Sandbox

    zygote = warm.zygote(Sandbox().kernel_environment())
    assert zygote is not None
    folder = zygote._folder.path
    warm.shutdown()
    assert zygote.process.returncode is not None
    assert not folder.exists()


def test_a_fork_of_the_grader_has_a_warm_process_of_its_own(workdir: Path) -> None:
    with Running(workdir, settings()):
        parents = warm._shared.zygote
        assert parents is not None
        child = os.fork()
        if child == 0:
            os._exit(0 if warm._shared.zygote is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert parents.lives
