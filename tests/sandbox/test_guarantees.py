"""What a sandboxed kernel guarantees, asked from inside a real one. The probes stop by themselves."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from traitlets.config import Config

from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.jail import GIB, MIB, UNUSED_UID
from autograder.sandbox.rundir import PREFIX, UIDS
from tests.sandbox.running import Running

pytestmark = pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem()))
KINDS = ["cold", "warm"]
COURSE = Path(__file__).parents[2]


STUBBORN = """
import signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
DAEMON = """
import subprocess
subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; sleep 600 & wait"], start_new_session=True)
print("ok")
"""


def settings(kind: str, **traits: object) -> Config:
    config = Config()
    config.Sandbox.warm = kind == "warm"
    config.Sandbox.update(traits)
    return config


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submitted")
    (folder / "points.csv").write_text("1,2\n")
    (folder / "labkit").mkdir()
    (folder / "labkit" / "__init__.py").write_text("VALUE = 7\n")
    (folder / "json.py").write_text("raise SystemExit('shadowed')\n")
    (folder / "sitecustomize.py").write_text("raise SystemExit('shadowed')\n")
    (folder / "task.ipynb").write_text("{}")
    (folder / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe")
    (folder / "private.txt").write_text("only the grader may read the original\n")
    (folder / "private.txt").chmod(0o600)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def kernel(request: pytest.FixtureRequest, submission: Path) -> Iterator[Running]:
    with Running(submission, settings(request.param)) as running:
        assert running.manager.provisioner.is_warm is (request.param == "warm")
        yield running


def status_fields(kernel: Running) -> dict[str, str]:
    text = kernel.run("print(open('/proc/self/status').read())")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def sandbox_processes() -> set[int]:
    """Processes that belong to a kernel: by their uid when root, else what this process started."""
    if os.geteuid() == 0:
        uids = range(UNUSED_UID, UNUSED_UID + UIDS + 1)
        return {p.pid for p in psutil.process_iter(["uids"]) if p.info["uids"] and p.info["uids"].real in uids}
    return {p.pid for p in psutil.Process().children(recursive=True)}


PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


class TestWhatItSees:
    def test_the_files_of_the_submission_and_nothing_else(self, kernel: Running) -> None:
        listing = kernel.run("import os; print(sorted(os.listdir('.')))")
        assert listing.strip() == str(["json.py", "labkit", "points.csv", "private.txt", "sitecustomize.py"])

    def test_files_can_be_read_and_imported(self, kernel: Running) -> None:
        assert kernel.run("print(open('points.csv').read(), open('private.txt').read()[:4])") == "1,2\n only\n"
        assert kernel.run("import labkit; print(labkit.VALUE)") == "7\n"

    def test_a_learners_file_does_not_shadow_the_standard_library(self, kernel: Running) -> None:
        assert f"{PYTHON}/json" in kernel.run("import json; print(json.__file__)")

    def test_the_submissions_files_are_read_only(self, kernel: Running) -> None:
        for name in ("points.csv", "labkit/more.py", "labkit/__init__.py"):
            assert "Error: [Errno" in kernel.run(f"open({name!r}, 'a')")
        assert "Error: [Errno" in kernel.run("import os; os.remove('points.csv')")

    def test_new_files_can_be_written_beside_them(self, kernel: Running) -> None:
        assert kernel.run("open('mine.txt', 'w').write('x'); print(open('mine.txt').read())") == "x\n"

    @pytest.mark.parametrize("path", ["/usr/x", "/etc/x", "/x", "/dev/x", "/run/x", "/home/x", "/proc/x"])
    def test_the_system_is_read_only(self, kernel: Running, path: str) -> None:
        assert "Error" in kernel.run(f"open({path!r}, 'w')")

    @pytest.mark.parametrize(
        "path", ["/etc/shadow", "/etc/passwd", "/root/.ssh", "/var", "/sys", "/boot", "/opt", "/mnt", "/srv"]
    )
    def test_the_host_is_invisible(self, kernel: Running, path: str) -> None:
        assert kernel.run(f"import os; print(os.path.exists({path!r}))") == "False\n"

    def test_the_course_is_invisible(self, kernel: Running) -> None:
        probe = "import pathlib; print([p.name for p in pathlib.Path({!r}).glob('*')])"
        assert set(json.loads(kernel.run(probe.format(str(COURSE))).replace("'", '"'))) <= {".venv"}
        assert kernel.run("import importlib.util as u; print(u.find_spec('autograder'))") == "None\n"

    def test_the_host_folders_are_not_named(self, kernel: Running, submission: Path) -> None:
        everything = """
import glob, os
print(os.environ, os.getcwd(), open('/proc/mounts').read())
for path in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/environ'):
    try:
        print(open(path).read().split(chr(0)))
    except PermissionError:
        pass
"""
        text = kernel.run(everything)
        assert "bwrap" in text
        python = {sys.prefix, sys.base_prefix}  # visible, and said to be
        for prefix in sorted(python, key=len, reverse=True):
            text = text.replace(prefix, "")
        assert not [p for p in (str(submission), str(COURSE), PREFIX, tempfile.gettempdir() + "/") if p in text]

    def test_the_environment_is_made_of_known_names(self, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COURSE_SECRET", "swordfish")
        with Running(submission, settings("cold", variables={"MORE": "1"})) as kernel:
            text = kernel.run("import os; print(dict(os.environ)); print(open('/proc/1/environ').read())")
        assert "swordfish" not in text
        assert "'MORE': '1'" in text

    def test_no_other_process_is_visible(self, kernel: Running) -> None:
        text = kernel.run(
            "import os\nfor p in sorted(filter(str.isdigit, os.listdir('/proc')), key=int):\n"
            "    print(open(f'/proc/{p}/comm').read().strip())"
        )
        assert set(text.split()) <= {"bwrap", "python", PYTHON, "python3", "sh"}
        assert len(text.split()) <= 3


class TestWhatItMayDo:
    def test_no_privilege_is_left(self, kernel: Running) -> None:
        fields = status_fields(kernel)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(fields[name], 16) == 0, name
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp"] == "2"

    def test_the_user_is_not_the_graders_when_that_is_root(self, kernel: Running) -> None:
        uids = set(status_fields(kernel)["Uid"].split() + status_fields(kernel)["Gid"].split())
        assert len(uids) == 1
        assert "0" not in uids
        assert kernel.run("import os; print(set(os.getgroups()) <= {os.getgid()})") == "True\n"

    def test_there_is_no_network(self, kernel: Running) -> None:
        names = kernel.run("import socket; print([n for _, n in socket.if_nameindex()])")
        assert names == "['lo']\n"
        reach = "import socket; socket.create_connection(('{}', 80), timeout=2)"
        assert "unreachable" in kernel.run(reach.format("192.0.2.1"))
        assert "name resolution" in kernel.run(reach.format("example.org"))

    def test_sockets_of_the_host_cannot_be_reached(self, kernel: Running) -> None:
        text = kernel.run("print(open('/proc/net/unix').read())")
        assert all("/run/kernel/" in line for line in text.splitlines() if "/" in line)

    @pytest.mark.parametrize(
        ("call", "answer"),
        [
            ("libc.unshare(0x10000000)", "EPERM"),
            ("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)", "EPERM"),
            ("libc.ptrace(0, 0, 0, 0)", "EPERM"),
            ("libc.syscall(321, 0, 0, 0)", "EPERM"),  # bpf
            ("libc.syscall(425, 1, 0)", "EPERM"),  # io_uring_setup
            ("libc.memfd_create(b'x', 0)", "EPERM"),
            ("libc.shmget(0, 4096, 0o1600)", "EPERM"),
            ("libc.personality(0x0040000)", "EPERM"),
            ("libc.syscall(250, 0, 0)", "EPERM"),  # keyctl
            ("libc.syscall(435, 0, 0)", "ENOSYS"),  # clone3
            ("libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM|ENOSYS"),  # clone(CLONE_NEWUSER)
            ("libc.socket(17, 3, 0)", "ENOSYS"),  # AF_PACKET
            ("libc.socket(38, 5, 0)", "ENOSYS"),  # AF_ALG
            ("libc.syscall(467, 0)", "ENOSYS"),  # newer than the filter
        ],
    )
    def test_calls_that_reach_out_are_refused(self, kernel: Running, call: str, answer: str) -> None:
        text = kernel.run(
            "import ctypes, errno, os; libc = ctypes.CDLL(None, use_errno=True); ctypes.set_errno(0)\n"
            f"r = {call}; print(r, errno.errorcode[ctypes.get_errno()])"
        )
        assert text.startswith("-1 ")
        assert text.split()[1] in answer.split("|")

    def test_a_keras_model_trains(self, kernel: Running) -> None:
        text = kernel.run(
            "import keras, numpy as np\n"
            "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_regularizer='l2')])\n"
            "m.compile('adam', 'mse'); m.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)\n"
            "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.savefig('curve.png')\n"
            "import os; print(len(m.losses), os.path.getsize('curve.png') > 0)"
        )
        assert text.endswith("1 True\n")

    def test_a_socket_put_in_place_of_the_kernels_is_never_connected(self, kernel: Running) -> None:
        folder = kernel.manager.provisioner.folder.path
        assert not (folder / "s").exists()
        assert kernel.run("import os; print(len(os.listdir('/run/kernel')))") == "5\n"


@pytest.mark.parametrize("kind", KINDS)
class TestLimits:
    def test_memory(self, kind: str, submission: Path) -> None:
        with Running(submission, settings(kind, memory_bytes=4 * GIB)) as kernel:
            assert "MemoryError" in kernel.run("x = bytearray(5 << 30)")
            assert kernel.run("x = bytearray(1 << 20); print(len(x))") == "1048576\n"

    def test_memory_of_all_processes_together(self, kind: str, submission: Path) -> None:
        one = "import subprocess, sys; hold = 'x = bytearray(range(256)) * (1 << 20); input()'\n"
        one += "ps = [subprocess.Popen([sys.executable, '-c', hold], stdin=-1) for _ in range(8)]"  # 2 GiB
        with Running(submission, settings(kind, total_memory_bytes=3 * GIB // 2)) as kernel:
            kernel.run(one)
            assert not kernel.alive_after(30)
            assert kernel.manager.provisioner.reached_memory_limit

    def test_processes(self, kind: str, submission: Path) -> None:
        sleepers = (
            "import subprocess\nstarted = []\ntry:\n    for _ in range(90):\n"
            "        started.append(subprocess.Popen(['sleep', '60']))\nexcept OSError as error:\n"
            "    print('refused', len(started) < 80)"
        )
        with Running(submission, settings(kind, processes=80)) as kernel:
            assert kernel.run(sleepers) == "refused True\n"

    def test_files(self, kind: str, submission: Path) -> None:
        with Running(submission, settings(kind, file_bytes=MIB, open_files=200)) as kernel:
            assert "File too large" in kernel.run("open('/tmp/big', 'wb').write(bytes(3 << 20))")
            assert "Too many open files" in kernel.run("kept = [open('/dev/null') for _ in range(300)]")

    @pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/home/learner", "/home/learner/work", "/run/kernel"])
    def test_disk(self, kind: str, folder: str, submission: Path) -> None:
        fill = f"for n in range(5): open(f'{folder}/fill{{n}}', 'wb').write(bytes(1 << 20))"
        with Running(submission, settings(kind, scratch_bytes=3 * MIB)) as kernel:
            assert "No space left on device" in kernel.run(fill)

    def test_cpu_time(self, kind: str, submission: Path) -> None:
        with Running(submission, settings(kind, cpu_seconds=6)) as kernel:
            assert kernel.run("while True: pass").endswith("DEAD")

    def test_what_the_process_prints_itself_is_kept_short(self, kind: str, submission: Path) -> None:
        flood = "import os\nfor _ in range(40): os.write(int(fd), b'x' * 65536)"
        with Running(submission, settings(kind)) as kernel:
            kernel.run("import sys; fd = sys.stderr._original_stdstream_copy")
            kernel.run(flood)
            time.sleep(0.2)
            assert len(kernel.manager.provisioner.tail.text(0.1)) <= 4000


def test_wall_time_is_counted_outside(submission: Path) -> None:
    limited = [settings(kind, wall_seconds=12) for kind in KINDS]
    with Running(submission, limited[0]) as one, Running(submission, limited[1]) as other:
        for kernel in (one, other):
            kernel.start_cell(STUBBORN)
        for kernel in (one, other):
            assert not kernel.alive_after(60)
            assert kernel.manager.provisioner.reached_wall_limit


@pytest.mark.parametrize("kind", KINDS)
class TestTheEnd:
    def test_nothing_is_left(self, kind: str, submission: Path) -> None:
        before = sandbox_processes()
        with Running(submission, settings(kind)) as kernel:
            folder = kernel.manager.provisioner.folder.path
            assert folder.is_dir()
            assert kernel.run(DAEMON) == "ok\n"
            if kind == "cold":
                assert len(sandbox_processes()) > len(before)
        assert sandbox_processes() <= before
        assert not folder.exists()

    def test_a_kernel_that_exits_is_seen_as_dead_and_takes_its_daemons_along(self, kind: str, submission: Path) -> None:
        before = sandbox_processes()
        with Running(submission, settings(kind)) as kernel:
            kernel.run("import subprocess; p = subprocess.Popen(['sleep', '600'], start_new_session=True)")
            assert kernel.run("import os; os._exit(0)").endswith("DEAD")
        assert sandbox_processes() <= before

    def test_killing_everything_kills_this_kernel_only(self, kind: str, submission: Path) -> None:
        with Running(submission, settings(kind)) as other:
            with Running(submission, settings(kind)) as kernel:
                kernel.run("import os; os.kill(-1, 9)")  # all it may signal, itself excepted
                assert kernel.run("os.kill(os.getpid(), 9)").endswith("DEAD")
            assert other.run("print('alive')") == "alive\n"

    def test_two_kernels_have_users_of_their_own_when_root(self, kind: str, submission: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("one user has one uid")
        with Running(submission, settings(kind)) as one, Running(submission, settings(kind)) as two:
            assert status_fields(one)["Uid"] != status_fields(two)["Uid"]
