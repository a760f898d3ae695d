"""Train a model that code in a sandbox asks for: a stranger's data in, numbers out.

It is the training that the asker could do in the sandbox itself, on the data that learners have, from the
weights that were sent: the answer holds nothing the asker could not have computed. Equal requests are
trained once, whoever asks.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checks.evidence import array, encode_array
from autograder.errors import EvidenceRefused
from autograder.families.keras import rebuild, trainer
from autograder.families.keras.anonymous import anonymous
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.runs import Data, versions
from autograder.i18n import _
from autograder.store import Store, key_of

MAX_TEXT = 16 << 20  # characters of a request: 3 million weights
MAX_EPOCHS = 200
MAX_STEPS = 20_000  # of the optimizer, in one training
MAX_VARIABLES = 1000
TOLERANCE = 1e-3  # of that loss, relative: rounding differs between processors
VERSION = 1  # of everything here that changes an answer
NO_REQUEST = _("This is not a request for a training.")


def answer(text: str, store: Store | None, data: Data) -> dict[str, Any]:
    """The curves and the final variables, as JSON, for one request.

    Arguments:
        text: JSON {"config": JSON text of the model, "variables": its variables, Dropout's generators included,
            as `evidence.array` reads them, "epochs", "batch_size", "learning_rate", "seed", "loss": the model's
            loss on the first training examples (`training.ROWS`)}.
        data: with the parts "train" and "validation".

    Raises:
        EvidenceRefused: it is not that, the model is not taken or too large, or it is not what `loss` was measured on.
    """
    request = _parsed(text)
    config = rebuild.allowed_config(ModelData(request["config"], (), (), "", ()))
    settings = _settings(request)
    key = key_of("asked", VERSION, anonymous(config), request["variables"], settings, data.identity, versions())
    found = store.get(key) if store else None
    if found is None:
        found = _train(config, request["variables"], settings, data)
        if store:
            store.put(key, found)
    if not math.isclose(found["loss"], request["loss"], rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        raise EvidenceRefused(_("The model does not behave as its description says."))
    return {"logs": found["logs"], "variables": found["variables"]}


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_TEXT:
        raise EvidenceRefused(_("Your model is far larger than this task needs, so it was not trained."))
    try:
        data = json.loads(text)
        request = {k: data[k] for k in ("config", "variables", "loss", "epochs", "batch_size", "learning_rate", "seed")}
        sane = isinstance(request["config"], str) and len(request["variables"]) <= MAX_VARIABLES
        request["loss"] = float(request["loss"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EvidenceRefused(NO_REQUEST) from error
    if not sane:
        raise EvidenceRefused(NO_REQUEST)
    return request


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    whole = all(type(request[name]) is int for name in ("epochs", "batch_size", "seed"))
    if (
        whole
        and 1 <= request["epochs"] <= MAX_EPOCHS
        and 1 <= request["batch_size"] < 1 << 63
        and 0 <= request["seed"] < 1 << 63
        and type(request["learning_rate"]) in (int, float)
        and 0 <= request["learning_rate"] < 1e6
    ):
        return {name: request[name] for name in ("epochs", "batch_size", "seed", "learning_rate")}
    raise EvidenceRefused(NO_REQUEST)


def _train(config: Mapping[str, Any], variables: Any, settings: Mapping[str, Any], data: Data) -> dict[str, Any]:
    train, validation = (data.load(part) for part in ("train", "validation"))
    rows, batch = len(train[1]), settings["batch_size"]
    if batch > rows or settings["epochs"] * rows > MAX_STEPS * batch:
        raise EvidenceRefused(NO_REQUEST)
    logs, trained, loss = trainer.train(config, _values(variables), train, validation, asked=True, **settings)
    return {"logs": logs, "variables": [encode_array(v) for v in trained], "loss": loss}


def _values(variables: Any) -> list[Any]:
    """The variables sent."""
    try:
        values = [array(item) for item in variables]
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceRefused(NO_REQUEST) from error
    if not all(v.dtype.name in trainer.DTYPES and np.isfinite(v).all() for v in values):
        raise EvidenceRefused(rebuild.OTHER_WEIGHTS)
    return values
