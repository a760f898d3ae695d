"""Pictures of the notebook 4_challenge."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .facts import STEPS
from .messages import _, number, say
from .theme import ACCENT, INK, MUTED, TRAINING, VALIDATION, bare, new_figure, show, styled

Array = npt.NDArray[Any]
CURVES = Path(__file__).parent / "curves.json"
PASSES = 4  # of one image through layers of augmentation


def plot_early_stopping(patience: int = 6) -> None:
    """Show a validation curve, its best epoch, the epochs waited for, and where training stops."""
    values = json.loads(CURVES.read_text(encoding="utf-8"))["B"]["val_crossentropy"]
    best, stop = stopping_point(values, patience)
    show(
        early_stopping_figure(values, best, stop),
        say(
            _("Validation loss per epoch: lowest at epoch {best}, training stops at epoch {stop}"),
            best=best,
            stop=stop,
        ),
    )


def stopping_point(values: list[float], patience: int) -> tuple[int, int]:
    """The best epoch so far, and the epoch at which `patience` epochs have passed without a better one."""
    best = 0
    for epoch, value in enumerate(values):
        if value < values[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(values) - 1


@styled
def early_stopping_figure(values: list[float], best: int, stop: int) -> Figure:
    """The curve up to the stop, what would have followed in pale, the patience shaded."""
    figure, axes = new_figure(size=(6.4, 3.1))
    epochs = np.arange(len(values))
    axes.axvspan(best, stop, color=ACCENT, alpha=0.16, linewidth=0, label=say(_("patience")))
    axes.plot(epochs[stop:], values[stop:], color=MUTED, linewidth=1.5, linestyle=":", label=say(_("not trained")))
    axes.plot(epochs[: stop + 1], values[: stop + 1], color=VALIDATION, linewidth=2, label=say(_("validation")))
    axes.plot(best, values[best], marker="o", markersize=12, fillstyle="none", markeredgewidth=2, color=ACCENT)
    axes.annotate(say(_("best weights")), (best, values[best]), (0, -18), textcoords="offset points", ha="center")
    axes.annotate(say(_("stop")), (stop, values[stop]), (4, 8), textcoords="offset points", color=INK)
    axes.set(xlabel=say(_("epoch")), ylabel=say(_("cross-entropy")), ylim=(0.9 * min(values), None))
    axes.yaxis.set_major_formatter(lambda value, _position: number(value))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper right", labelcolor=INK)
    return figure


def plot_weight_decay() -> None:
    """Show two weights under Adam, with L2 in the loss and with decoupled decay."""
    show(
        weight_decay_figure(),
        say(
            _(
                "With L2 in the loss, the weight with large gradients hardly decays under Adam and the other "
                "one fast; with decoupled decay both decay alike."
            )
        ),
    )


@styled
def weight_decay_figure() -> Figure:
    """Two panels, one per kind of decay; in each a weight with large and one with small gradients."""
    figure, grid = new_figure(1, 2, (9.0, 3.0), sharey=True)
    titles = (_("L2 in the loss"), _("decoupled decay"))
    for axes, title, decoupled in zip(grid, titles, (False, True), strict=True):
        paths = adam_paths(decoupled)
        _draw_path(axes, paths[:, 0], TRAINING, "-", say(_("large gradients")))
        _draw_path(axes, paths[:, 1], VALIDATION, (0, (5, 1.5)), say(_("small gradients")))
        axes.set(title=say(title), xlabel=say(_("step")), ylim=(-0.15, 1.1))
        axes.yaxis.set_major_formatter(lambda value, _position: number(value))
    grid[0].set_ylabel(say(_("weight")))
    grid[1].legend(loc="upper right", labelcolor=INK)
    return figure


def _draw_path(axes: Axes, values: Array, colour: str, style: Any, label: str) -> None:
    axes.plot(values, color=colour, linewidth=2, linestyle=style, label=label)


def adam_paths(decoupled: bool, steps: int = 1500, lr: float = 1e-3, lam: float = 1.0) -> Array:
    """Two weights, from 1, under Adam with gradients of mean 0 and deviations 30 and 0.3: (steps + 1, 2).

    Adam as in Kingma and Ba 2015, decoupled decay as in Loshchilov and Hutter 2019 (arXiv:1711.05101).
    """
    rng = np.random.default_rng(3)
    w, first, second = np.ones(2), np.zeros(2), np.zeros(2)
    path = [w.copy()]
    for t in range(1, steps + 1):
        g = rng.normal(size=2) * (30.0, 0.3)
        g = g if decoupled else g + 2 * lam * w
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        direction = first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-7)
        w = w - lr * direction - (2 * lr * lam * w if decoupled else 0)
        path.append(w.copy())
    return np.array(path)


def plot_augmented(augmentation: Any, image: Any) -> None:
    """Show what layers of augmentation make of one image (28, 28): at inference, then in some passes of training."""
    show(
        augmented_figure(augmented(augmentation, image)),
        say(_("The same image at inference, and {count} times in training, each time another way"), count=PASSES),
    )


def augmented(augmentation: Any, image: Any) -> list[Array]:
    """One answer of inference mode and PASSES of training mode, each (28, 28)."""
    batch = np.asarray(image, "float32")[None]
    answers = [augmentation(batch, training=place > 0) for place in range(PASSES + 1)]
    return [np.asarray(answer).reshape(28, 28) for answer in answers]


@styled
def augmented_figure(images: Sequence[Array]) -> Figure:
    """One panel for each pass, in a row."""
    figure, grid = new_figure(1, len(images), (8.0, 1.9))
    for place, (axes, image) in enumerate(zip(grid, images, strict=True)):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set_title(say(_("training") if place else _("inference")), fontsize=9)
        bare(axes)
    return figure


def plot_reduction(given: Any, own: Any, steps: Sequence[float] = STEPS) -> None:
    """Show by how much the gap of the history `own` is below that of `given`, and both validation losses.

    `steps` are the reductions, as shares from 0 to 1, that the exercise asks for.
    """
    reduction, losses = 1 - _gap(own) / _gap(given), (_end(given), _end(own))
    show(
        reduction_figure(reduction, losses, steps),
        say(
            _("Reduction of the gap: {percent}; validation loss {given} given, {own} yours"),
            percent=_percent(reduction),
            given=number(losses[0]),
            own=number(losses[1]),
        ),
    )


def _percent(share: float) -> str:
    return say(_("{percent}%"), percent=number(100 * share))


def _end(history: Any, name: str = "val_crossentropy") -> float:
    """The average of the last ten epochs, as in the grading: the last epoch alone scatters twice as much."""
    return float(np.mean(history.history[name][-10:]))


def _gap(history: Any) -> float:
    return _end(history) - _end(history, "crossentropy")


@styled
def reduction_figure(reduction: float, losses: tuple[float, float], steps: Sequence[float] = STEPS) -> Figure:
    """Left the reduction with the steps of the exercise, right the validation losses."""
    figure, (left, right) = new_figure(1, 2, (9.0, 2.2), width_ratios=(2, 1))
    shown = [max(reduction, 0)]
    left.barh([0], shown, color=ACCENT, height=0.5)
    left.bar_label(left.containers[0], [_percent(reduction)], padding=4, color=INK)
    for step in steps:
        left.axvline(step, color=MUTED, linestyle=(0, (5, 1.5)))
    left.set(xlim=(0, 1.1), ylim=(-0.6, 0.6), title=say(_("reduction of the gap")))
    left.set_xticks([0, *steps, 1], [_percent(step) for step in (0, *steps, 1)])
    left.set_yticks([])
    right.bar([0, 1], losses, color=[MUTED, VALIDATION], width=0.6)
    right.bar_label(right.containers[0], [number(loss) for loss in losses], padding=2, color=INK)
    right.set_xticks([0, 1], [say(_("given")), say(_("yours"))])
    right.set(title=say(_("validation cross-entropy")), ylim=(0, 1.25 * max(losses)))
    right.yaxis.set_major_formatter(lambda value, _position: number(value))
    return figure
