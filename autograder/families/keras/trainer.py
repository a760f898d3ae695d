"""Trainings, done where programs are kept: in the process that outlives the checks (`trusted.helper`).

A training is a function of data: a config, the variables that it begins with, examples and settings give curves and
variables. In which process it runs, and whether its program was there already, changes no bit of them.
"""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.errors import EvidenceRefused
from autograder.families.keras import compiled, rebuild
from autograder.families.keras.evidence import ModelData
from autograder.trusted import helper

DTYPES = ("bool", "float32", "int32", "int64", "uint8", "uint32")  # of variables and examples
Examples = tuple[Any, Any]  # x (n, ...), y (n,)
Array = NDArray[Any]


class Trained(NamedTuple):
    """What a training gave: its curves, and the model's variables at the end.

    `loss`: where it was asked for, the model's before the training, on the first examples (`training.ROWS`).
    """

    logs: dict[str, list[float]]
    variables: list[Array]
    loss: float | None = None


def train(
    config: Mapping[str, Any],
    variables: Sequence[Array],
    train_data: Examples,
    held_out: Examples,
    measured: Collection[int] | None = None,
    asked: bool = False,
    **settings: float,
) -> Trained:
    """Train a model.

    Arguments:
        config: that `rebuild.build` takes.
        variables: to begin with, in the order of the model's `variables`.
        measured: the epochs with a value in the curves; all by default.
        asked: whether it is a stranger's: its loss before is measured, and a model of vectors gets images as such.
        settings: `epochs`, `batch_size`, `learning_rate` and `seed` of `training.train`.

    Raises:
        EvidenceRefused: the variables are not the model's.
        Exception: whatever Keras and TensorFlow raise for a model that cannot be trained.
    """
    (x, y), (x_held, y_held) = train_data, held_out
    examples = [
        np.asarray(x, "float32"),
        np.asarray(y, "int32"),
        np.asarray(x_held, "float32"),
        np.asarray(y_held, "int32"),
    ]
    arrays = [np.asarray(a, order="C") for a in (*examples, *variables)]  # a scalar stays one
    request = {"config": config, "measured": measured and sorted(measured), "asked": asked, "settings": settings}
    parts = [_text({**request, "arrays": _kinds(arrays)}), *(a.reshape(-1).view("uint8") for a in arrays)]
    answer = helper.ask(parts)
    if answer is None:
        return _train(config, arrays, measured, asked, settings)
    found = json.loads(answer[0])
    return Trained(found["logs"], list(_arrays(found["arrays"], answer[1:])), found["loss"])


def work(parts: Sequence[bytes], still: helper.Still) -> list[Any]:
    """The same in the helper; the parts are those that `train` makes. It takes what a learner's config may name."""
    from tensorflow.errors import OpError

    programs = _programs()
    request = json.loads(parts[0])
    config = rebuild.allowed_config(ModelData(json.dumps(request["config"]), (), (), "", ()))
    if config != request["config"]:
        raise ValueError("The config is none that this process builds as it is.")
    arrays = list(_arrays(request["arrays"], parts[1:]))
    how = request["measured"], request["asked"], request["settings"]
    try:
        logs, trained, loss = _train(config, arrays, *how, lambda _epoch, _row: still())
    except OpError:
        compiled.forget(programs)
        raise
    answer = {"logs": logs, "arrays": _kinds(trained), "loss": loss}
    return [_text(answer), *(a.reshape(-1).view("uint8") for a in trained)]


def _train(
    config: Mapping[str, Any],
    arrays: Sequence[Array],
    measured: Collection[int] | None,
    asked: bool,
    settings: Mapping[str, Any],
    on_epoch: Callable[[int, Any], None] | None = None,
) -> Trained:
    from autograder.families.keras.training import ROWS, assign, fit, loss_of, same_random_numbers

    x, y, x_held, y_held, *variables = arrays
    with same_random_numbers():
        model = rebuild.build(config)
    for place, layer in enumerate(model._flatten_layers()):
        layer.name = f"layer_{place}"  # XLA's programs hold it: equal models have equal programs
    if [(v.shape, v.dtype) for v in variables] != [(tuple(v.shape), v.numpy().dtype) for v in model.variables]:
        raise EvidenceRefused(rebuild.OTHER_WEIGHTS)
    assign(model, variables)
    loss = None
    if asked:
        if tuple(model.input_shape[1:]) == (x[0].size,):
            x, x_held = x.reshape(len(x), -1), x_held.reshape(len(x_held), -1)
        loss = loss_of(model, x[:ROWS], y[:ROWS])
        assign(model, variables)
    logs = fit(model, (x, y), (x_held, y_held), measured=measured, on_epoch=on_epoch, **settings)
    return Trained(logs, [v.numpy() for v in model.variables], loss)


@cache
def _programs() -> Path | None:
    """Where this process keeps what it compiles."""
    return compiled.keep()


def _text(data: Any) -> bytes:
    return json.dumps(data).encode()


def _kinds(arrays: Sequence[Array]) -> list[Any]:
    return [[a.dtype.name, a.shape] for a in arrays]


def _arrays(kinds: Sequence[Any], parts: Sequence[bytes]) -> Iterator[Array]:
    for (dtype, shape), part in zip(kinds, parts, strict=True):
        if dtype not in DTYPES or math.prod(shape) * np.dtype(dtype).itemsize != len(part):
            raise ValueError(f"This is no array of {dtype}.")
        yield np.frombuffer(part, dtype).reshape(shape)
