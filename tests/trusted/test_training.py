"""The fast training is Keras's own: with the same order of rows it goes the same way, step by step."""

from typing import Any

import keras
import numpy as np
import pytest

from autograder.families.keras.inputs import Masks
from autograder.families.keras.training import METRICS, TrainingLoop, assign, train
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


def test_a_loop_that_trains_again_from_the_same_variables_repeats_itself() -> None:
    trained = model()
    data = datasets.load("train"), datasets.load("validation")
    loop = TrainingLoop(trained, data[0][0].shape, BATCH)
    beginning = [v.numpy() for v in trained.variables]
    first = loop.run(*data, epochs=2, seed=1)
    assign(trained, beginning)
    assert loop.run(*data, epochs=2, seed=1) == first


def test_training_stops_when_it_is_told_to() -> None:
    rows: list[dict[str, float]] = []
    logs = train(model(), datasets.load("train"), datasets.load("validation"), epochs=9, batch_size=BATCH,
                 on_epoch=lambda epoch, row: rows.append(row) or epoch == 1)  # fmt: skip
    assert len(rows) == 2
    assert {name: len(logs[name]) for name in METRICS} == dict.fromkeys(METRICS, 2)


def test_epochs_that_are_not_measured_change_nothing() -> None:
    every, some = (
        train_some(model(), measured) for measured in (None, (1, 2))
    )  # fmt: skip
    assert some == {name: values[1:] for name, values in every.items()}


def train_some(trained: Any, measured: Any) -> dict[str, list[float]]:
    data = datasets.load("train"), datasets.load("validation")
    return TrainingLoop(trained, data[0][0].shape, BATCH).run(*data, epochs=EPOCHS, seed=1, measured=measured)


def with_dropout(seed: int, *hidden: Any) -> Any:
    keras.utils.set_random_seed(seed)
    layers = hidden or (keras.layers.Dense(16, "relu"), keras.layers.Dropout(0.5))
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *layers, keras.layers.Dense(10, "softmax")])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_masks_drop_their_share_anew_at_each_step_and_epoch(rate: float) -> None:
    shared = keras.layers.Dropout(rate)  # acts twice
    one = keras.Input((500,))
    masks = Masks(keras.Model(one, [shared(one), keras.layers.Dropout(rate)(shared(one))]), (8, 500), steps=6)
    numbers = np.array([masks.draw() for _epoch in range(2)])
    assert numbers.shape == (2, 3, 6, 8, 500)
    assert np.mean(numbers < rate) == pytest.approx(rate, abs=5 * 0.5 / np.sqrt(numbers.size))
    flat = numbers.reshape(36, -1)
    assert np.abs(np.corrcoef(flat) - np.eye(36)).max() < 6 / np.sqrt(flat.shape[1])


def test_dropout_keeps_the_mean_and_is_kerass_own_again_afterwards() -> None:
    trained = with_dropout(1, keras.layers.Dropout(0.4))
    dropout, x = trained.layers[1], np.ones((4, 784), "float32")
    masks = Masks(trained, (4, 28, 28), steps=1)
    with masks.in_place():
        masks.hand_out([n[0] for n in masks.draw()])
        assert np.array(dropout(x)) == pytest.approx(x)
        found = np.array(dropout(x, training=True))
    assert set(np.unique(found.round(4)).tolist()) == {0.0, np.float32(1 / 0.6).round(4)}
    assert "call" not in vars(dropout)
    assert np.mean(np.array(dropout(x, training=True)) == 0) == pytest.approx(0.4, abs=0.05)


def test_dropout_of_the_same_seed_repeats_itself_and_of_another_does_not() -> None:
    def curve(seed: int) -> list[float]:
        keras_model = with_dropout(seed)
        keras_model.set_weights(with_dropout(9).get_weights())
        return train(keras_model, datasets.load("train"), datasets.load("validation"), epochs=1)["crossentropy"]

    assert curve(1) == curve(1)
    assert curve(1) != curve(2)


def test_dropout_regularizes_as_in_fit() -> None:
    """Means over seeds, with the deviation of their difference: masks are other ones, of the same distribution."""
    (x, y), validation = datasets.load("train"), datasets.load("validation")
    ours, theirs = [], []
    for seed in range(8):
        ours.append(
            train(with_dropout(seed), (x, y), validation, batch_size=100, epochs=4, seed=seed)["crossentropy"][-1]
        )
        keras_model = with_dropout(seed)
        keras_model.compile("adam", "sparse_categorical_crossentropy")
        keras_model.fit(x, y, batch_size=100, epochs=4, verbose=0)
        theirs.append(keras_model.evaluate(x, y, batch_size=2000, verbose=0))
    deviation = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / 8)
    assert abs(np.mean(ours) - np.mean(theirs)) < 4 * deviation


@pytest.mark.parametrize("layer", [keras.layers.Dropout(0.5, noise_shape=(None, 1)), keras.layers.Dropout(0.0)])
def test_dropout_of_other_kinds_stays_kerass_own(layer: Any) -> None:
    assert Masks(with_dropout(1, layer), (4, 28, 28), 1).draw() == []
