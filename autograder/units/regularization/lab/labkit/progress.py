"""Training with live progress: one line and a small curve that update in place."""

import sys
import time
from collections.abc import Mapping
from html import escape
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display, update_display

from .data import load_data
from .messages import _, number, say
from .theme import TRAINING, VALIDATION

SECONDS_BETWEEN_UPDATES = 0.15
WIDTH, HEIGHT = 160, 44


def train(
    model: Any,
    *,
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
    progress: bool = True,
) -> Any:
    """Train `model` in place on the course's data with Adam; returns a `keras.callbacks.History`.

    Much faster than `model.fit` for models this small. `seed` orders the images; the weights are those that
    the model has, and Dropout follows `keras.utils.set_random_seed`. Images are flattened if the model takes
    784 numbers. `history.history` has one value per epoch for each of `loss`, `val_loss` (what Keras reports:
    penalty inside, Dropout on while training), `crossentropy`, `val_crossentropy` (unpenalised, inference
    mode), `accuracy` and `val_accuracy`.
    """
    import keras

    from .elsewhere import train_elsewhere
    from .training import train as fast_train

    train_data, validation_data = load_data(flat=_takes_flat_images(model))
    report = Progress(epochs, progress)
    settings: dict[str, Any] = {
        "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed
    }  # fmt: skip
    rows = train_elsewhere(model, train_data, **settings)
    if rows is None:
        rows = fast_train(model, train_data, validation_data, on_epoch=report, **settings)
    else:
        report.replay(rows)
    report.finish()
    history = keras.callbacks.History()
    history.set_model(model)
    history.set_params({"epochs": epochs, "batch_size": batch_size, "steps": len(train_data[1]) // batch_size})
    history.history, history.epoch = rows, list(range(len(rows["loss"])))
    return history


def _takes_flat_images(model: Any) -> bool:
    """Whether the model's input is (784,) rather than (28, 28); anything else is an error."""
    shape = tuple(getattr(model, "input_shape", ()) or ())
    if shape[1:] == (784,):
        return True
    if shape[1:] == (28, 28):
        return False
    raise ValueError(
        say(_("The model must take images of shape (28, 28) or (784,): begin it with keras.Input((28, 28)). "
              "Its input shape is {shape}."), shape=shape)
    )  # fmt: skip


class Progress:
    """Called after each epoch with its number from 0 and its values; shows them, not too often."""

    def __init__(self, epochs: int, enabled: bool = True) -> None:
        self.epochs, self.enabled = epochs, enabled
        self.started, self.shown = time.perf_counter(), 0.0
        self.training: list[float] = []
        self.validation: list[float] = []
        self.in_notebook = hasattr(get_ipython(), "kernel")
        self.display_id = f"lab-{id(self)}-{time.time_ns()}"
        self.first = True

    def __call__(self, epoch: int, row: Mapping[str, float]) -> None:
        self.training.append(float(row["crossentropy"]))
        self.validation.append(float(row["val_crossentropy"]))
        now = time.perf_counter()
        if now - self.shown >= SECONDS_BETWEEN_UPDATES:
            self.shown = now
            self._show()

    def replay(self, rows: Mapping[str, list[float]]) -> None:
        """Take up the curves of a training that is over."""
        self.training, self.validation = list(rows["crossentropy"]), list(rows["val_crossentropy"])

    def finish(self) -> None:
        """Show the last state; in a terminal, end the line."""
        self._show()
        if self.enabled and not self.in_notebook:
            sys.stdout.write("\n")

    def _show(self) -> None:
        if not self.enabled:
            return
        if not self.in_notebook:
            sys.stdout.write(f"\r{self!r}")
            sys.stdout.flush()
        elif self.first:
            display(self, display_id=self.display_id)
            self.first = False
        else:
            update_display(self, display_id=self.display_id)

    def __repr__(self) -> str:
        if not self.training:
            return say(_("Preparing the training …"))
        return say(
            _("Epoch {epoch}/{epochs} · training {training} · validation {validation} · {seconds} s"),
            epoch=len(self.training),
            epochs=self.epochs,
            training=number(round(self.training[-1], 3)),
            validation=number(round(self.validation[-1], 3)),
            seconds=number(time.perf_counter() - self.started, 2),
        )

    def _repr_html_(self) -> str:
        share = len(self.training) / self.epochs
        return (
            '<div style="display: flex; gap: 1em; align-items: center; flex-wrap: wrap">'
            f"{self._curve()}<span>{escape(repr(self))}"
            f'<br><progress value="{share:.3f}" style="width: 16em"></progress></span></div>'
        )

    def _curve(self) -> str:
        """The two curves so far as a small SVG, the gap shaded; empty before the first epoch."""
        if len(self.training) < 2:
            return ""
        top = max(*self.training, *self.validation)
        training, validation = (self._points(values, top) for values in (self.training, self.validation))
        gap = " ".join([*training, *reversed(validation)])
        return (
            f'<svg aria-hidden="true" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke-width="2">'
            f'<polygon points="{gap}" fill="{VALIDATION}" fill-opacity="0.16"/>'
            f'<polyline points="{" ".join(training)}" stroke="{TRAINING}"/>'
            f'<polyline points="{" ".join(validation)}" stroke="{VALIDATION}" stroke-dasharray="5 2"/></svg>'
        )

    def _points(self, values: list[float], top: float) -> list[str]:
        across, up = WIDTH / max(self.epochs - 1, 1), (HEIGHT - 4) / top
        return [f"{i * across:.1f},{HEIGHT - 2 - up * value:.1f}" for i, value in enumerate(values)]
