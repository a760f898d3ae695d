"""The pictures of the lessons on L1 and L2."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from .messages import _, number, say
from .theme import ACCENT, INK, MUTED, PAPER, TRAINING, VALIDATION, new_figure, show, styled

MINIMUM = np.array([1.1, 1.9])  # of the data loss in plot_penalty_contours
CURVATURE = np.array([[1.0, -0.35], [-0.35, 1.6]])
LEVELS = (0.06, 0.27, 0.6, 1.5, 2.1)  # of the other contours, as multiples of the one that touches


def plot_penalty_contours() -> None:
    """Show where the data loss and a penalty balance for two weights: L1's corners against L2's circle."""
    show(
        contours_figure(),
        say(
            _(
                "Two weights: the data loss's contours touch L1's diamond at a corner, where one weight is 0,"
                " and L2's circle beside it, where both are small."
            )
        ),
    )


@styled
def contours_figure() -> Figure:
    """Two panels, L1 and L2, each with the data loss's contours and the largest penalty ball they touch."""
    figure, panels = new_figure(1, 2, (6.8, 3.4))
    for axes, title, ball in zip(panels, ("L1", "L2"), (_diamond, _circle), strict=True):
        outline = ball()
        losses = [_data_loss(point) for point in outline]
        best = outline[int(np.argmin(losses))]
        _draw_data_loss(axes, min(losses))
        axes.fill(*outline.T, color=TRAINING, alpha=0.2, linewidth=0)
        axes.plot(*outline.T, color=TRAINING, linewidth=2)
        axes.plot(*best, marker="o", markersize=9, color=VALIDATION)
        axes.set_title(title)
        axes.set_xlabel("$w_1$")
        axes.set_ylabel("$w_2$")
    return figure


def _data_loss(point: Any) -> float:
    offset = np.asarray(point) - MINIMUM
    return float(offset @ CURVATURE @ offset)


def _diamond() -> Any:
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]], float)
    steps = np.linspace(0, 4, 401)
    return np.column_stack([np.interp(steps, range(5), corners[:, i]) for i in range(2)])


def _circle() -> Any:
    angles = np.linspace(0, 2 * np.pi, 401)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def _draw_data_loss(axes: Axes, touching: float) -> None:
    """The contours of the data loss; the one that touches the ball, at the level `touching`, stands out."""
    across, up = np.meshgrid(np.linspace(-1.5, 2.6, 120), np.linspace(-1.5, 3.1, 120))
    height = np.apply_along_axis(_data_loss, 2, np.dstack([across, up]))
    axes.contour(across, up, height, levels=touching * np.array(LEVELS), colors=[MUTED], linewidths=0.9)
    axes.contour(across, up, height, levels=[touching], colors=[VALIDATION], linewidths=1.6)
    axes.plot(*MINIMUM, marker="+", markersize=10, color=INK)
    label = axes.annotate(say(_("data alone")), tuple(MINIMUM), (0, 9), textcoords="offset points", ha="center")
    label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1})
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.grid(False)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def plot_penalty_slopes() -> None:
    """Show λ|w| and λw² and their slopes: what pulls on a weight, and how hard when it is small already."""
    show(
        slopes_figure(),
        say(_("L1's pull on a weight is the same however small it is; L2's pull fades as the weight nears 0.")),
    )


@styled
def slopes_figure() -> Figure:
    """The penalties (left) and their slopes (right) over one weight."""
    figure, (values, slopes) = new_figure(1, 2, (6.8, 2.9), sharex=True)
    weight = np.linspace(-1.5, 1.5, 301)
    for axes, l1, l2 in (
        (values, np.abs(weight), weight**2),
        (slopes, np.where(weight == 0, np.nan, np.sign(weight)), 2 * weight),
    ):
        axes.plot(weight, l1, color=VALIDATION, linewidth=2, label="L1")
        axes.plot(weight, l2, color=TRAINING, linewidth=2, linestyle=(0, (5, 1.5)), label="L2")
        axes.set_xlabel("$w$")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
    values.set_title(say(_("penalty (λ = 1)")))
    slopes.set_title(say(_("its slope: the pull on w")))
    values.legend(loc="upper center")
    return figure


def plot_weights(models: Mapping[str, Any]) -> None:
    """Show how the weights of each model's first Dense kernel are spread. `models`: title → trained model."""
    show(
        weights_figure(models),
        say(_("Histograms of the hidden layer's weights of {models}"), models=", ".join(models)),
    )


@styled
def weights_figure(models: Mapping[str, Any]) -> Figure:
    """One histogram per model on shared axes; counts are logarithmic, so that few large weights show."""
    if not models:
        raise ValueError(say(_("There is nothing to draw: the dict of models is empty.")))
    figure, grid = new_figure(1, len(models), (2.6 * len(models) + 1, 2.7), sharex=True, sharey=True, squeeze=False)
    bins = np.linspace(-0.4, 0.4, 81)
    for axes, (title, model) in zip(grid[0], models.items(), strict=True):
        kernel = next(np.asarray(w) for w in model.weights if len(w.shape) == 2)
        counts, _edges = np.histogram(np.clip(kernel.ravel(), -0.4, 0.4), bins)
        axes.stairs(counts, bins, fill=True, color=ACCENT)
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())  # eight more ticks a decade take half of the drawing's time
        axes.set_title(title)
        axes.set_xlabel("$w$")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
    grid[0][0].set_ylim(bottom=0.7)  # from one weight on, so that there are whole decades to read
    grid[0][0].set_ylabel(say(_("number of weights")))
    return figure
