"""A Keras model as data: what `kernel_side` sends of it, taken apart. Nothing of it is built here: see `rebuild`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from autograder.checks.evidence import Foreign, array, bounded, decode, encode_array
from autograder.families.keras.hidden import HiddenModel

PROBED = 0.01  # as in `kernel_side`


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a model answered in the sandbox to one of our inputs: in inference mode, and twice in training mode."""

    inference: Any
    training: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class ModelData(Foreign):
    """A model as data. `config` is JSON text or None; `weights` None where they were not asked for: it begins with
    those that its config says. `losses` are the penalties it added in the sandbox with all of its weights at `PROBED`.

    Compared by identity, so that what was measured on it can be remembered.
    """

    config: str | None
    weights: tuple[NDArray[Any], ...] | None
    losses: tuple[float, ...]
    class_name: str
    outputs: tuple[Outputs, ...]
    unserializable: str = ""


def model(body: Mapping[str, Any]) -> ModelData:
    """A model's data, its config not yet looked into. Raises ValueError, KeyError or TypeError when it is not one."""
    config = body.get("config")
    if config is not None and not isinstance(config, str):
        raise ValueError("config is not text")
    return ModelData(
        config=config,
        weights=tuple(array(w) for w in bounded(body["weights"])) if "weights" in body else None,
        losses=tuple(float(v) for v in bounded(body["losses"])),
        class_name=str(body.get("class", ""))[:100],
        outputs=tuple(_outputs(o) for o in bounded(body["outputs"])),
        unserializable=str(body.get("unserializable", ""))[:300],
    )


def _outputs(body: Mapping[str, Any]) -> Outputs:
    return Outputs(decode(body["inference"]), tuple(decode(t) for t in bounded(body["training"])))


@dataclass(frozen=True)
class History:
    """An argument of ours: in the kernel it is a History of Keras's, with `history`, `epoch`, `params` and `model`."""

    history: Mapping[str, Any]


def encode(value: Any) -> dict[str, Any] | None:
    """A model or a history as an argument of a probe."""
    if isinstance(value, History):
        series = {k: [float(v) for v in s] for k, s in value.history.items()}
        return {"history": {"series": series, "epochs": max(map(len, series.values()), default=0)}}
    if isinstance(value, HiddenModel):
        return {"model": {"config": value.description, "weights": [encode_array(w) for w in value.drawn]}}
    if hasattr(value, "get_weights"):
        return {"model": {"config": value.to_json(), "weights": [encode_array(w) for w in value.get_weights()]}}
    return None
