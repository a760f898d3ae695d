"""The doctor's sentence and its proof."""

import os
import subprocess
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.i18n import Message
from autograder.sandbox import doctor, isolation
from autograder.sandbox.isolation import isolation_problem


def test_without_isolation_the_doctor_says_why_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "isolation_problem", lambda: Message("Cannot: {why}.", {"why": "no bwrap"}))
    assert main(["doctor"]) == 1
    assert "✗ Cannot: no bwrap." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "marked"),
    [
        ("", True),
        ("c.Course.secret = 'demo'", True),
        ("c.Course.secret = 'our own'", False),
        ("c.Course.demonstration = True", False),
    ],
)
def test_a_secret_that_everybody_knows_is_marked(
    lines: str, marked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{lines}\n")
    monkeypatch.chdir(tmp_path)
    main(["doctor", "--no-kernel"])
    assert ("! c.Course.secret is the one that everybody knows" in capsys.readouterr().out) is marked


def test_private_keys_that_others_may_come_to_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("/hidden.pem\n")
    for name, mode in (("hidden.pem", 0o600), ("open.pem", 0o644), ("keys/published.pem", 0o600)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("-----BEGIN PRIVATE KEY-----\n")
        path.chmod(mode)
    (tmp_path / "public.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    monkeypatch.chdir(tmp_path)
    main(["doctor", "--no-kernel"])
    said = [line for line in capsys.readouterr().out.splitlines() if ".pem" in line]
    assert [(line.split()[1], "published" in line or "open.pem" in line) for line in said] == [
        ("git", True), ("Others", True), ("git", True)
    ]  # fmt: skip


@pytest.mark.parametrize(("uid", "command"), [(0, "with: systemd-run --scope"), (1000, "systemd-run --user --scope")])
def test_root_is_given_roots_command(uid: int, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(doctor, "writable_cgroup", lambda: None)
    assert any(command in message.render() for _good, message in doctor._surroundings())
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    missing = isolation._missing_programs()
    assert missing is not None
    assert ("sudo apt-get" in missing.render()) is (uid != 0)


@pytest.mark.skipif(isolation_problem() is not None, reason=str(isolation_problem()))
def test_a_real_kernel_proves_the_isolation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "bubblewrap" in text
    assert "✗" not in text
    assert "no network" in text


def test_every_broken_promise_is_named() -> None:
    broken = {
        "uid": 0,
        "capabilities": True,
        "no_new_privileges": False,
        "filtered": False,
        "interfaces": ["lo", "eth0"],
        "network": True,
        "seen": ["/etc/shadow"],
        "processes": 90,
        "writes": True,
    }
    assert len(list(doctor._faults(broken))) == 6
    kept = {**dict.fromkeys(broken, False), "uid": 61000, "no_new_privileges": True, "filtered": True}
    assert list(doctor._faults({**kept, "interfaces": ["lo"], "seen": [], "processes": 3})) == []
