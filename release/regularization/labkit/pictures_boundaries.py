"""What a net does with two interleaved classes of points: alone, with L2, with Dropout."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from .messages import _, listed, number, say
from .theme import INK, PAPER, TRAINING, VALIDATION, new_figure, show, styled

GRIDS = Path(__file__).parent / "boundaries.json"  # made by scripts/make_boundaries in the project


def plot_boundaries() -> None:
    """Show where the same net draws the line between two classes without regularization, with L2 and with Dropout."""
    found = json.loads(GRIDS.read_text(encoding="utf-8"))
    losses = listed({_title(name): way["new"] for name, way in found["ways"].items()})
    show(
        boundaries_figure(found),
        say(_("The line between two classes, drawn by one net in three ways; loss on new points: {losses}"),
            losses=losses),
    )  # fmt: skip


@styled
def boundaries_figure(found: dict[str, Any]) -> Figure:
    """One panel for each way: the probability as colour, the line where both classes are equally likely, the points."""
    figure, grid = new_figure(1, len(found["ways"]), (9.0, 3.0), sharey=True)
    points, classes = np.array(found["points"]), np.array(found["classes"])
    for axes, (name, way) in zip(grid, found["ways"].items(), strict=True):
        chance = np.array(way["chance"])
        x = np.linspace(found["across"][0], found["across"][1], chance.shape[1])
        y = np.linspace(found["up"][0], found["up"][1], chance.shape[0])
        ends = (*found["across"], *found["up"])
        axes.imshow(_coloured(chance / 100), extent=ends, origin="lower", interpolation="none")
        axes.contour(x, y, chance, (50,), colors=INK, linewidths=1.6)
        for which, marker, colour in ((0, "o", TRAINING), (1, "s", VALIDATION)):
            axes.scatter(*points[classes == which].T, s=22, marker=marker, color=colour, edgecolor=PAPER, linewidth=0.8)
        text = say(_("training {training}\nnew points {new}"), training=number(way["training"]), new=number(way["new"]))
        axes.set(title=_title(name), xlabel=text, xticks=[], yticks=[], aspect="equal")
        axes.grid(visible=False)
    return figure


def _coloured(chance: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The colour of the likelier class for each probability, the paler the less sure."""
    likelier = np.where(chance[..., None] > 0.5, to_rgb(VALIDATION), to_rgb(TRAINING))
    return np.concatenate([likelier, 0.04 + 0.8 * np.abs(chance - 0.5)[..., None]], axis=-1)


def _title(name: str) -> str:
    titles = {"l2": f"L2, λ = {number(0.01)}", "dropout": f"Dropout {number(0.5)}"}
    return titles.get(name) or say(_("no regularization"))
