"""Whether learners' code can be isolated on this machine: asked before every run, found out once."""

import shutil
import subprocess
from functools import cache

from autograder.i18n import Message, _
from autograder.sandbox.jail import PROGRAMS, Jail, Limits
from autograder.sandbox.seccomp import compiled_filter

PROBE = Limits(wall_seconds=20, scratch_bytes=1 << 20, memory_bytes=1 << 30)


@cache
def isolation_problem() -> Message | None:
    """What keeps this machine from isolating learners' code and how to mend it; None when nothing does."""
    return _missing_programs() or _missing_filter() or _refused_jail()


def _missing_programs() -> Message | None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if not missing:
        return None
    return Message(
        _(
            "Learners' code cannot be isolated: {programs} not found. On Debian and Ubuntu: "
            "sudo apt-get install bubblewrap util-linux coreutils"
        ),
        {"programs": ", ".join(missing)},
    )


def _missing_filter() -> Message | None:
    try:
        compiled_filter()
    except (ImportError, RuntimeError, OSError) as error:
        return Message(
            _(
                "Learners' code cannot be isolated: no filter for system calls ({error}). "
                "On Debian and Ubuntu: sudo apt-get install libseccomp2"
            ),
            {"error": str(error)},
        )
    return None


def _refused_jail() -> Message | None:
    """Start the smallest jail there is; the reason is read from what bubblewrap says."""
    probe = Jail(limits=PROBE).start(["true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = probe.communicate()[1].decode(errors="replace").strip()
    if probe.returncode == 0:
        return None
    return Message(
        _("Learners' code cannot be isolated: bubblewrap says “{said}”. {remedy}"),
        {"said": ascii(said[-300:])[1:-1], "remedy": ""},
    )
