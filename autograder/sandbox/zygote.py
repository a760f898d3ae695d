"""The warm process: imports a library once, then forks kernels into jails. It never runs a learner's code.

Run as a program of its own, read from standard input so that no path of the host shows in its command line:
`python -s - FD MODULE… < zygote.py`. It imports nothing of this project and starts with a kernel's environment, so
that what its children inherit is what any kernel may know. It ends when the other end of FD is closed.

A request is one message on FD, a unix socket: JSON (see `warm.py`) and open files, in the order of FILES.
The fork of it enters the namespaces (setns(2)), forks again, because a pid namespace holds for children
only, and gives up everything before it becomes the kernel. It answers on the file `reply`: "ok", or what
went wrong.
"""

import array
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys
from typing import Any, NoReturn

NAMESPACES = {  # <linux/sched.h>; entered in this order: mnt last, the user namespaces around them
    "cgroup": 0x02000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "net": 0x40000000,
    "pid": 0x20000000,
    "mnt": 0x00020000,
}
NEW_USER = 0x10000000
FILES = ("stderr", "status", "reply", *NAMESPACES)  # and "user", when not root
NS_GET_USERNS = 0xB701  # ioctl_ns(2): the user namespace that owns a namespace
# prctl(2)
SET_DUMPABLE, SET_SECCOMP, CAPBSET_DROP, SET_NO_NEW_PRIVS, CAP_AMBIENT = 4, 22, 24, 38, 47
AMBIENT_CLEAR_ALL, SECCOMP_FILTER = 4, 2
CAPABILITIES_VERSION = 0x20080522  # capset(2), version 3
LONGEST_REQUEST = 1 << 16
FIRST_OWN_FILE = 3

Request = dict[str, Any]
Files = dict[str, int]
libc = ctypes.CDLL(None, use_errno=True)


class FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def checked(result: int, call: str) -> int:
    """`result` of a libc call; raises OSError when it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def prctl(option: int, *values: int) -> int:
    """prctl(2) with all five arguments, as it wants them."""
    padded = [ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4]]
    return checked(libc.prctl(option, *padded), f"prctl {option}")


def enter_namespaces(files: Files) -> None:
    """Enter the jail. Its user namespace may lie inside the one that owns the others, which comes first."""
    user = files.get("user")
    if user is not None:
        owner = fcntl.ioctl(files["mnt"], NS_GET_USERNS)
        checked(libc.setns(owner, NEW_USER), "setns owner")
    for name, flag in NAMESPACES.items():
        checked(libc.setns(files[name], flag), f"setns {name}")
    if user is not None and os.fstat(owner).st_ino != os.fstat(user).st_ino:
        checked(libc.setns(user, NEW_USER), "setns user")


def give_up_privileges(uid: int | None) -> None:
    """No capability, no way to get one; `uid` is None when not root."""
    prctl(CAP_AMBIENT, AMBIENT_CLEAR_ALL)
    for capability in range(64):
        if libc.prctl(CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) == -1:
            break  # the kernel knows no more
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    prctl(SET_NO_NEW_PRIVS, 1)
    prctl(SET_DUMPABLE, 1)  # as after an exec: the kernel may look at itself in /proc


def limit(limits: dict[str, int]) -> None:
    """Set the limits of prlimit(1)'s names, soft and hard."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))


def filter_calls(program: bytes) -> None:
    """Install a compiled seccomp filter; threads started later inherit it."""
    structure = FilterProgram(len(program) // 8, program)
    checked(libc.prctl(SET_SECCOMP, SECCOMP_FILTER, ctypes.byref(structure), 0, 0), "seccomp")


def verify(uid: int | None) -> None:
    """Raise RuntimeError unless everything is really gone."""
    with open("/proc/self/status") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    kept = [name for name in status if name.startswith("Cap") and int(status[name], 16)]
    if kept or status["NoNewPrivs"] != "1" or status["Seccomp"] != "2" or os.getuid() == 0:
        raise RuntimeError(f"privileges are left: {kept} {status['NoNewPrivs']} {status['Seccomp']}")
    if uid is not None and set(os.getresuid() + os.getresgid()) != {uid}:
        raise RuntimeError("the user is not the jail's")


def make_fresh() -> None:
    """Undo what a fork shares with its siblings: random numbers, and what was seen of the host's folders."""
    import numpy

    numpy.random.seed()
    sys.path_importer_cache.clear()


def become_kernel(request: Request, files: Files) -> NoReturn:
    """In the last fork: never returns."""
    reply = files["reply"]
    try:
        os.setsid()
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        for number in (1, 2):
            os.dup2(files["stderr"], number)
        os.chdir(request["cwd"])
        limits = dict(request["limits"])
        give_up_privileges(request["uid"])
        limit(limits)
        filter_calls(bytes.fromhex(request["filter"]))
        verify(request["uid"])
        os.environ.clear()
        os.environ.update(request["environment"])
        make_fresh()
        os.write(reply, b"ok")
    except BaseException as error:
        os.write(reply, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.closerange(FIRST_OWN_FILE, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    from ipykernel.kernelapp import IPKernelApp

    try:
        IPKernelApp.launch_instance(argv=request["argv"])
    finally:
        sys.stdout.flush()
        os._exit(0)


def serve_request(request: Request, files: Files) -> NoReturn:
    """In the first fork: never returns. Waits for the kernel outside its pid namespace, and tells its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        if request["cgroup"]:
            with open(request["cgroup"], "w") as file:
                file.write("0")
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        enter_namespaces(files)
        kernel = os.fork()
    except BaseException as error:
        os.write(files["reply"], f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    if kernel == 0:
        become_kernel(request, files)
    os.close(files["reply"])
    status = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    os.write(files["status"], b"%d\n" % (status if status >= 0 else 128 - status))
    os._exit(0)


def receive(control: socket.socket) -> tuple[Request, Files] | None:
    """One request: (its JSON, its files by name). None at the end."""
    data, ancillary, _, _ = control.recvmsg(LONGEST_REQUEST, socket.CMSG_SPACE(16 * 4))
    if not data:
        return None
    numbers = array.array("i")
    for _level, _kind, content in ancillary:
        numbers.frombytes(content[: len(content) // 4 * 4])
    names = (*FILES, "user")
    return json.loads(data), dict(zip(names, numbers, strict=False))


def warm_up(modules: list[str]) -> None:
    """Import what a kernel imports: nothing that starts one of Python's threads or runs an operation."""
    import importlib

    for name in [*modules, *KERNEL_MODULES]:
        importlib.import_module(name)


# What ipykernel and IPython import late: found by comparing a kernel's sys.modules
KERNEL_MODULES = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.code",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "tornado.queues",
)


def main() -> None:
    """Serve requests until the grader closes its end."""
    import gc

    sys.path[:] = [p for p in sys.path if p]
    control = socket.socket(fileno=int(sys.argv[1]))
    os.environ["HOME"] = os.getcwd()  # what is imported may write there; a kernel gets a home of its own
    os.chdir("/")
    warm_up(sys.argv[2:])
    gc.collect()
    gc.freeze()  # else the first collection in every child would copy all pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    control.send(b"ready")
    while (received := receive(control)) is not None:
        request, files = received
        if os.fork() == 0:
            control.close()
            serve_request(request, files)
        for number in files.values():
            os.close(number)


if __name__ == "__main__":
    main()
