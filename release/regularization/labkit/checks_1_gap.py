"""Visible checks of the notebook 1_gap: form only; the values are graded."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .checking import build, call, passed, require, require_number, require_pair
from .facts import MOST_PARAMETERS
from .messages import _

IMAGE = (28, 28)
CURVES = Path(__file__).parent / "curves.json"
LABELS = ("underfit", "overfit", "good")


def check_gap(validation_gap: Any) -> None:
    """One finite number per epoch for a made-up history."""
    epochs = 7
    history = _history(epochs)
    gap = call(validation_gap, history)
    require(
        not isinstance(gap, (str, bytes, dict)),
        _("{name} must return an array of numbers; it returns {kind}."),
        name="validation_gap",
        kind=type(gap).__name__,
    )
    values = np.asarray(gap)
    require(
        values.ndim > 0,
        _("validation_gap returns one number; it must return one for each epoch."),
    )
    require(
        values.shape == (epochs,),
        _("For a history of {epochs} epochs, validation_gap must return {epochs} numbers; its shape is {shape}."),
        epochs=epochs,
        shape=values.shape,
    )
    require(
        values.dtype.kind in "fiu" and np.all(np.isfinite(values)),
        _("{name} must return an array of numbers; it returns {kind}."),
        name="validation_gap",
        kind=values.dtype.name,
    )
    passed(_("One number for each epoch of a history."))


def _history(epochs: int) -> Any:
    """A `keras.callbacks.History` with random entries, as `lab.train` returns it."""
    import keras

    rng = np.random.default_rng(5)
    history = keras.callbacks.History()
    names = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")
    history.history = {name: list(rng.uniform(0.1, 1, epochs)) for name in names}
    history.epoch = list(range(epochs))
    return history


def check_diagnose(diagnosis: Any, best_epoch: Any) -> None:
    """Both dicts have the five curves as keys; each label is one of three, each epoch exists."""
    curves = json.loads(CURVES.read_text(encoding="utf-8"))
    _require_curves(diagnosis, "diagnosis", curves)
    for name in curves:
        require(
            isinstance(diagnosis[name], str) and diagnosis[name] in LABELS,
            _('diagnosis["{name}"] must be "underfit", "overfit" or "good"; it is {value!r}.'),
            name=name,
            value=diagnosis[name],
        )
    _require_curves(best_epoch, "best_epoch", curves)
    for name, logs in curves.items():
        epoch, last = require_number(best_epoch[name], f'best_epoch["{name}"]'), len(logs["loss"]) - 1
        require(
            epoch == int(epoch),
            _('best_epoch["{name}"] is {value:.4g}; the number of an epoch is a whole number.'),
            name=name,
            value=epoch,
        )
        require(
            0 <= epoch <= last,
            _('best_epoch["{name}"] is {value:.0f}; the epochs of this curve go from 0 to {last}.'),
            name=name,
            value=epoch,
            last=last,
        )
    passed(_("A diagnosis and an epoch for each of the five curves."))


def _require_curves(answers: Any, name: str, curves: dict[str, Any]) -> None:
    """`answers` is a dict with the curves' names as keys."""
    require(answers is not None and answers != {}, _("{name} is not written yet."), name=name)
    require(
        isinstance(answers, dict),
        _("{name} must be a dict, curve → answer; it is of type {kind}."),
        name=name,
        kind=type(answers).__name__,
    )
    missing, unknown = sorted(set(curves) - set(answers)), sorted(map(str, set(answers) - set(curves)))
    require(not missing, _("{name} has no entry for: {missing}."), name=name, missing=", ".join(missing))
    require(
        not unknown,
        _("{name} has keys that are no curve: {unknown}. The curves are called {curves}."),
        name=name,
        unknown=", ".join(unknown),
        curves=", ".join(curves),
    )


def check_capacity(build_small_model: Any) -> None:
    """A model for images with ten probabilities and at most 20,000 parameters."""
    model = build(build_small_model, IMAGE)
    count = model.count_params()
    require(
        count <= MOST_PARAMETERS,
        _("Your model has {count} parameters, more than {most}: `lab.plot_parameters` shows where they are."),
        count=count,
        most=MOST_PARAMETERS,
    )
    passed(_("A model from 28 × 28 pixels to 10 probabilities, with {count} parameters."), count=count)


def check_eval_mode(compare_modes: Any) -> None:
    """Two numbers ≥ 0 for a model with Dropout, whose weights stay as they are."""
    import keras

    layers = [keras.Input((6,)), keras.layers.Dropout(0.5), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    x, y = np.random.default_rng(2).random((16, 6), "float32"), np.arange(16, dtype="int32") % 10
    before = [np.array(weights) for weights in model.get_weights()]
    pair = require_pair(call(compare_modes, model, x, y), "compare_modes")
    for value in pair:
        number = require_number(value, "compare_modes")
        require(number >= 0, _("{name} gives a negative number: a cross-entropy never is."), name="compare_modes")
    require(
        all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)),
        _("{name} changes the weights of the model: it must look at the model without training it."),
        name="compare_modes",
    )
    passed(_("Two numbers, and a model that stays as it is."))
