"""The key of a training: models that differ in names only are one, all others are different."""

import copy
import itertools
import json
from typing import Any

import keras
import pytest

from autograder.families.keras.anonymous import anonymous

NAMES = ("same", "valid", "relu", "zeros", "float32", "n0", "n1", "image", "0")


def sequential(names: Any, padding: str = "same", **dense: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name=names[0]),
            layers.Conv2D(2, 3, padding=padding, name=names[1]),
            layers.Flatten(name=names[2]),
            layers.Dense(3, name=names[3], **dense),
        ],
        name=names[4],
    )


def functional(names: Any, swap: bool = False) -> Any:
    x = keras.Input((4,), name=names[0])
    left = keras.layers.Dense(4, "relu", name=names[1])(x)
    right = keras.layers.Dense(4, "tanh", name=names[2])(x)
    both = [right, left] if swap else [left, right]
    inner = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, name=names[3])], name=names[5])
    return keras.Model(x, inner(keras.layers.Concatenate(name=names[4])(both)), name=names[6])


def key(model: Any) -> str:
    return json.dumps(anonymous(json.loads(model.to_json())), sort_keys=True)


@pytest.mark.parametrize("make", [sequential, functional])
def test_names_alone_make_no_difference(make: Any) -> None:
    keys = {key(make(names)) for names in itertools.islice(itertools.permutations(NAMES, 7), 0, 100_000, 9_973)}
    assert len(keys) == 1


def test_a_name_that_equals_a_value_hides_no_difference() -> None:
    made = [
        *(sequential(names, padding) for names in (NAMES, NAMES[1:]) for padding in ("same", "valid")),
        *(sequential(NAMES[:5], activation=activation) for activation in ("relu", "tanh")),
        *(sequential(NAMES[2:], kernel_initializer=start) for start in ("zeros", "ones")),
        sequential(NAMES[:5], dtype="mixed_bfloat16"),
        sequential(NAMES[:5], dtype="float64"),
        functional(NAMES),
        functional(NAMES, swap=True),
    ]
    assert len({key(model) for model in made}) == len(made) - 2  # the first two are the next two under other names


def leaves(node: Any) -> list[Any]:
    parts = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else None
    return [node] if parts is None else [leaf for part in parts for leaf in leaves(part)]


def test_nothing_but_names_is_changed() -> None:
    config = json.loads(functional([f"input_layer_{n}" for n in range(100, 107)]).to_json())
    before = copy.deepcopy(config)
    pairs = list(zip(leaves(config), leaves(anonymous(config)), strict=True))
    assert config == before
    assert [old for old, new in pairs if old != new] == [old for old in leaves(config) if "input_layer_" in str(old)]
