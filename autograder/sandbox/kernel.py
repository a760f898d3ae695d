"""The one way to a kernel for learners' code."""

import logging
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance, Type
from traitlets.config import Config

from autograder.errors import IsolationError
from autograder.i18n import _, say
from autograder.sandbox.isolation import isolation_problem
from autograder.sandbox.provisioner import SandboxProvisioner
from autograder.sandbox.settings import Sandbox

log = logging.getLogger(__name__)
# The working directory holds learners' files: none of them may shadow what the kernel itself imports (only
# `sys`, built in, is imported while '' is on the path). IPython adds '' again, after the standard library.
BOOT = "import sys; sys.path.remove(''); from ipykernel.kernelapp import launch_new_instance as run; run()"
OPTIONS = ["--HistoryManager.enabled=False"]
KERNEL = ["python", "-s", "-c", BOOT, "-f", "{connection_file}", *OPTIONS]


class OneKernelSpec(KernelSpecManager):
    """Knows one kernel, which is nowhere on disk: what a notebook or the machine names is never started."""

    spec = Instance(KernelSpec)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one there is, whatever the name."""
        return self.spec


class SandboxedKernelManager(AsyncKernelManager):
    """Starts one kernel with the expected provisioner, or none."""

    expected = Type(klass=LocalProvisioner)

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]  # run_sync hides that it is async
        """Start the kernel; raises IsolationError when it is not in the hands of the expected provisioner."""
        await super().start_kernel(**kwargs)
        if type(self.provisioner) is not self.expected:
            await self.shutdown_kernel(now=True)
            raise IsolationError(
                _("The kernel was started by {found}, not in the sandbox: it was stopped."),
                found=type(self.provisioner).__name__,
            )

    def client(self, **kwargs: Any) -> Any:
        """A client that takes no message over the limit and never connects twice.

        The kernel listens before anyone connects; whoever asks for a second connection is not the kernel
        that was started, but something its code has put in its place.
        """
        client = super().client(**kwargs)
        if self.expected is not LocalProvisioner:
            client.context.setsockopt(zmq.RECONNECT_IVL, -1)
            client.context.setsockopt(zmq.MAXMSGSIZE, Sandbox(parent=self).message_bytes)
        return client


def sandboxed_kernel_manager(workdir: Path, *, config: Config | None = None) -> SandboxedKernelManager:
    """A manager whose kernel sees the plain files of `workdir`, read-only, and no network.

    Start it with `await manager.start_kernel()`; end it with `await manager.shutdown_kernel(now=True)`.
    Raises IsolationError where isolation is impossible, unless `c.Sandbox.required = False`: then it warns
    and the kernel is an ordinary process of this user.
    """
    config = config or Config()
    problem = isolation_problem()
    if problem is None:
        return _manager("autograder-sandbox", SandboxProvisioner, {"workdir": str(workdir)}, config)
    if Sandbox(config=config).required:
        raise IsolationError(problem.text, **problem.values)
    log.warning("%s %s", say(problem.text, **problem.values), say(_("This run goes on WITHOUT a sandbox.")))
    return _manager("local-provisioner", LocalProvisioner, {}, config)


def _manager(
    name: str, expected: type[LocalProvisioner], settings: dict[str, str], config: Config
) -> SandboxedKernelManager:
    spec = KernelSpec(
        argv=KERNEL,
        display_name="Python",
        language="python",
        interrupt_mode="message",  # a signal would end the jail, not the cell
        metadata={"kernel_provisioner": {"provisioner_name": name, "config": settings}},
    )
    return SandboxedKernelManager(config=config, kernel_spec_manager=OneKernelSpec(spec=spec), expected=expected)
