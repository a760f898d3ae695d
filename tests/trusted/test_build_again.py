"""A config is only read: it can be built from again."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autograder.families.keras import rebuild


def functional() -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def sequential() -> keras.Model:
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


@pytest.mark.parametrize("model", [functional, sequential])
def test_a_model_is_built_twice_from_one_config(model):
    config = json.loads(model().to_json())
    first, second = rebuild.build(config), rebuild.build(config)
    assert [w.shape for w in first.weights] == [w.shape for w in second.weights] == [(4, 2), (2,)]


BLOCKS = {
    "dense": lambda layers: [layers.Flatten(), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(4)],
    "normalized": lambda layers: [layers.Flatten(), layers.Dense(8), layers.BatchNormalization(), layers.PReLU()],
    "convolution": lambda layers: [
        layers.Reshape((6, 6, 1)),
        layers.SeparableConv2D(2, 3),
        layers.SpatialDropout2D(0.2),
    ],
    "recurrent": lambda layers: [layers.Bidirectional(layers.GRU(3, recurrent_dropout=0.1)), layers.GaussianNoise(0.1)],
    "a model inside": lambda layers: [layers.Flatten(), keras.Sequential([layers.Dense(5), layers.AlphaDropout(0.1)])],
}


def afresh(make: Callable[[], Any]) -> Any:
    """What is made when names and random numbers begin anew."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(5)
    return make()


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_sequential_is_built_as_keras_builds_it(block, named):
    first = [keras.Input((6, 6))] if named else []
    model = keras.Sequential([*first, *BLOCKS[block](keras.layers)])
    if not named:
        model.build((None, 6, 6))
    config = json.loads(model.to_json())
    ours = afresh(lambda: rebuild.build(config))
    keras_s = afresh(lambda: keras.models.model_from_json(json.dumps(config)))
    assert ours.get_config() == keras_s.get_config()
    assert [v.path for v in ours.variables] == [v.path for v in keras_s.variables]
    for mine, theirs in zip(ours.variables, keras_s.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    x = np.random.default_rng(0).random((3, 6, 6), "float32")
    np.testing.assert_array_equal(ours(x, training=True), keras_s(x, training=True))
