"""A config is only read: it can be built from again."""

import json

import keras
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
