"""Visible checks of the notebook 1_gap: the form, and values on public examples; the grading tries other ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .checking import build, call, passed, require, require_number, require_pair
from .facts import MOST_PARAMETERS
from .messages import _, grouped, number, say
from .tried import INFERENCE, PENALTY, SCATTER, TRAINING, example_model, examples, require_same, tried

IMAGE = (28, 28)
CURVES = Path(__file__).parent / "curves.json"
LABELS = ("underfit", "overfit", "good")
HISTORY = {
    "loss": (2.1, 1.55, 1.3, 1.12, 0.98, 0.9, 0.84),
    "val_loss": (1.75, 1.4, 1.24, 1.19, 1.2, 1.22, 1.25),
    "crossentropy": (1.12, 0.8, 0.62, 0.5, 0.41, 0.33, 0.27),
    "val_crossentropy": (1.05, 0.82, 0.74, 0.73, 0.77, 0.81, 0.86),
    "accuracy": (0.55, 0.66, 0.74, 0.79, 0.83, 0.86, 0.89),
    "val_accuracy": (0.58, 0.68, 0.72, 0.74, 0.75, 0.75, 0.74),
}
GAP = (-0.07, 0.02, 0.12, 0.23, 0.36, 0.48, 0.59)


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
    require_same(values, np.array(GAP), say(_("For the example, validation_gap")), _gap_mistakes())
    tried(_("One number for each epoch of a history."))


def _gap_mistakes() -> dict[str, Any]:
    """What known mistakes give for the example."""
    logs = {name: np.array(entries) for name, entries in HISTORY.items()}
    right = np.array(GAP)
    return {
        _("You compare what Keras reports during training: it has the penalty inside, and the training value is an "
          "average over the epoch. Look for the entries of the history that are measured alike."):
            logs["val_loss"] - logs["loss"],
        _("The two terms of your difference are not measured alike: one has the penalty inside or is an average over "
          "the epoch, the other is not. Compare a quantity with its like."): logs["val_crossentropy"] - logs["loss"],
        _("A penalty is still inside one of your two terms: look again at what each entry of the history holds."):
            logs["val_loss"] - logs["crossentropy"],
        _("You subtract accuracies. The gap of this course is a difference of losses."):
            logs["val_accuracy"] - logs["accuracy"],
        _("The sign is the opposite one: a model that overfits must have a positive gap."): -right,
        _("The sign of the gap is lost: in the first epochs validation can be the better of the two, and shows it."):
            abs(right),
    }  # fmt: skip


def _history(epochs: int) -> Any:
    """A `keras.callbacks.History` as `lab.train` returns it, of a model with a penalty that begins to overfit."""
    import keras

    history = keras.callbacks.History()
    history.history = {name: list(values) for name, values in HISTORY.items()}
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
            _('best_epoch["{name}"] is {value}; the number of an epoch is a whole number.'),
            name=name,
            value=number(epoch, 4),
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
        count=grouped(count),
        most=grouped(MOST_PARAMETERS),
    )
    passed(_("A model from 28 × 28 pixels to 10 probabilities, with {count} parameters."), count=grouped(count))


def check_eval_mode(compare_modes: Any) -> None:
    """Both cross-entropies of a model with Dropout and penalties, whose weights stay as they are."""
    model = example_model(dropout=True, penalised=True)
    x, y = examples(model)
    before = [np.array(weights) for weights in model.get_weights()]
    pair = require_pair(call(compare_modes, model, x, y), "compare_modes")
    found = [require_number(value, "compare_modes") for value in pair]
    require(min(found) >= 0, _("{name} gives a negative number: a cross-entropy never is."), name="compare_modes")
    require(
        all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)),
        _("{name} changes the weights of the model: it must look at the model without training it."),
        name="compare_modes",
    )
    _require_modes(*found)
    tried(_("Two numbers, and a model that stays as it is."))


def _require_modes(first: float, second: float) -> None:
    """Both numbers are right for the example, the first one but for chance."""
    near = abs(first - TRAINING) < 8 * SCATTER
    require(
        not (abs(second - TRAINING) < 8 * SCATTER and abs(first - INFERENCE) < 1e-3),
        _("The two numbers have changed places: which mode was asked for first?"),
    )
    require_same(second, INFERENCE, say(_("The second number, inference mode,")), {
        _("The penalty on the weights is inside your second number: only the cross-entropy was asked."):
            INFERENCE + PENALTY,
        _("Your second number is a sum over the images: the cross-entropy is their mean."): 400 * INFERENCE,
        _("Your second number is the accuracy: the cross-entropy was asked."): 0.855,
    })  # fmt: skip
    if not near:
        require_same(first, TRAINING, say(_("The first number, training mode,")), {
            _("Both numbers are the same, even for a model with Dropout: both come from inference mode, in which "
              "`evaluate` and `predict` always work. Which call takes the mode as an argument?"): INFERENCE,
        })  # fmt: skip
