"""Pictures of the notebook 1_gap."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .messages import _, grouped, number, say
from .theme import ACCENT, INK, MUTED, TRAINING, VALIDATION, new_figure, show, styled

PASSES, HESITATION = 200, 0.6


def plot_regimes() -> None:
    """Show the three regimes of training as a drawing: underfitting, a good fit, overfitting."""
    show(
        regimes_figure(),
        say(
            _(
                "Three drawings of training and validation loss per epoch. Underfitting: both stay high. "
                "A good fit: both go down, validation stays low. Overfitting: validation rises again "
                "while training goes to zero."
            )
        ),
    )


@styled
def regimes_figure() -> Figure:
    """Three panels of made-up curves, without numbers."""
    t = np.linspace(0, 1, 100)
    fast = np.exp(-6 * t)
    regimes = (
        (_("underfitting"), 0.68 + 0.28 * fast, 0.71 + 0.27 * fast),
        (_("good fit"), 0.2 + 0.76 * fast, 0.28 + 0.7 * fast),
        (_("overfitting"), 0.02 + 0.94 * fast, 0.26 + 0.72 * fast + 0.4 * t**1.5),
    )
    figure, grid = new_figure(1, 3, (9.6, 2.9), sharey=True)
    for axes, (title, training, validation) in zip(grid, regimes, strict=True):
        _draw_regime(axes, t, training, validation)
        axes.set_title(say(title))
    grid[0].set_ylabel(say(_("loss")))
    grid[0].legend(loc="lower left", labelcolor=INK)
    return figure


def _draw_regime(axes: Axes, t: Any, training: Any, validation: Any) -> None:
    axes.fill_between(t, training, validation, color=VALIDATION, alpha=0.16, linewidth=0)
    axes.plot(t, training, color=TRAINING, linewidth=2, label=say(_("training")))
    axes.plot(t, validation, color=VALIDATION, linewidth=2, linestyle=(0, (5, 1.5)), label=say(_("validation")))
    best = int(np.argmin(validation))
    axes.plot(t[best], validation[best], marker="o", markersize=11, color=ACCENT, fillstyle="none", clip_on=False)
    axes.annotate(
        say(_("best epoch")), (t[best], validation[best]), (0, 12), textcoords="offset points",
        ha="center" if best < len(t) - 10 else "right", color=INK,
    )  # fmt: skip
    axes.set(ylim=(0, 1.05), xlabel=say(_("epoch")))
    axes.set_xticks([])
    axes.set_yticks([])


def plot_parameters(model: Any) -> None:
    """Show how many parameters each layer of `model` has."""
    total = grouped(model.count_params())
    show(parameters_figure(model), say(_("Parameters of each layer; {total} in all"), total=total))


@styled
def parameters_figure(model: Any) -> Figure:
    """One horizontal bar for each layer that has parameters, the first layer on top."""
    layers = [layer for layer in model.layers if layer.count_params()]
    counts = [layer.count_params() for layer in layers]
    figure, axes = new_figure(size=(6.4, 1.2 + 0.45 * len(layers)))
    places = np.arange(len(layers))
    bars = axes.barh(places, counts, color=TRAINING, height=0.6)
    axes.bar_label(bars, [grouped(count) for count in counts], padding=4, color=INK)
    axes.set_yticks(places, [_layer_title(layer) for layer in layers])
    axes.invert_yaxis()
    axes.set(xlabel=say(_("parameters")), xlim=(0, 1.2 * max(counts, default=1)))
    axes.xaxis.set_major_formatter(lambda value, _position: grouped(int(value)))
    axes.grid(axis="y", visible=False)
    axes.set_title(say(_("{total} parameters in all"), total=grouped(model.count_params())))
    return figure


def _layer_title(layer: Any) -> str:
    units = getattr(layer, "units", getattr(layer, "filters", None))
    kind = type(layer).__name__
    return kind if units is None else f"{kind} {units}"


def plot_modes(model: Any, x: Any, y: Any) -> None:
    """Show what probability `model` gives to the right class of one image of `x`, over 200 passes in each mode.

    The image is one about which the model hesitates: in inference mode its probability is nearest to 60 %.
    """
    inference = np.asarray(model(x, training=False))[np.arange(len(y)), y]
    chosen = int(np.argmin(np.abs(inference - HESITATION)))
    same = np.repeat(np.asarray(x[chosen])[None], PASSES, axis=0)
    training = np.asarray(model(same, training=True))[:, int(y[chosen])]
    show(
        modes_figure(training, float(inference[chosen])),
        say(
            _("Probability of the right class: from {low} to {high} in training mode, {one} in inference mode"),
            low=number(float(training.min()), 2),
            high=number(float(training.max()), 2),
            one=number(float(inference[chosen]), 2),
        ),
    )


@styled
def modes_figure(training: Any, inference: float) -> Figure:
    """A histogram of the passes in training mode, and a line at the single value of inference."""
    figure, axes = new_figure(size=(6.4, 2.9))
    axes.hist(training, bins=np.linspace(0, 1, 26), color=TRAINING, alpha=0.75, label=say(_("training mode")))
    axes.axvline(inference, color=VALIDATION, linewidth=2.5, linestyle=(0, (5, 1.5)), label=say(_("inference mode")))
    axes.set(xlim=(0, 1), xlabel=say(_("probability of the right class")), ylabel=say(_("passes")))
    axes.xaxis.set_major_formatter(lambda value, _position: number(value))
    axes.legend(loc="best", labelcolor=INK)
    axes.tick_params(colors=MUTED)
    return figure
