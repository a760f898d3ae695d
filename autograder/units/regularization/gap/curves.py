"""Curves of notebook 1_gap: hidden histories, the given curves, and what mistakes make of both."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.families.keras.evidence import History
from autograder.i18n import _

Series = Mapping[str, Any]  # name of a quantity → its values, one per epoch
CURVES = Path(__file__).parents[1] / "data" / "curves.json"
LABELS = {"A": "underfit", "B": "overfit", "C": "good", "D": "underfit", "E": "overfit"}


def hidden_history(rng: np.random.Generator, epochs: int, penalised: bool) -> History:
    """Curves as of a model that begins to overfit: the gap is negative first, positive later."""
    t = np.arange(epochs) / 10
    train = 0.3 + 1.2 * np.exp(-t) + rng.normal(0, 0.01, epochs)
    validation = train + np.linspace(-0.2, 0.6, epochs) + rng.uniform(0.01, 0.05, epochs)
    penalty = (0.5 + 0.3 * np.exp(-t)) * penalised
    accuracy = 0.9 - 0.5 * np.exp(-t)
    series = {
        "loss": train + rng.uniform(0.06, 0.12, epochs) + 1.1 * penalty,  # the epoch's average is above its end
        "val_loss": validation + penalty,
        "crossentropy": train,
        "val_crossentropy": validation,
        "accuracy": accuracy,
        "val_accuracy": accuracy - np.linspace(-0.04, 0.1, epochs),
    }
    return History({name: values.tolist() for name, values in series.items()})


# sentence → what a learner with this mistake subtracts
QUANTITIES: Mapping[str, Callable[[Series], Any]] = {
    _(
        "You compare what Keras reports during training: it has the penalty inside, and the training value is an "
        "average over the epoch. Look for the entries of the history that are measured alike."
    ): lambda h: h["val_loss"] - h["loss"],
    _(
        "The two terms of your difference are not measured alike: one has the penalty inside or is an average over the "
        "epoch, the other is not. Compare a quantity with its like."
    ): (lambda h: h["val_crossentropy"] - h["loss"]),
    _("A penalty is still inside one of your two terms: look again at what each entry of the history holds."): (
        lambda h: h["val_loss"] - h["crossentropy"]
    ),
    _("You subtract accuracies. The gap of this course is a difference of losses."): (
        lambda h: h["val_accuracy"] - h["accuracy"]
    ),
    _("You divide the two losses. The gap is a difference, not a ratio."): (
        lambda h: h["val_crossentropy"] / h["crossentropy"]
    ),
    _("You divide the gap by the training loss. The gap is the difference itself."): (
        lambda h: (h["val_crossentropy"] - h["crossentropy"]) / h["crossentropy"]
    ),
    _("Your function gives the validation loss itself. What has to be taken away from it?"): (
        lambda h: h["val_crossentropy"]
    ),
}


def label_sentence(found: Sequence[str], wrong: Sequence[tuple[str, str]]) -> str:
    """What to look at again. `found`: the five labels; `wrong`: those that are not right, each with the right one."""
    fits = [(f, r) for f, r in zip(found, LABELS.values(), strict=True) if r != "good"]
    if all(f not in ("good", r) for f, r in fits):
        return _("Underfitting and overfitting are swapped: which of the two has a high training loss?")
    if ("good", "underfit") in wrong:
        return _("A small gap alone is not enough for a good fit: look at the height of the training loss itself.")
    if ("good", "overfit") in wrong:
        return _("One of the curves that you call good is not: look at how its validation loss ends.")
    if ("overfit", "good") in wrong:
        return _("A gap alone is not overfitting: look at whether the validation loss rises again.")
    return _("Not every label is right: look first at the height of the training loss, then at how validation ends.")


_LOWEST: Mapping[str, Callable[[Series], Any]] = {
    _("You took the epoch where the training curve is lowest: that says nothing of new images."): (
        lambda c: np.argmin(c["crossentropy"])
    ),
    _("You took the epoch where the reported training loss is lowest: that says nothing of new images."): (
        lambda c: np.argmin(c["loss"])
    ),
    _("The penalty is inside `val_loss`: look for the curve that measures the predictions alone."): (
        lambda c: np.argmin(c["val_loss"])
    ),
    _("You took the epoch of the highest accuracy, which moves in steps: the lowest cross-entropy was asked."): (
        lambda c: np.argmax(c["val_accuracy"])
    ),
    _("You took the epoch where the validation loss is highest: a loss is to be low."): (
        lambda c: np.argmax(c["val_crossentropy"])
    ),
}


def given_curves() -> list[Series]:
    """The five curves of the notebook, in the order of LABELS."""
    curves = json.loads(CURVES.read_text(encoding="utf-8"))
    return [curves[name] for name in LABELS]


def epoch_sentence(found: Any, curves: Sequence[Series]) -> str:
    """What to look at again. `found`: the five epochs."""
    for sentence, place in _LOWEST.items():
        if (found == [place(c) for c in curves]).all():
            return sentence
    return _("Not every epoch is right: where is the validation cross-entropy of the curve lowest?")
