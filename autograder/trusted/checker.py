"""The trusted process: one long-lived parent that imported a unit's family, one forked child per request.

It listens on a unix socket handed down by the driver. A request (`records.Request`) is one JSON line, the answer
another; the child that gives it has seen one submission's evidence and nothing of any other, and ends. The parent
never looks at evidence, imports no unit and never runs an operation of the family's library: so it is safe to fork.
What is dear to prepare outlives the children in a process beside them (`helper`).

    python -m autograder.trusted.checker SOCKET_FD [FAMILY]
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.checks import evidence
from autograder.checks.api import Context
from autograder.checks.causes import explained, stopped_at
from autograder.checks.evidence import NoAnswer
from autograder.errors import EvidenceRefused
from autograder.records import CheckResult, Evidence, Request, as_utf8
from autograder.store import Store
from autograder.trusted import helper
from autograder.trusted.helper import Client, Helper
from autograder.trusted.mounting import mounted
from autograder.trusted.plugin import Session, plan, probes_of, run_checks, warm_up
from autograder.unit import Family, Unit, attribute, checks_module, load_family

MAX_REQUEST = 512 << 20
LOOK_SECONDS = 0.1
_answering = threading.Lock()  # one answer, not two


def handle(request: Request) -> dict[str, Any]:
    """The answer to one request, as JSON."""
    unit = mounted(request.package, Path(request.folder))
    if request.do == "answer":
        return dict(attribute(unit.answers)(request.text, _store(request)))
    family = load_family(unit.family)
    module = importlib.import_module(checks_module(request.package, request.notebook))
    if request.do == "plan":
        return asdict(plan(module, request.secret, request.names, family))
    return {"results": [result.to_json() for result in check(unit, family, module, request)]}


def check(unit: Unit, family: Family, module: Any, request: Request) -> list[CheckResult]:
    """Run a notebook's checks on the evidence of one submission."""
    context = Context(request.secret, _store(request))
    fixtures = {name: partial(_made, maker, context) for name, maker in unit.fixtures.items()}
    targets = {name: probe.target for name, probe in probes_of(module).items()}
    parsed = {task: _parsed(Evidence.from_json(found), family, targets) for task, found in request.evidence.items()}
    broken = {task: Evidence.from_json(found).broken for task, found in request.evidence.items()}
    stopped = {
        (task, name): message
        for task, cells in broken.items()
        for name, target in targets.items()
        if (message := stopped_at(cells, target))
    }
    return run_checks(Session(module, parsed, request.secret, request.names, fixtures, stopped))


def _store(request: Request) -> Store | None:
    """What was computed already."""
    return Store(Path(request.store), request.owner) if request.store else None


def _made(maker: str, context: Context) -> Any:
    return attribute(maker)(context)


def _parsed(found: Evidence, family: Family, targets: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, Any]:
    """A task's evidence, or the problem that kept each answer from coming; `targets`: what each probe asks for."""
    if found.problem:
        return _EveryProbe(NoAnswer(found.problem, "", found.said))
    try:
        answers = evidence.parse(found.text, family.decode)
        there = ", ".join((*family.packages, "matplotlib"))
        return {n: explained(answer, found.broken, targets.get(n, ""), there) for n, answer in answers.items()}
    except EvidenceRefused as refused:
        return _EveryProbe(NoAnswer("refused", "", refused.message))


class _EveryProbe(dict[str, Any]):
    """A mapping that gives the same answer for every probe."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def get(self, key: str, default: Any = None) -> Any:
        return self.answer

    def __contains__(self, key: object) -> bool:
        return True


def serve(listener: socket.socket, work: str = "") -> None:
    """Accept for ever; fork for each connection. `work`: the family's `helper`."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    helping = Helper(work)
    while True:
        ready, _, _ = select.select([listener.fileno(), helping.sign], [], [])
        if helping.sign in ready:
            helping.respond(listener)
        if listener.fileno() in ready:
            connection, _address = listener.accept()
            if os.fork() == 0:
                listener.close()
                _serve_one(connection, helping)
            connection.close()


def _serve_one(connection: socket.socket, helping: Helper) -> None:
    """In the child: read, answer, end. Does not return."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with connection, connection.makefile("rwb") as stream:
            request = Request.from_json(json.loads(stream.readline(MAX_REQUEST)))
            signal.alarm(request.wall_seconds)  # the default action ends this child
            helper.asks = client = helping.for_child(request.seconds)
            threading.Thread(target=_end_when_late, args=(connection, client, request.seconds), daemon=True).start()
            try:
                answer: dict[str, Any] = {"answer": handle(request)}
            except BaseException as error:
                answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
            with _answering:
                stream.write(as_utf8({**answer, "cpu": client.spent()}) + b"\n")
                stream.flush()
        status = 0
    finally:
        os._exit(status)


def _end_when_late(connection: socket.socket, client: Client, seconds: float) -> None:
    """End this child when it has used up its CPU time, and say so."""
    while client.spent() < seconds:
        time.sleep(LOOK_SECONDS)
    with _answering:
        connection.sendall(b'{"late": true}\n')
        os._exit(1)


def main() -> None:
    """Import what every child needs, serve."""
    family = load_family(sys.argv[2] if len(sys.argv) > 2 else "")
    for name in family.preload:
        importlib.import_module(name)
    if family.prepare:
        attribute(family.prepare)()
    warm_up()
    gc.collect()
    gc.freeze()  # else every full collection in a child would go through all of the library, and copy its pages
    serve(socket.socket(fileno=int(sys.argv[1])), family.helper)


if __name__ == "__main__":
    main()
