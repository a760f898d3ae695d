"""What a course can set about the sandbox, as `c.Sandbox.…` in `nbgrader_config.py`."""

import os
import sys
from pathlib import Path

from traitlets import Bool, Dict, Float, Integer, List, Unicode
from traitlets.config import Configurable

import autograder
from autograder.sandbox.jail import GIB, MIB, JailLimits

HOME = Path("/home/learner")
WORK = HOME / "work"  # the kernel's working directory: says nothing about the host or the learner


class Sandbox(Configurable):
    """Limits and surroundings of every kernel that runs learners' code."""

    required = Bool(True, config=True, help="False: run without isolation where it is impossible, and warn")
    warm = Bool(True, config=True, help="fork kernels from a process that imported libraries already")
    preload = List(Unicode(), config=True, help="which libraries; by default those of the unit's family")
    memory_bytes = Integer(6 * GIB, config=True, help="address space of a process; TensorFlow maps 2.2 GiB")
    total_memory_bytes = Integer(6 * GIB, config=True, help="resident memory of all processes of a kernel")
    processes = Integer(256, config=True, help="processes and threads of a kernel together")
    file_bytes = Integer(128 * MIB, config=True, help="size of a file it writes")
    open_files = Integer(1024, config=True, help="open files of a process")
    cpu_seconds = Integer(600, config=True, help="CPU time of a process, s")
    total_cpu_seconds = Float(900.0, config=True, help="CPU time of all processes of a kernel together, s")
    wall_seconds = Float(900.0, config=True, help="life of a kernel, s; counted outside the sandbox")
    scratch_bytes = Integer(128 * MIB, config=True, help="size of /tmp, of the home and working directory each")
    input_bytes = Integer(256 * MIB, config=True, help="size of the files beside a notebook, together")
    message_bytes = Integer(64 * MIB, config=True, help="longest message taken from a kernel")
    start_seconds = Float(60.0, config=True, help="time a kernel may take to listen, s")
    environment = List(
        Unicode(),
        "LANG LC_ALL TZ KERAS_BACKEND TF_CPP_MIN_LOG_LEVEL TF_ENABLE_ONEDNN_OPTS TF_NUM_INTRAOP_THREADS "
        "TF_NUM_INTEROP_THREADS OMP_NUM_THREADS CUDA_VISIBLE_DEVICES".split(),
        config=True,
        help="variables of the grader's environment that a kernel may see; all others are dropped",
    )
    variables = Dict(Unicode(), config=True, help="variables set in every kernel, and their values")
    sockets = Dict(Unicode(), config=True, help="unix sockets of the host that a kernel may use → path inside")
    hide = List(Unicode(), config=True, help="folders shown empty, where they lie below a visible one")

    def limits(self) -> JailLimits:
        """The limits as the jail takes them."""
        return JailLimits(
            memory_bytes=self.memory_bytes,
            processes=self.processes,
            file_bytes=self.file_bytes,
            open_files=self.open_files,
            cpu_seconds=self.cpu_seconds,
            wall_seconds=self.wall_seconds,
            scratch_bytes=self.scratch_bytes,
        )

    def hidden_folders(self) -> tuple[Path, ...]:
        """This package holds the hidden checks: invisible even where it is installed beside Keras."""
        return (Path(autograder.__file__).parent.resolve(), *(Path(p).resolve() for p in self.hide))

    def kernel_environment(self) -> dict[str, str]:
        """The whole environment of a kernel."""
        passed = {name: os.environ[name] for name in self.environment if name in os.environ}
        fixed = {
            "HOME": str(HOME),
            "USER": "learner",
            "LOGNAME": "learner",
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "JPY_PARENT_PID": "1",  # keeps ipykernel from watching a parent it cannot see
            "MPLBACKEND": "agg",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",  # the same submission runs the same way twice
        }
        return {"LANG": "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3", **passed, **self.variables, **fixed}
