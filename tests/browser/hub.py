"""A real JupyterHub on this machine, with real users, nbgrader's exchange and the practice service. Needs root.

Its users must be able to read Python and the project. Where the interpreter lies below a folder that is root's alone,
the hub runs in a mount namespace in which that folder holds the interpreter and nothing else.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from tests.mini.course import MiniCourse

HERE, BIN = Path(__file__).parent, Path(sys.executable).parent
PROJECT = HERE.parents[1]
PROXY = HERE / "node_modules" / ".bin" / "configurable-http-proxy"
PASSWORD = "a classroom password"
GRADER, STUDENTS = "hubgrader", ("hubalice", "hubbob")
COURSE = "mini101"
SETTINGS = """
c.CourseDirectory.course_id = {course!r}
c.Exchange.root = {exchange!r}
c.Practice.cooldown_seconds = 0
"""
# in a namespace of its own: `$1` is root's folder, `$2` the interpreter below it, `$3` an empty one; then the command
MOUNTED = """
set -e
mkdir -p "$3/$2" && mount --bind "$1/$2" "$3/$2" && mount --rbind "$3" "$1" && chmod 755 "$1"
shift 3
exec "$@"
"""


def missing() -> str:
    """What keeps the hub from running here; empty when nothing does."""
    if os.geteuid() != 0:
        return "not root"
    return "" if PROXY.exists() else "configurable-http-proxy is missing: run scripts/setup-browser"


@dataclass
class Hub:
    """A hub in the folder `run`, which starts at `port`."""

    run: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def practice(self) -> str:
        return f"{self.address}/services/practice/"

    @property
    def course(self) -> Path:
        return self.run / "course"

    @property
    def log(self) -> str:
        return (self.run / "hub.log").read_text(errors="replace")

    def environment(self) -> dict[str, str]:
        return {"RUN": str(self.run), "PORT": str(self.port), "PASSWORD": PASSWORD, "LANG": "C.UTF-8",
                "PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}  # fmt: skip

    def start(self) -> None:
        """Boot it, until hub and service answer."""
        command = [str(BIN / "python"), "-m", "jupyterhub", "-f", str(HERE / "jupyterhub_config.py")]
        with (self.run / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                mounted(self.run, command), cwd=self.run, env=self.environment(), stdout=log, stderr=subprocess.STDOUT
            )
        self.wait(f"{self.address}/hub/health")
        self.wait(f"{self.practice}health")

    def wait(self, url: str, seconds: float = 240) -> None:
        """Until the address answers; fails when the hub ends before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process is not None
            assert self.process.poll() is None, self.log[-3000:]
            with suppress(URLError, OSError), urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.3)
        raise TimeoutError(f"{url}: {self.log[-3000:]}")

    def service(self) -> psutil.Process:
        """The practice service's process."""
        found = [p for p in psutil.process_iter() if _is_service(p) and p.cwd() == str(self.course)]
        (process,) = found
        return process

    def proxies(self) -> list[psutil.Process]:
        """The hub's proxy: one that is killed leaves it behind."""
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [p for p in below if "configurable-http-proxy" in " ".join(p.cmdline())]

    def kill(self) -> None:
        """End the hub as a crash does: it cleans nothing up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> None:
        """End it; the proxy, the service and the servers end with it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(90)

    def as_user(self, user: str, folder: Path, *command: str) -> None:
        """Run a command as one of the users."""
        own = {"HOME": str(self.run / "home" / user), "USER": user, "JUPYTER_CONFIG_PATH": str(self.run / "etc")}
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, user, user)
        change = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--", *command]
        done = subprocess.run(mounted(self.run, change), cwd=folder, env={**self.environment(), **own}, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
        assert done.returncode == 0, done.stdout


def _is_service(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.cmdline()[1:] == ["-m", "autograder", "practice", "--hub"]
    return False


def mounted(run: Path, command: list[str]) -> list[str]:
    """The command, where every user can read the interpreter."""
    real = Path(os.path.realpath(sys.executable))
    closed = next((p for p in reversed(real.parents) if not p.stat().st_mode & 0o005 == 0o005), None)
    if closed is None:
        return command
    empty = run / "root"
    empty.mkdir(exist_ok=True)
    below = real.relative_to(closed).parts[0]
    return ["unshare", "--mount", "sh", "-c", MOUNTED, "sh", str(closed), below, str(empty), *command]


def remove_users() -> None:
    for user in (GRADER, *STUDENTS):
        subprocess.run(["userdel", user], check=False, stderr=subprocess.DEVNULL)


def lay_out(run: Path) -> None:
    """Users, their homes, a course and its exchange."""
    for folder, mode in (("home", 0o755), ("etc/labconfig", 0o755), ("exchange", 0o1777)):
        (run / folder).mkdir(parents=True)
        (run / folder).chmod(mode)
    remove_users()  # those of tests that were killed
    for user in (GRADER, *STUDENTS):
        subprocess.run(["useradd", "--create-home", "--home-dir", run / "home" / user, user], check=True)
    settings = SETTINGS.format(course=COURSE, exchange=str(run / "exchange"))
    (run / "etc" / "nbgrader_config.py").write_text(f"c = get_config()\n{settings}")
    off = ("@jupyterlab/apputils-extension:announcements", "@jupyter/nbgrader:formgrader")
    (run / "etc" / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(off, True)})
    )
    MiniCourse(run / "course", extra=settings)
    (run / "course").chmod(0o700)


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """A hub with its users, from the first to the last test, in a folder that its users may enter."""
    run = folder / "hub"
    run.mkdir()
    folder.chmod(0o755)
    hub = Hub(run, _free_ports())
    try:
        lay_out(run)
        subprocess.run(["chown", "-R", f"{GRADER}:", str(hub.course)], check=True)
        hub.as_user(GRADER, hub.course, str(BIN / "python"), "-m", "nbgrader", "release_assignment", "mini")
        hub.start()
        yield hub
    finally:
        hub.stop()
        remove_users()


def _free_ports() -> int:
    """The first of four ports that nobody uses."""
    for first in range(18_900, 28_900, 10):
        with suppress(OSError):
            for port in range(first, first + 4):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
            return first
    raise OSError("no free ports")
