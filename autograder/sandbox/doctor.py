"""`python -m autograder doctor`: what isolation this machine gives, what is missing, and the proof.

The proof is a real sandboxed kernel that is asked what it sees.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.errors import AutograderError, IsolationError
from autograder.i18n import Message, _, say
from autograder.sandbox.cgroup import writable_cgroup
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.kernel import sandboxed_kernel_manager
from autograder.sandbox.settings import Sandbox
from autograder.sandbox.warm import WarmFailure, shutdown, zygote

__all__ = ["add_arguments", "isolation_problem", "run"]

READY_SECONDS = 60
# Answers as JSON; every line is a promise that `docs/security.md` makes.
PROBE = """
import json, os, pathlib, socket
status = dict(l.split(":\\t", 1) for l in open("/proc/self/status").read().splitlines() if ":\\t" in l)
def reaches(address):
    try:
        socket.create_connection(address, timeout=2).close()
        return True
    except OSError:
        return False
print(json.dumps({
    "uid": os.getuid(),
    "capabilities": any(int(status[n], 16) for n in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")),
    "no_new_privileges": status["NoNewPrivs"] == "1",
    "filtered": status["Seccomp"] == "2",
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": reaches(("192.0.2.1", 80)),
    "seen": [p for p in COURSE if pathlib.Path(p).exists()],
    "processes": sum(p.isdigit() for p in os.listdir("/proc")),
    "writes": os.access("/usr", os.W_OK) or os.access("/", os.W_OK),
}))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--no-kernel`: look only, start nothing."""
    parser.add_argument("--no-kernel", action="store_true", help=say(_("do not start a sandboxed kernel")))


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit status 0 when learners' code can be isolated, else 1."""
    problem = isolation_problem()
    if problem is not None:
        print("✗", say(problem.text, **problem.values))
        return 1
    for good, message in _surroundings():
        print("✓" if good else "!", say(message.text, **message.values))
    if arguments.no_kernel:
        return 0
    proofs = [_prove(warm=kind) for kind in (False, True)]
    shutdown()
    return 0 if all(proofs) else 1


def _prove(warm: bool) -> bool:
    """Start a kernel, print what it answered; whether every promise holds."""
    try:
        answers, seconds = asyncio.run(_ask_a_kernel(warm))
    except WarmFailure as error:
        print("!", say(_("Keras cannot be preloaded: every kernel imports it itself ({reason})."), reason=error))
        return True
    except (AutograderError, RuntimeError, ValueError) as error:
        print("✗", say(_("A sandboxed kernel did not answer: {error}"), error=error))
        return False
    faults = list(_faults(answers))
    for fault in faults:
        print("✗", say(fault.text, **fault.values))
    if not faults:
        kept = _("A sandboxed kernel answered after {seconds:.1f} s: no network, no privilege, no course files.")
        preloaded = _("One with Keras preloaded answered after {seconds:.1f} s: the same holds for it.")
        print("✓", say(preloaded if warm else kept, seconds=seconds))
    return not faults


def _surroundings() -> Iterator[tuple[bool, Message]]:
    """What a grader should know beside: (good, sentence)."""
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S607
    yield True, Message(_("{program} isolates learners' code."), {"program": version.strip()})
    if root := os.geteuid() == 0:
        yield True, Message(_("You are root: every kernel gets a user number of its own."))
    else:
        yield True, Message(_("Kernels run as you, in a user namespace without any privilege."))
    if writable_cgroup() is not None:
        yield True, Message(_("A cgroup bounds the memory and the processes of a kernel together."))
    else:
        yield (
            False,
            Message(
                _(
                    "No writable cgroup: the grader watches a kernel's memory itself, several times a "
                    "second. For a hard limit start it with: "
                    "{command}"
                ),
                {"command": f"systemd-run {'' if root else '--user '}--scope -p Delegate=yes COMMAND"},
            ),
        )
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < 1 << 30:
        yield False, Message(_("Only {mb:.0f} MB are free in the temporary folder."), {"mb": free / 1e6})


async def _ask_a_kernel(warm: bool) -> tuple[dict[str, Any], float]:
    """Run the probe in a real kernel: (answers, seconds until it was ready)."""
    config = Config()
    config.Sandbox.update({"required": True, "warm": warm})
    hidden = [str(Path.cwd()), "/etc/shadow", str(Path.home() / ".ssh"), "/var/log"]
    with tempfile.TemporaryDirectory() as workdir:
        if warm and (source := zygote(Sandbox(config=config).kernel_environment())) is not None:
            source.wait_until_ready()  # once a run: not a part of what a kernel takes
        started = time.monotonic()
        manager = sandboxed_kernel_manager(Path(workdir), config=config)
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=READY_SECONDS)
            ready = time.monotonic() - started
            output: list[str] = []
            provisioner: Any = manager.provisioner
            if provisioner.is_warm is not warm:
                raise WarmFailure("it was started without")
            await client.execute_interactive(
                PROBE.replace("COURSE", repr([f"{p}/nbgrader_config.py" if p == hidden[0] else p for p in hidden])),
                timeout=READY_SECONDS,
                output_hook=lambda m: output.append(m["content"].get("text", "")),
            )
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
    try:
        return dict(json.loads("".join(output))), ready
    except ValueError as error:
        raise IsolationError(_("its answer is not what was asked for")) from error


def _faults(answers: dict[str, Any]) -> Iterator[Message]:
    """The promises that do not hold."""
    if answers["uid"] == 0 or answers["capabilities"] or not answers["no_new_privileges"]:
        yield Message(_("The sandboxed kernel keeps privileges of the system."))
    if not answers["filtered"]:
        yield Message(_("The sandboxed kernel's system calls are not filtered."))
    if answers["interfaces"] != ["lo"] or answers["network"]:
        yield Message(_("The sandboxed kernel has a network: {names}."), {"names": str(answers["interfaces"])})
    if answers["seen"]:
        yield Message(_("The sandboxed kernel sees files of the host: {names}."), {"names": str(answers["seen"])})
    if answers["processes"] > 3:
        yield Message(_("The sandboxed kernel sees processes of the host."))
    if answers["writes"]:
        yield Message(_("The sandboxed kernel can write to the system."))
