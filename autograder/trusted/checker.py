"""The trusted process: one long-lived parent that imported Keras, one forked child per request.

It listens on a unix socket handed down by the driver. A request is one JSON line, the answer another; the child that
gives it has seen one submission's evidence and nothing of any other, and ends. The parent never looks at evidence and
never runs a TensorFlow operation, which is what makes forking it safe.

    python -m autograder.trusted.checker SOCKET_FD
"""

import gc
import importlib.util
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from autograder.records import CheckResult
from autograder.store import Store

MAX_REQUEST = 512 << 20


def handle(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one request: {"do": "plan" | "check" | "train", ...}. See `client` for the fields."""
    if request["do"] == "train":
        from autograder.families.keras.requests import answer

        return answer(request["text"], _store(request))
    module = load_checks(request["checks"])
    if request["do"] == "plan":
        from autograder.trusted.plugin import plan

        return {"tasks": plan(module, request["secret"], request["names"]), "points": _points(module)}
    return {"results": [result.to_json() for result in check(module, request)]}


def _points(module: Any) -> dict[str, float]:
    from autograder.trusted.plugin import tasks_of

    return {name: sum(c.points for c in task.checks) for name, task in tasks_of(module).items()}


def check(module: Any, request: Mapping[str, Any]) -> list[CheckResult]:
    """Run the checks of a file on the evidence of one submission."""
    from autograder.trusted.plugin import Session, run_checks
    from autograder.families.keras.runs import PAIRS, Trainer
    from autograder.checks.seeds import derive

    seeds = [derive(request["secret"], "training", str(pair)) for pair in range(PAIRS)]
    evidence: dict[str, Mapping[str, Any]] = {task: _parsed(text) for task, text in request["evidence"].items()}
    session = Session(evidence, request["secret"], request["names"], Trainer(_store(request), seeds))
    return list(run_checks(Path(request["checks"]), session))


def _store(request: Mapping[str, Any]) -> Store | None:
    """What was trained already."""
    return Store(Path(request["store"])) if request.get("store") else None


def _parsed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A task's evidence, or for each of its probes the problem that kept it from coming."""
    from autograder.errors import EvidenceRefused
    from autograder.i18n import Message
    from autograder.checks.evidence import Problem, parse

    if "problem" in answer:
        text = answer.get("text", "")
        return _EveryProbe(Problem(answer["problem"], "", Message.from_json(text) if isinstance(text, dict) else text))
    try:
        return parse(answer["text"])
    except EvidenceRefused as refused:
        return _EveryProbe(Problem("refused", "", refused.message))


class _EveryProbe(dict[str, Any]):
    """A mapping that gives the same answer for every probe."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def get(self, key: str, default: Any = None) -> Any:
        return self.answer

    def __contains__(self, key: object) -> bool:
        return True


@cache
def load_checks(path: str) -> Any:
    """The module of a file of checks, imported by its path."""
    spec = importlib.util.spec_from_file_location(f"autograder.checks.{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(listener: socket.socket) -> None:
    """Accept for ever; fork for each connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _address = listener.accept()
        if os.fork() == 0:
            listener.close()
            _serve_one(connection)
        connection.close()


def _serve_one(connection: socket.socket) -> None:
    """In the child: read, answer, end. Does not return."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with connection, connection.makefile("rwb") as stream:
            request = json.loads(stream.readline(MAX_REQUEST))
            signal.alarm(int(request["seconds"]))  # the default action ends this child
            try:
                answer: dict[str, Any] = {"answer": handle(request)}
            except BaseException as error:
                answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
            stream.write(json.dumps(answer).encode() + b"\n")
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Import what every child needs, say that it is ready, serve."""
    import keras  # noqa: F401
    import tensorflow as tf

    from autograder import training  # noqa: F401
    from autograder.grading import plugin  # noqa: F401
    from autograder.trusted import runs, service  # noqa: F401

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gc.collect()
    gc.freeze()  # else every full collection in a child would go through all of TensorFlow, and copy its pages
    listener = socket.socket(fileno=int(sys.argv[1]))
    serve(listener)


if __name__ == "__main__":
    main()
