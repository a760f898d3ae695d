"""What would take long to train, or much memory, is refused before it is built; what is cheap is not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from autograder.errors import EvidenceRefused
from autograder.families.keras import costs, rebuild
from autograder.families.keras.models import config_of_given
from autograder.families.keras.runs import Data, Trainer
from tests.trusted.test_rebuild import data_of
from tests.trusted.test_taken_layers import applied, chain, of_image, textbook


def flat(image: Any) -> Any:
    return layers.Flatten()(image)


def pixels(image: Any) -> Any:
    return layers.Reshape((784, 1))(image)


def orthogonal(*units: int) -> Any:
    return [layers.Dense(n, "relu", kernel_regularizer="orthogonal_regularizer") for n in units]


LONG: dict[str, Callable[[], Any]] = {
    "a loop over pixels": lambda: chain(layers.Reshape((784, 1)), layers.LSTM(2)),
    "a loop over what is repeated": lambda: chain(layers.Flatten(), layers.RepeatVector(140), layers.SimpleRNN(1),
                                                  layers.RepeatVector(140), layers.SimpleRNN(1)),
    "a loop in a loop": lambda: chain(layers.Reshape((28, 28, 1)), layers.TimeDistributed(layers.LSTM(1))),
    "both ways over pixels": lambda: chain(layers.Reshape((196, 4)), layers.Bidirectional(layers.GRU(1))),
    "many cells": lambda: chain(layers.RNN([layers.LSTMCell(1) for _ in range(40)])),
    "a wide blur": lambda: of_image(layers.RandomGaussianBlur(kernel_size=27, value_range=(0, 1))),
    "a large image that is bent": lambda: of_image(layers.Resizing(64, 64), layers.RandomElasticTransform()),
    "erasing again and again": lambda: of_image(*[layers.RandomErasing(value_range=(0, 1)) for _ in range(4)]),
    "pooling everywhere": lambda: of_image(
        layers.Conv2D(64, 1), layers.AveragePooling2D(28, strides=1, padding="same"), layers.GlobalMaxPooling2D()
    ),
    "normalized again and again": lambda: of_image(
        layers.Conv2D(100, 1), *[layers.BatchNormalization() for _ in range(12)], layers.GlobalMaxPooling2D()
    ),
    "large orthogonal kernels": lambda: chain(layers.Flatten(), *orthogonal(2000, 1500)),
    "a product of everything": lambda: applied(lambda i: ops.einsum("ab,ac,ad->ad", *[flat(i)] * 3)),
}  # fmt: skip
LARGE: dict[str, Callable[[], Any]] = {
    "scores of many heads": lambda: applied(lambda i: flat(layers.MultiHeadAttention(50, 1)(pixels(i), pixels(i)))),
    "additive scores": lambda: applied(lambda i: flat(layers.AdditiveAttention()([pixels(i), pixels(i)]))),
    "a wide image": lambda: of_image(layers.Conv2D(256, 3), layers.GlobalMaxPooling2D()),
}
MIXED: dict[str, Callable[[], Any]] = {
    "rows of pixels": lambda: applied(lambda i: layers.Dense(784)(ops.reshape(i, (-1, 1)))),
    "examples repeated": lambda: applied(lambda i: flat(ops.repeat(i, 1000, axis=0))),
    "examples behind one another": lambda: applied(lambda i: flat(layers.Concatenate(axis=0)([i, i]))),
    "tiles": lambda: applied(lambda i: flat(ops.tile(i, (1000, 1, 1)))),
    "a fixed batch": lambda: applied(lambda i: ops.reshape(i, (32, 784))),
    "turned and back": lambda: applied(lambda i: flat(ops.transpose(ops.transpose(i, (1, 0, 2)), (1, 0, 2)))),
    "a size that is not known": lambda: keras.Sequential(
        [keras.Input((None, 28)), layers.UpSampling1D(1000), layers.GlobalAveragePooling1D()]
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", [*LONG, *LARGE])
def test_what_takes_long_or_much_memory_is_refused(label: str) -> None:
    model = {**LONG, **LARGE}[label]()
    assert costs.keeps_examples_apart(model)
    with pytest.raises(EvidenceRefused, match=r"costs more than what we train|layers"):
        rebuild.rebuild(data_of(model))


@pytest.mark.parametrize("label", MIXED)
def test_what_mixes_examples_is_refused(label: str) -> None:
    with pytest.raises(EvidenceRefused, match="mixes the images of a batch"):
        rebuild.rebuild(data_of(MIXED[label]()))


def test_a_wrapped_layer_and_a_cell_count_as_layers() -> None:
    stack = [layers.TimeDistributed(layers.Dense(1)) for _ in range(costs.MAX_LAYERS // 2)]
    with pytest.raises(EvidenceRefused, match="costs more than what we train"):
        rebuild.allowed_config(data_of(chain(*stack)))


@pytest.mark.parametrize(
    "model",
    [
        lambda: chain(layers.Bidirectional(layers.LSTM(32, return_sequences=True)), layers.LSTM(32)),
        lambda: of_image(layers.RandomErasing(value_range=(0, 1)), *textbook().layers[1:-2]),
        lambda: chain(layers.Flatten(), *orthogonal(256, 256, 256)),
        lambda: applied(lambda i: flat(layers.MultiHeadAttention(4, 16)(i, i))),
    ],
)
def test_what_learners_combine_is_affordable(model: Callable[[], Any]) -> None:
    assert costs.is_affordable(model())


def test_a_model_that_fails_while_it_trains_is_told_so_without_what_it_was_given() -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(2, size=(64, 28, 28)).astype("float32"), rng.integers(10, size=64)
    model = chain(layers.Flatten(), layers.Embedding(1, 2))  # a pixel of 1 is no index
    with pytest.raises(EvidenceRefused, match="our training of the model stopped"):
        Trainer(None, [1], Data(lambda part: (images, labels), "")).runs(config_of_given(model))
