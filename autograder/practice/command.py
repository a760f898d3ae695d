"""`python -m autograder practice`: on this machine, for oneself or for a class in one room; behind a JupyterHub."""

import argparse
import asyncio
import logging
import secrets
import signal
import socket
from pathlib import Path

from autograder.errors import SetupError
from autograder.i18n import _, say
from autograder.practice import hub
from autograder.practice.local import application, signing_key
from autograder.practice.service import Service
from autograder.practice.settings import Practice
from autograder.practice.web import told
from autograder.scale.logs import escape_names
from autograder.scale.settings import configuration

LOCAL = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--hub", action="store_true", help=say(_("serve as a service that a JupyterHub starts")))
    parser.add_argument("--serve", action="store_true", help=say(_("serve the page until Ctrl-C")))
    parser.add_argument("--course", type=Path, default=Path(), help=say(_("the course's folder")))
    parser.add_argument("--address", default=LOCAL, help=say(_("address to listen on; others need the token")))
    parser.add_argument("--port", type=int, default=8765, help=say(_("port to listen on; 0: any that is free")))
    parser.add_argument("--token", default="", help=say(_("what students add to the address; drawn when left out")))


def run(arguments: argparse.Namespace) -> int:
    """Serve until it is stopped; exit status 1 when practice cannot start.

    Raises:
        SetupError: there is nothing to do, no course, or the port is taken.
    """
    if arguments.hub:
        hub.serve(arguments.course)
        return 0
    if not arguments.serve:
        raise SetupError(_("Say --serve: practice is then served until Ctrl-C."))
    settings = Practice(config=configuration(arguments.course))
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    escape_names()
    token = arguments.token or ("" if arguments.address == LOCAL else secrets.token_urlsafe(9))
    return asyncio.run(_serve(arguments, settings, token))


async def _serve(arguments: argparse.Namespace, settings: Practice, token: str) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    service = Service(arguments.course)
    try:
        key = signing_key(arguments.course / settings.folder)
        server = application(service, token, key, settings.max_notebook_bytes)
        listening = socket.create_server((arguments.address, arguments.port))
    except OSError as error:
        text = _("Practice cannot listen on {address}, port {port}: {reason}. Choose another --port.")
        raise SetupError(text, address=arguments.address, port=arguments.port, reason=error) from error
    listening.setblocking(False)
    server.add_socket(listening)
    host, port = listening.getsockname()[:2]
    try:
        if not await asyncio.to_thread(service.open):
            assert service.fault is not None  # noqa: S101
            print(told(service.fault), flush=True)
            return 1
        address = f"http://{host}:{port}/" + (f"?token={token}" if token else "")
        print(say(_("Practice is open at {address} until Ctrl-C."), address=address), flush=True)
        own = f"http://{host}:{port}/grader?key={service.ready.token}"
        print(say(_("The grader's page: {address}"), address=own), flush=True)
        await ended.wait()
        return 0
    finally:
        server.stop()
        await asyncio.to_thread(service.close)
