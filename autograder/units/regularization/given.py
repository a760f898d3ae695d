"""The models that tasks begin with."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from autograder.families.keras.models import config_of_given


def given_dense(hidden: Sequence[int], *, flat: bool, dropout: float = 0.0) -> Any:
    """The given models: Dense relu layers with `hidden` units, then Dense 10 softmax.

    `flat`: inputs are 784-vectors; else 28×28 images and a Flatten comes first. `dropout`: rate behind hidden layers.
    """
    import keras

    layers = []
    for units in hidden:
        layers.append(keras.layers.Dense(units, activation="relu"))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    first = [keras.Input((784,))] if flat else [keras.Input((28, 28)), keras.layers.Flatten()]
    return keras.Sequential([*first, *layers, keras.layers.Dense(10, activation="softmax")])


@lru_cache(maxsize=64)
def given_config(hidden: tuple[int, ...], *, flat: bool, dropout: float = 0.0) -> Mapping[str, Any]:
    """The config of `given_dense`, as `Trainer` takes it; not to be changed."""
    return config_of_given(given_dense(hidden, flat=flat, dropout=dropout))
