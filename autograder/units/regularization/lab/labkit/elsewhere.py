"""Training done by the machine that runs this notebook, where it offers that: it runs equal trainings only once.

On a computer of one's own nobody listens at ADDRESS, and models are trained right here, with the same numbers up
to rounding. What crosses is one line of JSON in each direction.
"""

import base64
import json
import os
import socket
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .training import Logs

ADDRESS = "/run/lab/training"
SECONDS = 90.0


def is_offered() -> bool:
    """Whether somebody listens."""
    return os.path.exists(ADDRESS)


def train_elsewhere(model: Any, train_data: tuple[Any, Any], **settings: float) -> "Logs | None":
    """Train `model` in place as `training.train` does with `settings`, and return its curves.

    None, and the model as it was, where it has to be trained here.
    """
    if not is_offered():
        return None
    from .training import ROWS, loss_of

    before = [v.numpy() for v in model.variables]
    try:
        loss = loss_of(model, train_data[0][:ROWS], train_data[1][:ROWS])
        request = {**settings, "config": model.to_json(), "variables": [_encoded(v) for v in before], "loss": loss}
        answer = json.loads(_answer(json.dumps(request).encode() + b"\n"))
        after = [_decoded(item, like) for item, like in zip(answer["variables"], before, strict=True)]
        logs: Logs = {str(name): [float(v) for v in values] for name, values in answer["logs"].items()}
    except Exception:  # whatever it was: here the model can be trained, or the learner meets the error
        _assign(model, before)
        return None
    _assign(model, after)
    return logs


def _answer(request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(ADDRESS)
        connection.sendall(request)
        with connection.makefile("rb") as stream:
            return stream.readline()


def _assign(model: Any, values: list[Any]) -> None:
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


def _encoded(value: Any) -> dict[str, Any]:
    b64 = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"shape": list(value.shape), "dtype": value.dtype.name, "b64": b64}


def _decoded(item: dict[str, Any], like: Any) -> Any:
    return np.frombuffer(base64.b64decode(item["b64"]), like.dtype).reshape(like.shape)
