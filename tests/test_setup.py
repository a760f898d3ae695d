"""`scripts/setup` finds a Python, or says what to install."""

import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[1] / "scripts" / "setup"
PYTHON = """#!/bin/sh
case "$2" in
    *version_info*) echo {version} ;;
    *ensurepip*) exit {no_venv} ;;
    *) [ "$2" = venv ] && echo "{name}" >chosen; exit 1 ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs that is all of the PATH: everything the sandbox wants is there, no Python, no package."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("grep", "printf", "id", "sh"):
        (programs / name).symlink_to(f"/usr/bin/{name}" if name != "sh" else "/bin/sh")
    for name in ("bwrap", "prlimit"):
        program(programs / name, "#!/bin/sh\n")
    program(programs / "ldconfig", "#!/bin/sh\necho libseccomp.so.2\n")
    return tmp_path


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def install(machine: Path, name: str, version: str, *, venv: bool = True) -> None:
    program(machine / "bin" / name, PYTHON.format(version=version, no_venv=int(not venv), name=name))


def packages(machine: Path, *names: str) -> None:
    """What `apt-cache show` knows."""
    program(
        machine / "bin" / "apt-cache", f'#!/bin/sh\ncase " {" ".join(names)} " in *" $2 "*) ;; *) exit 100 ;; esac\n'
    )


def setup(machine: Path, **environment: str) -> str:
    """What it said, up to where the virtual environment would be made."""
    path = {"PATH": str(machine / "bin")}
    done = subprocess.run(["/bin/sh", SETUP, "venv"], cwd=machine, env={**path, **environment}, check=False,
                          stderr=subprocess.PIPE, text=True, timeout=60)  # fmt: skip
    assert done.returncode != 0  # these Pythons make no environment
    return done.stderr


def chosen(machine: Path) -> str:
    return (machine / "chosen").read_text().strip()


def test_the_newest_that_fits_is_taken(machine: Path) -> None:
    install(machine, "python3", "3.14")
    install(machine, "python3.11", "3.11")
    install(machine, "python3.12", "3.12")
    install(machine, "python3.13", "3.13", venv=False)
    setup(machine)
    assert chosen(machine) == "python3.12"


def test_the_systems_own_python_is_taken_when_it_fits(machine: Path) -> None:
    install(machine, "python3", "3.13")
    setup(machine)
    assert chosen(machine) == "python3"


def test_a_python_that_is_named_is_taken(machine: Path) -> None:
    install(machine, "python3.13", "3.13")
    install(machine, "python3.11", "3.11")
    setup(machine, PYTHON="python3.11")
    assert chosen(machine) == "python3.11"


def test_a_package_that_this_system_has_is_named(machine: Path) -> None:
    install(machine, "python3", "3.13", venv=False)
    packages(machine, "python3.13-venv")
    assert setup(machine).endswith("sudo apt-get install python3.13-venv\n")
    packages(machine, "python3.12-venv")
    assert setup(machine).endswith("sudo apt-get install python3.12-venv\n")


def test_where_no_package_fits_that_is_said(machine: Path) -> None:
    install(machine, "python3", "3.9")
    packages(machine)
    assert "this system has no package of one" in setup(machine)
    assert "python3.11-venv" not in setup(machine)


def test_the_versions_are_those_of_the_package() -> None:
    text = SETUP.read_text()
    assert 'versions="3.13 3.12 3.11"' in text
    assert 'requires-python = ">=3.11,<3.14"' in (SETUP.parents[1] / "pyproject.toml").read_text()


def test_what_costs_each_process_a_second_is_not_installed() -> None:
    """Of nbgrader's dependencies: a grammar that is built on import (see pyproject.toml)."""
    assert "rfc3987" not in (SETUP.parents[1] / "requirements.lock").read_text()
    assert "--no-deps" in SETUP.read_text()  # else the installer asks for it again
