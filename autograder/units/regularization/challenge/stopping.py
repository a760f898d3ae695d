"""Early stopping of notebook 4_challenge: read what a callback was told, and let Keras stop a run with it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.api import fail, kind_of, require
from autograder.checks.evidence import Thing
from autograder.checks.values import LARGEST
from autograder.i18n import _

QUANTITY = "val_crossentropy"
EARLY_STOPPING = "keras.src.callbacks.early_stopping.EarlyStopping"
BEST, LENGTH = 12, 40  # epoch of the supplied history's minimum, and its length
PATIENCE = range(3, 11)


def settings(value: Any) -> Mapping[str, Any]:
    """What the EarlyStopping that a learner returned was told; else the check fails."""
    if isinstance(value, list):
        fail(
            _("`early_stopping` returns a list or a tuple: only the callback itself was asked, and no comma behind it.")
        )
    if isinstance(value, Thing) and "builtins.type" in value.classes:
        fail(_("`early_stopping` returns a class, not an object of it: a pair of brackets is missing."))
    if not isinstance(value, Thing) or EARLY_STOPPING not in value.classes:
        fail(_("`early_stopping` should return a keras.callbacks.EarlyStopping, but it returned: {kind}."),
             kind=kind_of(value))  # fmt: skip
    return value.attributes


def setting(found: Mapping[str, Any], name: str, default: float) -> float:
    """One of its numbers; `default` when it was left as None; else the check fails."""
    value = found.get(name)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0].item()
    if value is None:
        return default
    require(
        isinstance(value, (int, float)) and abs(value) <= LARGEST,
        _("The argument `{name}` of your EarlyStopping should be a number, but it is: {kind}."),
        name=name,
        kind=kind_of(value),
    )
    return float(value)


def word(found: Mapping[str, Any], name: str) -> str:
    """One of its words; empty when there is something else."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def is_true(value: Any) -> bool:
    """Whether Keras takes one of its settings for true: 1 and a NumPy bool are, like True."""
    if isinstance(value, np.ndarray):
        return value.size == 1 and is_true(value.reshape(-1)[0].item())
    if isinstance(value, (bool, int, float)):
        return 0 < abs(value) <= LARGEST
    return isinstance(value, str) and bool(value)


def require_quantity(found: Mapping[str, Any]) -> None:
    """It watches the validation cross-entropy without penalty, else the check fails."""
    monitor, mode = word(found, "monitor"), word(found, "mode")
    if monitor == QUANTITY:
        return
    if monitor == "val_loss":
        fail(_("You watch `val_loss`, which has the penalty inside: it can go on falling while the predictions get "
               "worse. Look for the quantity that measures the predictions alone."))  # fmt: skip
    if monitor in ("loss", "crossentropy", "accuracy"):
        fail(_("You watch a quantity of the training images: it goes on improving while the model overfits. "
               "Which images tell when to stop?"))  # fmt: skip
    if monitor == "val_accuracy" and mode == "min":
        fail(_("You watch an accuracy as if it were to fall: this stops as soon as the model gets better. "
               "And the task asks for another quantity."))  # fmt: skip
    if monitor == "val_accuracy":
        fail(_("You watch the accuracy, which moves in steps and does not say how sure the model is: "
               "the task asks for another quantity."))  # fmt: skip
    fail(_("The model does not report a quantity with the name that your `monitor` gives: look at the table."))


def history() -> list[dict[str, float]]:
    """Logs of 40 epochs: the validation cross-entropy falls to epoch 12 and rises again; `val_loss` falls on."""
    t = np.arange(LENGTH)
    validation = np.where(t <= BEST, 0.5 + 0.04 * (BEST - t), 0.5 + 0.02 * (t - BEST))
    train = 1.2 * np.exp(-t / 8)
    penalty = 1.5 - 0.03 * t
    accuracy = 0.8 + 0.03 * np.tanh((t - BEST) / 10)
    series = {
        "loss": train + penalty + 0.05,
        "val_loss": validation + penalty,
        "crossentropy": train,
        QUANTITY: validation,
        "accuracy": 1 - 0.4 * np.exp(-t / 8),
        "val_accuracy": accuracy,
    }
    return [{name: float(values[epoch]) for name, values in series.items()} for epoch in t]


def run(found: Mapping[str, Any], logs: Sequence[Mapping[str, float]]) -> tuple[int, int]:
    """Stop a run with this callback as Keras does: (last epoch, epoch whose weights the model has in the end).

    Patience and the return to the best weights are graded by themselves, so usable ones are put in their place.
    """
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    # Keras finds the direction of a metric in a model that was compiled with it; a cross-entropy falls
    mode = "max" if word(found, "mode") == "max" else "min"
    baseline = None if found.get("baseline") is None else setting(found, "baseline", 0.0)
    callback = keras.callbacks.EarlyStopping(
        monitor=QUANTITY,
        mode=mode,
        min_delta=abs(setting(found, "min_delta", 0.0)),
        patience=int(min(max(setting(found, "patience", 0), PATIENCE[0]), PATIENCE[-1])),
        baseline=baseline,
        restore_best_weights=True,
        start_from_epoch=int(setting(found, "start_from_epoch", 0)),
    )
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    for epoch, row in enumerate(logs):
        model.set_weights([np.full((1, 1), float(epoch))])
        callback.on_epoch_end(epoch, dict(row))
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch, int(model.get_weights()[0].item())
