"""The pictures of the lessons on Dropout."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.ticker import FuncFormatter

from .data import class_names
from .messages import _, number, say
from .theme import ACCENT, GRID, INK, MUTED, TRAINING, VALIDATION, bare, new_figure, show, styled

LAYERS = (4, 6, 6, 3)  # units drawn of input, two hidden layers and output
HIDDEN = (1, 2)
SEED_OF_A_MIXED_MASK = 5  # each row of the mask has zeros and ones
DROPPED: tuple[dict[int, set[int]], ...] = ({}, {1: {0, 3, 4}, 2: {1, 2, 5}}, {1: {1, 2, 5}, 2: {0, 3, 4}})


def plot_dropout_mask() -> None:
    """Show a network at inference and in two training steps, which drop different hidden units."""
    show(
        mask_figure(),
        say(
            _(
                "One network three times: at inference all units work; each training step drops another half "
                "of the hidden units."
            )
        ),
    )


@styled
def mask_figure() -> Figure:
    """Three panels of the same network."""
    figure, panels = new_figure(1, 3, (7.6, 3.2))
    titles = (say(_("inference")), say(_("training, step 1")), say(_("training, step 2")))
    for axes, title, dropped in zip(panels, titles, DROPPED, strict=True):
        _draw_network(axes, dropped)
        axes.set_title(title)
    return figure


def _place(layer: int, unit: int) -> tuple[float, float]:
    return 1.5 * layer, unit - (LAYERS[layer] - 1) / 2


def _draw_network(axes: Axes, dropped: dict[int, set[int]]) -> None:
    bare(axes)
    links: list[tuple[float, float]] = []
    for layer, (here, there) in enumerate(pairwise(LAYERS)):
        for i in set(range(here)) - dropped.get(layer, set()):
            for j in set(range(there)) - dropped.get(layer + 1, set()):
                links += [_place(layer, i), _place(layer + 1, j), (np.nan, np.nan)]
    axes.plot(*np.transpose(links), color=MUTED, linewidth=0.4)
    for layer, count in enumerate(LAYERS):
        for unit in range(count):
            _draw_unit(axes, _place(layer, unit), layer, unit in dropped.get(layer, set()))
    axes.set_xlim(-0.6, 5.1)
    axes.set_ylim(-3.1, 3.1)


def _draw_unit(axes: Axes, place: tuple[float, float], layer: int, is_dropped: bool) -> None:
    colour = TRAINING if layer in HIDDEN else MUTED
    if is_dropped:
        axes.add_patch(
            Circle(place, 0.3, facecolor="none", edgecolor=VALIDATION, linestyle=":", linewidth=1.3, zorder=3)
        )
        axes.plot(*place, marker="x", color=VALIDATION, markersize=6, markeredgewidth=1.6)
    else:
        axes.add_patch(Circle(place, 0.3, facecolor=colour, edgecolor="none", zorder=3))


def plot_inverted_dropout(rate: float = 0.5) -> None:
    """Show a small batch of activations, the mask, and what inverted Dropout makes of them."""
    show(
        inverted_figure(rate),
        say(_("Activations times a mask of zeros and ones, divided by 1 − rate: the mean is kept on average.")),
    )


@styled
def inverted_figure(rate: float) -> Figure:
    """Three tables of numbers: activations, mask, result."""
    figure, panels = new_figure(1, 3, (7.6, 1.8))
    rng = np.random.default_rng(SEED_OF_A_MIXED_MASK)
    activations = rng.integers(1, 9, (3, 5)).astype(float)
    mask = (rng.random((3, 5)) >= rate).astype(float)
    results = activations * mask / (1 - rate)
    titles = (say(_("activations")), say(_("mask")), say(_("after Dropout({rate})"), rate=rate))
    for axes, title, values in zip(panels, titles, (activations, mask, results), strict=True):
        _draw_table(axes, values, mask)
        axes.set_title(title)
    return figure


def _draw_table(axes: Axes, values: Any, mask: Any) -> None:
    bare(axes)
    for (row, column), value in np.ndenumerate(values):
        kept = bool(mask[row, column])
        corner = (column + 0.05, -row + 0.05)
        face = (TRAINING, 0.22) if kept else (VALIDATION, 0.12)
        axes.add_patch(FancyBboxPatch(corner, 0.9, 0.9, boxstyle="round,pad=0,rounding_size=0.12",
                                      facecolor=face, edgecolor="none"))  # fmt: skip
        axes.text(column + 0.5, -row + 0.5, number(value), ha="center", va="center", color=INK if kept else MUTED)
    axes.set_xlim(-0.1, 5.1)
    axes.set_ylim(-2.1, 1.1)


def plot_dropout_places() -> None:
    """Show the model of the lesson layer by layer, and where Dropout has its place."""
    show(
        places_figure(),
        say(_("Dropout belongs after each hidden layer, not on the input and not on the output.")),
    )


@styled
def places_figure() -> Figure:
    """A row of boxes from the input to the output, with the two Dropout layers in colour."""
    figure, axes = new_figure(1, 1, (7.6, 1.5))
    bare(axes)
    axes.set_aspect("auto")
    hidden = (("Dense 64\nrelu", TRAINING), (f"Dropout\n{number(0.5)}", ACCENT))
    boxes = ((say(_("input")) + "\n784", MUTED), *hidden, *hidden, ("Dense 10\nsoftmax", MUTED))
    for place, (text, colour) in enumerate(boxes):
        axes.add_patch(FancyBboxPatch((place * 1.3, 0), 1, 1, boxstyle="round,pad=0,rounding_size=0.1",
                                      facecolor=(colour, 0.18), edgecolor=colour, linewidth=1.5))  # fmt: skip
        axes.text(place * 1.3 + 0.5, 0.5, text, ha="center", va="center")
        if place:
            axes.annotate(
                "",
                (place * 1.3, 0.5),
                (place * 1.3 - 0.3, 0.5),
                arrowprops={"arrowstyle": "->", "color": INK},
            )
    axes.set_xlim(-0.1, 7.6)
    axes.set_ylim(-0.1, 1.1)
    return figure


def plot_uncertainty(image: Any, mean: Any, deviation: Any) -> None:
    """Show an image beside its predicted probabilities, mean ± standard deviation over the stochastic passes.

    `image` has shape (28, 28) or (784,); `mean` and `deviation` have shape (10,).
    """
    names, best = class_names(), int(np.argmax(mean))
    show(
        uncertainty_figure(image, mean, deviation),
        say(
            _("Most probable class: {name}, {mean} ± {deviation}"),
            name=names[best],
            mean=number(mean[best], 2),
            deviation=number(deviation[best], 2),
        ),
    )


@styled
def uncertainty_figure(image: Any, mean: Any, deviation: Any) -> Figure:
    """The image on the left, one bar with its deviation per class on the right."""
    figure, (left, right) = new_figure(1, 2, (6.8, 3.0), width_ratios=[1, 2])
    left.imshow(np.asarray(image).reshape(28, 28), cmap="gray")
    left.set_axis_off()
    places = np.arange(10)
    right.barh(places, mean, color=TRAINING, xerr=deviation, error_kw={"ecolor": VALIDATION, "elinewidth": 2.5})
    right.set_yticks(places, class_names())
    right.invert_yaxis()
    right.set_xlim(0, 1.05)
    right.set_xlabel(say(_("probability: mean ± standard deviation")))
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
    right.grid(axis="x", color=GRID)
    return figure
