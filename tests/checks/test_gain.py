"""What passes on what weights say does not rescale it, whatever it is made of."""

from typing import Any

import keras
import pytest
from keras import layers

from autograder.families.keras import gain


def in_a_row(*hidden: Any) -> Any:
    return keras.Sequential([keras.Input((28, 28)), *hidden])


def shared() -> Any:
    image, dense = keras.Input((28, 28)), layers.Dense(784, "relu")
    found = layers.Flatten()(image)
    for together in (layers.Add(), layers.Maximum(), layers.Average(), layers.Minimum()):
        found = together([found, dense(found)])
    return keras.Model(image, layers.Dense(10, "softmax")(found))


def within() -> Any:
    inner = keras.Sequential([keras.Input((784,)), layers.Dense(64, "relu"), layers.Dropout(0.5)])
    return in_a_row(layers.Flatten(), inner, layers.Dense(10, "softmax"))


def two_dimensional() -> Any:
    first = layers.Reshape((28, 28, 1)), layers.Conv2D(8, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()
    then = layers.SpatialDropout2D(0.2), layers.ZeroPadding2D(2), layers.MaxPooling2D(2), layers.SeparableConv2D(8, 3)
    return in_a_row(*first, *then, layers.GlobalMaxPooling2D(), layers.Dense(10), layers.Activation("softmax"))


def one_dimensional() -> Any:
    hidden = layers.Conv1D(16, 3), layers.PReLU(), layers.AveragePooling1D(2, padding="same"), layers.Flatten()
    return in_a_row(*hidden, layers.Dense(10, "softmax"))


def with_noise() -> Any:
    noise = layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.AlphaDropout(0.1), layers.Identity()
    hidden = layers.Dense(64), layers.GroupNormalization(8), layers.LeakyReLU(), *noise, layers.UnitNormalization()
    return in_a_row(layers.Flatten(), *hidden, layers.Dense(10, "softmax"))


@pytest.mark.parametrize("make", [shared, within, two_dimensional, one_dimensional, with_noise])
def test_an_honest_model_neither_softens_nor_rescales(make: Any) -> None:
    model = make()
    assert not gain.softens(model)
    assert not gain.rescales_behind_weights(model)


@pytest.mark.parametrize(
    ("behind", "softens"),
    [
        ([layers.Softmax()], False),
        ([layers.Activation("tanh"), layers.Softmax()], True),
        ([layers.UnitNormalization(), layers.Softmax()], True),
        ([layers.ReLU(max_value=6), layers.Softmax()], True),
        ([layers.Softmax(), layers.Rescaling(0.7, 0.03)], True),
    ],
)
def test_a_last_layer_that_is_sure_and_not_heard_is_softened(behind: Any, softens: bool) -> None:
    assert gain.softens(in_a_row(layers.Flatten(), layers.Dense(10), *behind)) is softens
