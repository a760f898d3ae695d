"""Trainings, done where programs are kept: in the process that outlives the checks (`trusted.helper`).

A training is a function of data: a config, the variables that it begins with, examples and settings give curves and
variables. In which process it runs, and whether its program was there already, changes no bit of them.
"""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.families.keras import rebuild
from autograder.families.keras.evidence import ModelData
from autograder.trusted import helper

DTYPES = ("bool", "float32", "int32", "int64", "uint8", "uint32")  # of variables and examples
Examples = tuple[Any, Any]  # x (n, ...), y (n,)
Array = NDArray[Any]


class Trained(NamedTuple):
    """What a training gave: its curves, and the model's variables at the end."""

    logs: dict[str, list[float]]
    variables: list[Array]


def train(
    config: Mapping[str, Any],
    variables: Sequence[Array],
    train_data: Examples,
    held_out: Examples,
    measured: Collection[int] | None = None,
    **settings: float,
) -> Trained:
    """Train a model.

    Arguments:
        config: that `rebuild.build` takes.
        variables: to begin with, in the order of the model's `variables`.
        measured: the epochs with a value in the curves; all by default.
        settings: `epochs`, `batch_size`, `learning_rate` and `seed` of `training.train`.

    Raises:
        Exception: whatever Keras and TensorFlow raise for a model that cannot be trained.
    """
    (x, y), (x_held, y_held) = train_data, held_out
    examples = [
        np.asarray(x, "float32"),
        np.asarray(y, "int32"),
        np.asarray(x_held, "float32"),
        np.asarray(y_held, "int32"),
    ]
    arrays = [np.ascontiguousarray(a) for a in (*examples, *variables)]
    request = {"config": config, "measured": measured and sorted(measured), "settings": settings}
    parts = [_text({**request, "arrays": _kinds(arrays)}), *(a.reshape(-1).view("uint8") for a in arrays)]
    answer = helper.ask(parts)
    if answer is None:
        logs, trained = _train(config, arrays, measured, settings)
        return Trained(logs, trained)
    found = json.loads(answer[0])
    return Trained(found["logs"], list(_arrays(found["arrays"], answer[1:])))


def work(parts: Sequence[bytes], still: helper.Still) -> list[Any]:
    """The same in the helper; the parts are those that `train` makes. It takes what a learner's config may name."""
    request = json.loads(parts[0])
    config = rebuild.allowed_config(ModelData(json.dumps(request["config"]), (), (), "", ()))
    if config != request["config"]:
        raise ValueError("The config is none that this process builds as it is.")
    arrays = list(_arrays(request["arrays"], parts[1:]))
    logs, trained = _train(config, arrays, request["measured"], request["settings"], lambda _epoch, _row: still())
    return [_text({"logs": logs, "arrays": _kinds(trained)}), *(a.reshape(-1).view("uint8") for a in trained)]


def _train(
    config: Mapping[str, Any],
    arrays: Sequence[Array],
    measured: Collection[int] | None,
    settings: Mapping[str, Any],
    on_epoch: Callable[[int, Any], None] | None = None,
) -> tuple[dict[str, list[float]], list[Array]]:
    from autograder.families.keras.training import assign, fit, same_random_numbers

    x, y, x_held, y_held, *variables = arrays
    with same_random_numbers():
        model = rebuild.build(config)
    assign(model, variables)
    logs = fit(model, (x, y), (x_held, y_held), measured=measured, on_epoch=on_epoch, **settings)
    return logs, [v.numpy() for v in model.variables]


def _text(data: Any) -> bytes:
    return json.dumps(data).encode()


def _kinds(arrays: Sequence[Array]) -> list[Any]:
    return [[a.dtype.name, a.shape] for a in arrays]


def _arrays(kinds: Sequence[Any], parts: Sequence[bytes]) -> Iterator[Array]:
    for (dtype, shape), part in zip(kinds, parts, strict=True):
        if dtype not in DTYPES or math.prod(shape) * np.dtype(dtype).itemsize != len(part):
            raise ValueError(f"This is no array of {dtype}.")
        yield np.frombuffer(part, dtype).reshape(shape)
