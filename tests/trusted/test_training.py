"""The fast training is Keras's own: with the same order of rows it goes the same way, step by step."""

from typing import Any

import keras
import numpy as np
import pytest

from autograder.families.keras.training import METRICS, TrainingLoop, train
from autograder.units.regularization import datasets

EPOCHS, BATCH = 3, 250


def model() -> Any:
    keras.utils.set_random_seed(5)
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(16, "relu", kernel_regularizer="l2"),
        keras.layers.Dense(10, "softmax"),
    ]
    return keras.Sequential([keras.Input((28, 28)), *layers])


def test_the_curves_are_those_of_fit_on_the_same_rows() -> None:
    (x, y), validation = datasets.load("train"), datasets.load("validation")
    logs = train(model(), (x, y), validation, epochs=EPOCHS, batch_size=BATCH, seed=4)
    keras_model, rng = model(), np.random.default_rng(4)
    crossentropy = "sparse_categorical_crossentropy"
    keras_model.compile("adam", crossentropy, metrics=["accuracy", crossentropy])
    for epoch in range(EPOCHS):
        order = rng.permutation(len(y))
        found = keras_model.fit(
            x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0, validation_data=tuple(validation)
        ).history
        penalty = float(sum(keras_model.losses))
        assert logs["loss"][epoch] == pytest.approx(found[crossentropy][0] + penalty, rel=1e-4)
        assert logs["val_loss"][epoch] == pytest.approx(found["val_loss"][0], rel=1e-4)
        assert logs["val_accuracy"][epoch] == pytest.approx(found["val_accuracy"][0], abs=2e-3)


def test_a_restarted_trainer_repeats_itself() -> None:
    trainer = TrainingLoop(model(), datasets.load("train"), datasets.load("validation"), batch_size=BATCH)
    first = trainer.run(2, seed=1)
    trainer.restart(0)
    assert trainer.run(2, seed=1) == first


def test_training_stops_when_it_is_told_to() -> None:
    rows: list[dict[str, float]] = []
    logs = train(model(), datasets.load("train"), datasets.load("validation"), epochs=9, batch_size=BATCH,
                 on_epoch=lambda epoch, row: rows.append(row) or epoch == 1)  # fmt: skip
    assert len(rows) == 2
    assert {name: len(logs[name]) for name in METRICS} == dict.fromkeys(METRICS, 2)
