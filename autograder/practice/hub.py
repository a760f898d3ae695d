"""Practice as a service that a JupyterHub manages: the hub's login says who somebody is.

The hub starts it, and takes its end for a reason to end itself while it starts: so nothing here may fail before the
port is open, and faults are shown on the page. It ends with the hub, also with one that is killed: else it would keep
the next one's port, and a token that no longer counts. It needs no scope of its own; students need
`access:services!service=NAME`.
"""

import asyncio
import ctypes
import getpass
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado import httpserver, web

from autograder.errors import SetupError
from autograder.i18n import Message, _
from autograder.practice.local import bounded
from autograder.practice.routes import HANDLERS, routes
from autograder.practice.service import Service
from autograder.practice.web import Base
from autograder.scale.logs import escape_names

log = logging.getLogger("autograder.practice")
PR_SET_PDEATHSIG = 1  # prctl(2)
LARGEST = 16 << 20  # bytes of a notebook, at most; the configuration, which is not read yet, says less
BEHIND_PROXY = "127.0.0.1"
AGAIN = 20.0  # s between two tries to begin
LATER = 0.5  # s between two tries to get the port, which an earlier service may still have
NO_HUB = _(
    "practice --hub is started by a JupyterHub, which says where to listen: see docs/jupyterhub.md. To try it here: "
    "python -m autograder practice --serve"
)
NOT_INSTALLED = _("JupyterHub is missing in the Python that runs practice, {python}. Install it there: pip install "
                  "jupyterhub")  # fmt: skip


def serve(root: Path) -> None:
    """Serve until the hub ends it.

    Raises:
        SetupError: no hub has started it.
    """
    if "JUPYTERHUB_SERVICE_URL" not in os.environ:
        raise SetupError(NO_HUB)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:  # the hub had ended before that
        sys.exit(1)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    escape_names()
    asyncio.run(_serve(root))


async def _serve(root: Path) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    prefix, url = os.environ["JUPYTERHUB_SERVICE_PREFIX"], urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    service = Service(root, prefix, watches=True)
    server = bounded(_application(service), LARGEST)
    tasks = [asyncio.create_task(_listen(server, url.hostname or BEHIND_PROXY, url.port or 0))]
    if service.fault is None:
        tasks.append(asyncio.create_task(_open(service)))
    await ended.wait()
    for task in tasks:
        task.cancel()
    server.stop()
    await asyncio.to_thread(service.close)


async def _listen(server: httpserver.HTTPServer, host: str, port: int) -> None:
    while True:
        try:
            server.listen(port, host)
            return
        except OSError as error:
            log.warning("%s:%s: %s", host, port, error)
            await asyncio.sleep(LATER)


async def _open(service: Service) -> None:
    """Begin. What is missing is shown on the page; it is tried again, since a person puts it right meanwhile."""
    while not await asyncio.to_thread(service.open):
        await asyncio.sleep(AGAIN)


def _application(service: Service) -> web.Application:
    kinds: dict[type[Base], type[Base]] = {kind: kind for kind in HANDLERS}
    own: list[Any] = []
    try:
        from jupyterhub.services.auth import HubOAuthCallbackHandler
    except ImportError:  # every page says so then, before it asks who somebody is
        service.fault = Message(NOT_INSTALLED, {"python": sys.executable})
    else:
        kinds = {kind: _of_hub(kind) for kind in HANDLERS}
        own = [(service.prefix + "oauth_callback", HubOAuthCallbackHandler)]
    # HubOAuthenticated checks XSRF by itself; tornado's own check would refuse what it accepts
    return web.Application([*own, *routes(service, kinds)], cookie_secret=os.urandom(32))


def _of_hub(kind: type[Base]) -> type[Base]:
    from jupyterhub.services.auth import HubOAuthenticated

    class OfHub(HubOAuthenticated, kind):  # type: ignore[valid-type, misc]
        """`kind`, for the hub's users."""

        @property
        def student(self) -> str:
            user: dict[str, Any] = self.current_user
            if user.get("kind") != "user":
                raise web.HTTPError(403)
            return str(user["name"])

        @property
        def is_grader(self) -> bool:
            return self.student in (self.service.ready.course.settings.graders or {getpass.getuser()})

    return OfHub
