"""Which system calls sandboxed code may make: a seccomp filter, compiled once per process.

What a Keras kernel does is allowed; what reaches for the host, for other processes or for memory that no
limit counts answers EPERM; whatever the table below does not know (calls newer than it, the 32-bit and x32
call tables) answers ENOSYS or kills the process. Format of the result: an array of `struct sock_filter`
(8 bytes each), as https://docs.kernel.org/userspace-api/seccomp_filter.html describes.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

# Calls are numbered in the order in which Linux gained them; 456 is the last of Linux 6.7.
NEWEST_KNOWN_CALL = 456

REFUSED = {
    "the machine": """acct adjtimex clock_adjtime clock_settime delete_module finit_module init_module ioperm
        iopl kexec_file_load kexec_load lookup_dcookie modify_ldt nfsservctl quotactl quotactl_fd reboot
        setdomainname sethostname settimeofday swapoff swapon sysfs syslog uselib ustat vhangup _sysctl""",
    "mounts and namespaces": """chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount
        name_to_handle_at open_by_handle_at open_tree pivot_root setns umount umount2 unshare""",
    "other processes": "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
    "the kernel's key store": "add_key keyctl request_key",
    "large, rarely needed parts of the kernel": """bpf fanotify_init fanotify_mark io_uring_enter
        io_uring_register io_uring_setup perf_event_open personality userfaultfd vmsplice""",
    "memory that no limit counts": """memfd_create memfd_secret mq_open msgctl msgget msgrcv msgsnd
        remap_file_pages semctl semget semop semtimedop shmat shmctl shmdt shmget""",
    "placing memory": "mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node",
}

# CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: <linux/sched.h>
NEW_NAMESPACE = 0x80 | 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
# AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: <linux/socket.h>; libzmq aborts without netlink sockets
SOCKET_FAMILIES = (1, 2, 10, 16)


@cache
def compiled_filter() -> bytes:
    """The filter as BPF for this machine's architecture.

    Raises RuntimeError where libseccomp is missing (pyseccomp's own), OSError where it refuses a rule.
    """
    import pyseccomp as seccomp  # here: without libseccomp the import itself fails

    refused = {name for names in REFUSED.values() for name in names.split()}
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)  # a binary tree: no call pays for 400 comparisons
    for number in range(NEWEST_KNOWN_CALL + 1):
        try:
            name = seccomp.resolve_syscall(seccomp.Arch.NATIVE, number).decode()
        except ValueError:  # a hole in this architecture's table
            continue
        if name in refused:
            rules.add_rule(seccomp.ERRNO(errno.EPERM), number)
        elif name not in ("clone", "clone3", "socket"):
            rules.add_rule(seccomp.ALLOW, number)
    # clone3 hides its flags behind a pointer; glibc falls back to clone when it answers ENOSYS
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACE, 0))
    for family in SOCKET_FAMILIES:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, family))
    return _exported(rules)


def _exported(rules: "object") -> bytes:
    with os.fdopen(os.memfd_create("seccomp"), "w+b") as file:
        rules.export_bpf(file)  # type: ignore[attr-defined]  # pyseccomp has no stubs
        file.seek(0)
        return file.read()


def filter_fd() -> AbstractContextManager[int]:
    """A file descriptor with the filter for `bwrap --seccomp FD`; closed afterwards."""
    return memory_fd(compiled_filter())


@contextmanager
def memory_fd(content: bytes) -> Iterator[int]:
    """A file descriptor with this content, at its beginning; closed afterwards."""
    fd = os.memfd_create("sandbox")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
