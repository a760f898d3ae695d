"""The one way to a kernel for learners' code."""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance, Type, default
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


class FairChannel(AsyncZMQSocketChannel):
    """Lets everything else have its turn before each message.

    Where a message is always there, reading it never waits: a kernel that sends faster than we read would stop the
    clocks of all limits here, and what they have to do would pile up in memory.
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """The next message; raises Empty when there is none within `timeout` seconds."""
        await asyncio.sleep(0)
        return await super().get_msg(timeout)


class SandboxClient(AsyncKernelClient):
    """Takes no message over the limit and reaches the kernel only until it is ready.

    A kernel's code can exchange its sockets for links to sockets of the host. By the time any of it runs, all
    channels are connected and the door is closed: whatever connects again later finds nothing.
    """

    shell_channel_class = Type(FairChannel)
    iopub_channel_class = Type(FairChannel)

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Open the channels, with this client's limits."""
        manager: Any = self.parent
        self.context.setsockopt(zmq.MAXMSGSIZE, Sandbox(parent=manager).message_bytes)
        manager.provisioner.open_door()
        super().start_channels(*args, **kwargs)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel has answered on both channels; jupyter_client's own waits 0.2 s longer.

        Raises RuntimeError when the kernel ends before, or after `timeout` seconds.
        """
        manager: Any = self.parent
        deadline = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < deadline and await manager.is_alive():
            request = self.kernel_info()
            with suppress(Empty):
                self._handle_kernel_info_reply(await self.get_shell_msg(timeout=1))
                while not _is_idle(await self.get_iopub_msg(timeout=0.2), request):
                    pass
                manager.provisioner.close_door()
                return
        raise RuntimeError("the sandboxed kernel did not answer")


def _is_idle(message: dict[str, Any], request: str) -> bool:
    """Whether this is the last message about `request`: none of an earlier one comes after it."""
    content, parent = message["content"], message["parent_header"].get("msg_id")
    return bool(parent == request and content.get("execution_state") == "idle")


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

    @default("client_factory")
    def _client_factory_default(self) -> type[AsyncKernelClient]:
        return AsyncKernelClient if self.expected is LocalProvisioner else SandboxClient


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
