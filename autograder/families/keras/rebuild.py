"""Rebuild a Keras model from a stranger's JSON, so that Keras resolves only names that are on a list.

Keras's own safe mode is not enough: it still loads what an allowed layer names (docs/security.md). The config
is walked first; whatever names a class or a function must be on the allow-list (`allowed`), and sizes are bounded
(`sizes`) before a single variable gets memory. Archives (.keras, .h5, SavedModel) and pickles are never opened.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.errors import EvidenceRefused
from autograder.families.keras import sizes
from autograder.families.keras.allowed import check_names, normalize
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.hidden import without_memory
from autograder.i18n import _

MAX_CONFIG = 1 << 20  # characters
MAX_DEPTH = 60
MAX_NODES = 20_000
LARGEST = 1e38  # of the numbers in a config: float32 ends at 3.4e38
OTHER_WEIGHTS = _("The weights of your model do not fit its layers: build it again from the top.")


def rebuild(data: ModelData) -> Any:
    """The Keras model described by `data`, with its weights, or with those that it begins with.

    Raises:
        EvidenceRefused: with a sentence for the learner, when it cannot or must not be built.
    """
    config = allowed_config(data)
    model = build(config)
    if data.weights is None:
        return model
    shapes = [tuple(v.shape) for v in model.weights]
    if [w.shape for w in data.weights] != shapes:
        raise EvidenceRefused(OTHER_WEIGHTS)
    if not all(np.isfinite(w).all() for w in data.weights):
        raise EvidenceRefused(_("Your model's weights hold values that are not numbers (NaN or infinity)."))
    model.set_weights(list(data.weights))
    return model


def build(config: Mapping[str, Any]) -> Any:
    """A model from a config that `allowed_config` returned, with fresh weights, and not larger than allowed."""
    try:
        with _memory_at_the_end():
            model = _deserialized(copy.deepcopy(dict(config)))  # Functional.from_config empties what it is given
            if not model.built:
                raise EvidenceRefused(
                    _("Your model does not know the shape of its input: begin it with keras.Input(shape=...).")
                )
            sizes.check_built(model, max(sizes.uses(config), default=1))
    except EvidenceRefused:
        raise
    except Exception as error:  # Keras raises nearly everything here, and all of it is about the learner's config
        raise EvidenceRefused(_("Keras cannot build your model again from its description.")) from error
    return model


def _deserialized(config: dict[str, Any]) -> Any:
    """What Keras makes of a config; of a Sequential, the graph is made once and not anew after each of its layers."""
    import keras

    own = config["config"]
    if (config["module"], config["class_name"]) != ("keras", "Sequential") or not own["layers"]:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    model = keras.Sequential(keras.saving.deserialize_keras_object(own["layers"], safe_mode=True), name=own["name"])
    if not model.built and (shape := own.get("build_input_shape")):
        model.build(shape)
    return model


@contextmanager
def _memory_at_the_end() -> Iterator[None]:
    """Variables made inside have a shape and no value; they get one at the end, and never after an error."""
    with without_memory() as scope:
        yield
        scope.initialize_variables = True


def allowed_config(data: ModelData) -> dict[str, Any]:
    """The model's config, parsed and walked; raises EvidenceRefused."""
    if data.config is None or len(data.config) > MAX_CONFIG:
        raise EvidenceRefused(
            _("Your model cannot be described as data. Use Sequential or the functional API with Keras's own layers.")
        )
    try:
        config = json.loads(data.config)
    except (ValueError, RecursionError) as error:
        raise EvidenceRefused(_("Your model's description came back damaged.")) from error
    if not isinstance(config, dict):
        raise EvidenceRefused(_("Your model's description came back damaged."))
    for node, _depth in sizes.nodes(config):
        normalize(node)
    _check_nodes(config)
    if config.get("class_name") not in ("Sequential", "Functional", "Model"):
        raise EvidenceRefused(
            _("Your model is a {name}. Use Sequential or the functional API with Keras's own layers."),
            name=str(config.get("class_name"))[:60],
        )
    sizes.check_described(config)
    return config


def _check_nodes(config: Any) -> None:
    for count, (node, depth) in enumerate(sizes.nodes(config)):
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise EvidenceRefused(_("Your model's description is too deep or too long."))
        if isinstance(node, dict):
            check_names(node)
        elif isinstance(node, str) and len(node) > 2000:
            raise EvidenceRefused(_("Your model's description is too deep or too long."))
        elif isinstance(node, (int, float)) and not abs(node) <= LARGEST:
            raise EvidenceRefused(_("Your model's description holds a value that is not a number."))
