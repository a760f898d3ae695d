"""Whether learners' code can be isolated on this machine: asked before every run, found out once."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from autograder.i18n import Message, _
from autograder.sandbox.jail import PROGRAMS, Jail, JailLimits
from autograder.sandbox.seccomp import compiled_filter

PROBE = JailLimits(wall_seconds=20, scratch_bytes=1 << 20, memory_bytes=1 << 30)


@cache
def isolation_problem() -> Message | None:
    """What keeps this machine from isolating learners' code and how to mend it; None when nothing does."""
    return _missing_programs() or _missing_filter() or _refused_jail()


def sudo() -> str:
    """What goes before an administrator's command: nothing for root, who may have no sudo."""
    return "" if os.geteuid() == 0 else "sudo "


def _missing_programs() -> Message | None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return None
    return Message(
        _(
            "Learners' code cannot be isolated: {programs} not found. On Debian and Ubuntu: "
            "{sudo}apt-get install bubblewrap util-linux coreutils"
        ),
        {"programs": ", ".join(missing), "sudo": sudo()},
    )


def _missing_filter() -> Message | None:
    try:
        compiled_filter()
    except (ImportError, RuntimeError, OSError) as error:
        return Message(
            _(
                "Learners' code cannot be isolated: no filter for system calls ({error}). "
                "On Debian and Ubuntu: {sudo}apt-get install libseccomp2"
            ),
            {"error": str(error), "sudo": sudo()},
        )
    return None


def _refused_jail() -> Message | None:
    """Start the smallest jail there is; the reason is read from what bubblewrap says."""
    probe = Jail(limits=PROBE).start(["true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = probe.communicate()[1].decode(errors="replace").strip()
    if probe.returncode == 0:
        return None
    values = {"said": ascii(said[-300:])[1:-1], "status": probe.returncode}
    for applies, text in _remedies():
        if applies:
            return Message(text, values)
    return Message(
        _(
            "Learners' code cannot be isolated: bubblewrap ended with status {status} and said “{said}”. "
            "Try it as an ordinary user on a machine of your own; its kernel must allow namespaces."
        ),
        values,
    )


def _remedies() -> list[tuple[bool, str]]:
    """What is known to keep bubblewrap from working: (whether it applies here, sentence), likeliest first."""
    unprivileged = os.geteuid() != 0
    return [
        (
            unprivileged and _setting("kernel/apparmor_restrict_unprivileged_userns") == "1",
            _(
                "Learners' code cannot be isolated: AppArmor keeps ordinary users from making namespaces "
                "(Ubuntu 23.10 and newer); bubblewrap said “{said}”. Allow it for bubblewrap: "
                "echo 'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap "
                "flags=(unconfined) {{ userns, }}' | sudo tee /etc/apparmor.d/bwrap && "
                "sudo systemctl reload apparmor"
            ),
        ),
        (
            unprivileged and _setting("user/max_user_namespaces") == "0",
            _(
                "Learners' code cannot be isolated: this machine allows no user namespaces; bubblewrap said "
                "“{said}”. Allow them: sudo sysctl -w user.max_user_namespaces=15000"
            ),
        ),
        (
            unprivileged and _setting("kernel/unprivileged_userns_clone") == "0",
            _(
                "Learners' code cannot be isolated: ordinary users may not make namespaces here; bubblewrap "
                "said “{said}”. Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1"
            ),
        ),
        (
            _in_container(),
            _(
                "Learners' code cannot be isolated: this container may not make namespaces; bubblewrap said "
                "“{said}”. Start it with: docker run --security-opt seccomp=unconfined --security-opt "
                "apparmor=unconfined --security-opt systempaths=unconfined; as root also --cap-add SYS_ADMIN"
            ),
        ),
    ]


def _setting(name: str) -> str | None:
    """A kernel setting (sysctl), None where this kernel has none of that name."""
    try:
        return (Path("/proc/sys") / name).read_text().strip()
    except OSError:
        return None


def _in_container() -> bool:
    return any(Path(p).exists() for p in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ
