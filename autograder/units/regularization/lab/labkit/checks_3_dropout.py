"""Visible checks of the notebook 3_dropout: form only; the values are graded."""

from typing import Any

import numpy as np

from .checking import (
    build,
    call,
    passed,
    require,
    require_key,
    require_losses,
    require_model,
    require_pair,
)
from .messages import _

FLAT = (784,)


def check_inverted(dropout: Any) -> None:
    """An array of the same shape comes back, in training and at inference, and the input stays as it is."""
    rng = np.random.default_rng(3)
    for shape in ((7,), (50, 20)):
        x = rng.normal(size=shape)
        before = x.copy()
        for training in (True, False):
            result = call(dropout, x, 0.4, training, np.random.default_rng(4))
            require(
                isinstance(result, np.ndarray) and result.shape == x.shape,
                _("dropout must return an array of the same shape as x, {expected}; it returns {found}."),
                expected=x.shape,
                found=getattr(result, "shape", type(result).__name__),
            )
            require(np.array_equal(x, before), _("dropout changes x itself: compute with a new array."))
    passed(_("An array of the same shape, in training and at inference; x stays as it is."))


def check_dropout_layers(build_dropout_model: Any) -> None:
    """The model exists, takes 784 numbers, gives probabilities and has Dropout somewhere."""
    model = build(build_dropout_model, FLAT)
    require_dropout(model, "build_dropout_model")
    passed(_("A model from 784 numbers to 10 probabilities, with Dropout in it."))


def require_dropout(model: Any, name: str) -> None:
    """The model has a Dropout layer."""
    import keras

    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers
    require(
        any(isinstance(layer, keras.layers.Dropout) for layer in layers),
        _("The model of {name} has no Dropout layer: keras.layers.Dropout(rate) is a layer of its own."),
        name=name,
    )


def check_repair(repair: Any) -> None:
    """A new model comes back, with the broken model's Dense layers' shapes."""
    broken = _broken_model()
    model = call(repair, broken)
    require(model is not broken, _("repair must return a new model, and leave the one it is given as it is."))
    require_model(model, "repair", FLAT)
    wanted, found = (sorted(tuple(w.shape) for w in m.weights if len(w.shape) == 2) for m in (broken, model))
    require(
        wanted == found,
        _("The repaired model must have Dense layers with kernels of shapes {expected}; it has {found}."),
        expected=wanted,
        found=found,
    )
    passed(_("A new model with the same Dense layers."))


def _broken_model() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(FLAT),
            layers.Dropout(0.8),
            layers.Dense(16, "relu"),
            layers.Dropout(0.8),
            layers.Dense(10, "softmax"),
            layers.Dropout(0.8),
        ]
    )


def check_uncertainty(predict_with_dropout: Any) -> None:
    """Two arrays with one row for each image and one column for each class."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    x = np.random.default_rng(5).random((4, 6), "float32")
    parts = require_pair(call(predict_with_dropout, model, x, 3), "predict_with_dropout")
    for part in parts:
        shape = np.shape(part)
        require(
            shape == (4, 10),
            _("Mean and deviation of 4 images and 10 classes must have shape (4, 10), not {found}: "
              "over which axis do you average?"),
            found=shape,
        )  # fmt: skip
        require(np.all(np.isfinite(part)), _("predict_with_dropout gives values that are no finite numbers."))
    passed(_("Two arrays, one row for each image and one column for each class."))


def check_choose_rate(val_losses: Any, best_rate: Any) -> None:
    """A sweep of at least three rates; the chosen rate is one of them."""
    losses = require_losses(val_losses, "val_losses", 3)
    require(
        all(rate < 1 for rate in losses),
        _("A rate is a share of units that are dropped: it lies in [0, 1). val_losses has {rates}."),
        rates=sorted(losses),
    )
    require_key(best_rate, "best_rate", losses, "val_losses")
    passed(_("A sweep over {count} rates, and a choice among them."), count=len(losses))


def check_dropout_gap(build_less_overfit_model: Any) -> None:
    """The model exists, takes 784 numbers, gives probabilities and has Dropout somewhere."""
    model = build(build_less_overfit_model, FLAT)
    require_dropout(model, "build_less_overfit_model")
    passed(_("A model from 784 numbers to 10 probabilities, with Dropout in it."))
