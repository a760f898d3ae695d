"""Whatever of Keras is data alone is taken: it comes back, answers the same, and trains; what holds data is not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from autograder.errors import EvidenceRefused
from autograder.families.keras import costs, gain, rebuild
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.models import config_of_given
from autograder.families.keras.training import train
from tests.trusted.test_rebuild import data_of

IMAGE = (28, 28)


def chain(*stack: Any) -> Any:
    return keras.Sequential([keras.Input(IMAGE), *stack, layers.Flatten(), layers.Dense(10, "softmax")])


def of_image(*stack: Any) -> Any:
    return chain(layers.Reshape((28, 28, 1)), *stack)


def applied(function: Callable[[Any], Any]) -> Any:
    image = keras.Input(IMAGE)
    return keras.Model(image, layers.Dense(10, activation="softmax")(function(image)))


def textbook(padding: str = "valid") -> Any:
    return of_image(
        layers.Conv2D(32, 3, padding=padding, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding=padding, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(256, "relu", kernel_constraint="max_norm"),
    )


def residual(image: Any) -> Any:
    first = layers.Dense(32, activation="relu")(layers.Flatten()(image / np.float32(255)))
    return ops.relu(first + layers.Dense(32)(first))


def attending(image: Any) -> Any:
    found = layers.MultiHeadAttention(2, 16)(image, image)
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(image + found))


TAKEN: dict[str, Callable[[], Any]] = {
    "textbook": textbook,
    "textbook, padded": lambda: textbook("same"),
    "other convolutions": lambda: of_image(
        layers.SeparableConv2D(4, 3), layers.DepthwiseConv2D(3, strides=2), layers.Conv2DTranspose(2, 3)
    ),
    "along the rows": lambda: chain(layers.Conv1D(8, 3), layers.GlobalMaxPooling1D()),
    "LSTM": lambda: chain(layers.LSTM(8, dropout=0.2, recurrent_regularizer="l2")),
    "GRU": lambda: chain(layers.GRU(8, return_sequences=True), layers.SimpleRNN(6, unroll=True)),
    "both ways": lambda: chain(layers.Bidirectional(layers.LSTM(6))),
    "cells": lambda: chain(layers.RNN([layers.LSTMCell(6), layers.GRUCell(5)])),
    "row by row": lambda: chain(layers.TimeDistributed(layers.Dense(4, "relu"))),
    "attention": lambda: applied(attending),
    "normalizations": lambda: chain(
        layers.SpectralNormalization(layers.Dense(6)), layers.RMSNormalization(), layers.GroupNormalization(2)
    ),
    "augmentation": lambda: of_image(
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomRotation(0.05),
        layers.RandomZoom(0.1),
        layers.RandomFlip("horizontal"),
        layers.RandomContrast(0.2),
        layers.RandomBrightness(0.2, value_range=(0, 1)),
        layers.RandomErasing(value_range=(0, 1)),
    ),
    "noise and constraints": lambda: chain(
        layers.GaussianNoise(0.1),
        layers.Dense(6, kernel_constraint=keras.constraints.UnitNorm()),
        layers.AlphaDropout(0.1),
    ),
    "operations": lambda: applied(
        lambda image: layers.Flatten()(layers.Conv2D(4, 3)(ops.expand_dims(image, -1) / 255))
    ),
    "sums of layers": lambda: applied(residual),
    "parts of an image": lambda: applied(
        lambda image: ops.mean(ops.concatenate([image[:, ::2], image[..., 1::2, :]], axis=-1), axis=1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", TAKEN)
def test_it_comes_back_answers_the_same_and_is_used(label: str) -> None:
    model = TAKEN[label]()
    again = rebuild.rebuild(data_of(model))
    x = np.random.default_rng(0).random((3, *IMAGE), "float32")
    np.testing.assert_allclose(again(x, training=False), model(x, training=False), rtol=1e-5, atol=1e-6)
    assert 0 < costs.multiply_adds(again) < 0.8 * costs.MAX_STEPS
    assert not gain.rescales_behind_weights(again)


@pytest.mark.parametrize("label", ["LSTM", "augmentation", "attention", "operations"])
def test_it_trains(label: str) -> None:
    rng = np.random.default_rng(0)
    data = rng.random((64, *IMAGE), "float32"), rng.integers(10, size=64)
    model = rebuild.build(config_of_given(TAKEN[label]()))
    before = model.get_weights()
    logs = train(model, data, data, epochs=1)
    assert np.isfinite(logs["crossentropy"]).all()
    assert any(np.abs(new - old).max() > 0 for new, old in zip(model.get_weights(), before, strict=True))


SHAPES = (-1, 420, 28), (-1, 28, 420)
TABLE = np.random.default_rng(0).random((28, 28)).tolist()
REFUSED: dict[str, Callable[[], Any]] = {
    "an array that is multiplied": lambda: applied(lambda image: layers.Flatten()(image * np.array(TABLE, "float32"))),
    "a tensor": lambda: applied(lambda image: layers.Flatten()(image * ops.convert_to_tensor(TABLE))),
    "no gradient": lambda: applied(lambda image: layers.Flatten()(ops.stop_gradient(image))),
    "a function that is mapped": lambda: applied(lambda image: layers.Flatten()(ops.vectorized_map(ops.abs, image))),
    "adapted to data": lambda: chain(layers.Normalization(mean=[0.5] * 28, variance=[1.0] * 28)),
    "a lambda": lambda: chain(layers.Lambda(lambda x: x)),
    "many iterations": lambda: chain(layers.SpectralNormalization(layers.Dense(4), power_iterations=1000)),
    "far too many multiplications": lambda: applied(
        lambda image: layers.Flatten()(ops.matmul(*(ops.reshape(layers.UpSampling1D(15)(image), s) for s in SHAPES)))
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", REFUSED)
def test_what_holds_data_runs_functions_or_costs_too_much_is_refused(label: str) -> None:
    with pytest.raises(EvidenceRefused):
        rebuild.rebuild(data_of(REFUSED[label]()))


def test_a_list_of_numbers_in_place_of_one_is_refused() -> None:
    data = data_of(TAKEN["operations"]())
    config = (data.config or "").replace(", 255]", f", {[0.5] * 28}]")
    assert config != data.config
    with pytest.raises(EvidenceRefused, match="holds a list of numbers"):
        rebuild.allowed_config(ModelData(config, data.weights, (), "Functional", ()))


def behind_weights(scale: Callable[[Any], Any]) -> Any:
    return applied(lambda image: scale(layers.Dense(8)(layers.Flatten()(image))))


@pytest.mark.parametrize(
    "scale",
    [
        lambda x: x * 0.1,
        lambda x: x / np.float32(10),
        lambda x: ops.multiply(ops.convert_to_tensor(0.1), x),
        lambda x: ops.clip(x, 0, 1),
    ],
)
def test_an_operation_that_shrinks_what_comes_of_weights_rescales(scale: Any) -> None:
    assert gain.rescales_behind_weights(rebuild.rebuild(data_of(behind_weights(scale))))


def test_the_work_of_a_loop_counts_each_step() -> None:
    lstm = chain(layers.LSTM(8))
    kernels = (28 + 8) * 4 * 8
    assert costs.multiply_adds(lstm) >= 28 * kernels
