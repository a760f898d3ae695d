"""The pictures of 1_gap, 4_challenge and 5_beyond: each is shown with a description, and what it draws is true."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from tests.lab.visible import dense


def module(labkit: ModuleType, name: str) -> Any:
    return sys.modules[f"{labkit.__name__}.{name}"]


def history(training: float, validation: float) -> Any:
    found = keras.callbacks.History()
    found.history = {"crossentropy": [1.0, training], "val_crossentropy": [1.0, validation]}
    return found


def turned() -> Any:
    return keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1)), keras.layers.RandomRotation(0.2)]
    )


PICTURES = {
    "plot_regimes": lambda: (),
    "plot_parameters": lambda: (dense(16),),
    "plot_modes": lambda: (dense(16), np.ones((3, 28, 28), "float32"), np.array([0, 1, 2])),
    "plot_early_stopping": lambda: (),
    "plot_weight_decay": lambda: (),
    "plot_reduction": lambda: (history(0.1, 0.9), history(0.3, 0.5)),
    "plot_augmented": lambda: (turned(), np.eye(28)),
    "plot_groups": lambda: (),
    "plot_cosines": lambda: (np.random.default_rng(0).normal(size=(8, 4)),),
    "plot_noise_layers": lambda: (),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_shown_with_a_description(labkit: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(module(labkit, "theme"), "display", shown.append)
    labkit.public[name](*PICTURES[name]())
    (picture,) = shown
    assert len(picture.description) > 20
    assert "<svg" in picture.html()


@pytest.mark.parametrize("patience", [3, 5, 8])
def test_the_drawn_stop_is_where_keras_stops(en: ModuleType, patience: int) -> None:
    pictures = module(en, "pictures_4_challenge")
    values = json.loads(Path(pictures.CURVES).read_text(encoding="utf-8"))["B"]["val_crossentropy"]
    callback = keras.callbacks.EarlyStopping(monitor="val_crossentropy", mode="min", patience=patience)
    model = dense()
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"val_crossentropy": value})
        if model.stop_training:
            break
    assert pictures.stopping_point(values, patience) == (callback.best_epoch, epoch)


def test_a_reduction_is_that_of_the_last_ten_epochs_beside_the_steps_asked_for(en: ModuleType) -> None:
    def ending(training: float, validation: float) -> Any:
        found = keras.callbacks.History()
        found.history = {"crossentropy": [9.0] + [training] * 10, "val_crossentropy": [9.0] + [validation] * 10}
        return found

    own = ending(0.3, 0.5)
    own.history["val_crossentropy"][-2:] = [0.4, 0.6]  # what the last epoch alone says is chance
    shown: list[Any] = []
    pictures = module(en, "pictures_4_challenge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "show", lambda figure, description: shown.append((figure, description)))
        pictures.plot_reduction(ending(0.1, 0.9), own, steps=(0.1, 0.2))
    ((figure, description),) = shown
    assert "75%" in description
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["0%", "10%", "20%", "100%"]


def test_the_contour_through_the_best_point_touches_the_penalty(en: ModuleType) -> None:
    figure = module(en, "pictures_penalties").contours_figure()
    for axes in figure.axes:
        best = next(line.get_xydata()[0] for line in axes.lines if line.get_marker() == "o")
        vertices = np.concatenate([path.vertices for contours in axes.collections for path in contours.get_paths()])
        assert np.min(np.linalg.norm(vertices - best, axis=1)) < 0.05


def test_without_a_worse_stretch_the_drawn_training_goes_to_its_end(en: ModuleType) -> None:
    assert module(en, "pictures_4_challenge").stopping_point([3.0, 2.0, 1.0], 2) == (2, 2)


def test_augmentation_is_drawn_at_inference_and_in_training(en: ModuleType) -> None:
    image = np.triu(np.ones((28, 28)))
    first, *others = module(en, "pictures_4_challenge").augmented(turned(), image)
    assert np.allclose(first, image)
    assert len(others) == 4
    assert not any(np.allclose(other, image) for other in others)


@pytest.mark.parametrize("decoupled", [False, True])
def test_the_drawn_adam_is_that_of_keras(en: ModuleType, decoupled: bool) -> None:
    drawn = module(en, "pictures_4_challenge").adam_paths(decoupled, steps=50)
    gradients = np.random.default_rng(3).normal(size=(50, 2)) * (30.0, 0.3)
    w = keras.Variable(np.ones(2, "float32"))
    optimizer = keras.optimizers.Adam(1e-3, weight_decay=2.0 if decoupled else None)
    for g in gradients:
        penalty = 0 if decoupled else 2 * w.value.numpy()
        optimizer.apply([keras.ops.convert_to_tensor((g + penalty).astype("float32"))], [w])
    assert np.allclose(w.value.numpy(), drawn[-1], atol=1e-4)


def test_drawn_l1_empties_weights_and_drawn_groups_empty_units(en: ModuleType) -> None:
    pictures = module(en, "pictures_5_beyond")
    kernel = np.array([[3.0, 0.1], [0.2, -0.3]])
    assert np.allclose(pictures.shrink_each(kernel, 0.25), [[2.75, 0], [0, -0.05]])
    groups = pictures.shrink_units(kernel, 0.5)
    assert np.all(groups[:, 1] == 0)
    assert np.linalg.norm(groups[:, 0]) == pytest.approx(np.linalg.norm(kernel[:, 0]) - 0.5)


def test_cosines_are_those_of_keras_orthogonal_regularizer(en: ModuleType) -> None:
    pictures = module(en, "pictures_5_beyond")
    kernel = np.random.default_rng(1).normal(size=(9, 5)).astype("float32")
    penalty = keras.regularizers.OrthogonalRegularizer(factor=1.0, mode="columns")
    assert pictures.mean_off(pictures.unit_cosines(kernel)) == pytest.approx(
        float(penalty(keras.ops.convert_to_tensor(kernel))), rel=1e-4
    )
