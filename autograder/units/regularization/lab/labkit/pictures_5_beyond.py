"""Pictures of the notebook 5_beyond."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .messages import _, number, say
from .theme import TRAINING, VALIDATION, bare, new_figure, show, styled

Array = npt.NDArray[Any]
ROWS, UNITS = 10, 12
SIGNED = LinearSegmentedColormap.from_list("signed", [TRAINING, "#f4f4f4", VALIDATION])
STRENGTH = LinearSegmentedColormap.from_list("strength", ["#f4f4f4", VALIDATION])


def plot_groups() -> None:
    """Show the same kernel shrunk by L1 (zeros everywhere) and by a group penalty (whole units off)."""
    show(
        groups_figure(),
        say(
            _(
                "Two kernels, one column per unit. L1 puts scattered weights to zero; "
                "the group penalty puts whole columns to zero."
            )
        ),
    )


@styled
def groups_figure() -> Figure:
    """The proximal step of each penalty on one random kernel, in which half of the units are weak."""
    rng = np.random.default_rng(4)
    kernel = rng.normal(size=(ROWS, UNITS)) * np.where(np.arange(UNITS) % 2, 1.0, 0.35)
    figure, grid = new_figure(1, 2, (8.6, 3.4))
    drawings = (
        (_("L1: single weights"), shrink_each(kernel, 0.45)),
        (_("groups: whole units"), shrink_units(kernel, 1.7)),
    )
    for axes, (title, values) in zip(grid, drawings, strict=True):
        _draw_kernel(axes, values)
        axes.set_title(say(title))
        axes.set_xlabel(say(_("units")))
        axes.set_ylabel(say(_("inputs")))
    return figure


def shrink_each(kernel: Array, by: float) -> Array:
    """Soft thresholding: each weight moves by `by` towards zero, no further (proximal operator of L1)."""
    return np.sign(kernel) * np.maximum(np.abs(kernel) - by, 0)


def shrink_units(kernel: Array, by: float) -> Array:
    """Each column's norm shrinks by `by`, not below zero (proximal operator of the group penalty)."""
    norms = np.linalg.norm(kernel, axis=0)
    return np.asarray(kernel * np.maximum(1 - by / norms, 0))


def _draw_kernel(axes: Axes, values: Array) -> None:
    axes.pcolormesh(values, cmap=SIGNED, vmin=-2, vmax=2, edgecolors="white", linewidth=1)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for row, unit in zip(*np.nonzero(values == 0), strict=True):
        axes.text(unit + 0.5, row + 0.5, "0", ha="center", va="center", fontsize=7, color="#1b1b1f")


def plot_cosines(kernel: Any) -> None:
    """Show |cos| between the weight vectors of each pair of units of a kernel (inputs, units)."""
    cosines = unit_cosines(kernel)
    show(
        cosines_figure(cosines),
        say(_("Mean of |cos| between two units: {mean}"), mean=number(mean_off(cosines), 2)),
    )


def unit_cosines(kernel: Any) -> Array:
    """|cos| of the angle between each two columns of `kernel`: (units, units)."""
    weights = np.asarray(kernel)
    unit = weights / np.maximum(np.linalg.norm(weights, axis=0), 1e-12)
    return np.asarray(np.abs(unit.T @ unit))


def mean_off(cosines: Array) -> float:
    """Their mean outside the diagonal."""
    n = len(cosines)
    return float((cosines.sum() - np.trace(cosines)) / (n * (n - 1)))


@styled
def cosines_figure(cosines: Array) -> Figure:
    """A square for each pair of units; a unit with itself is left blank."""
    figure, axes = new_figure(size=(4.6, 3.7))
    hidden = np.ma.masked_array(cosines, np.eye(len(cosines), dtype=bool))
    mesh = axes.pcolormesh(hidden, cmap=STRENGTH, vmin=0, vmax=0.5, rasterized=True)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set(xlabel=say(_("unit")), ylabel=say(_("unit")))
    axes.set_title(say(_("mean of |cos|: {mean}"), mean=number(mean_off(cosines), 2)))
    bar = figure.colorbar(mesh, ax=axes, label="|cos|", extend="max")
    bar.ax.yaxis.set_major_formatter(lambda value, _position: number(value))
    return figure


def plot_noise_layers() -> None:
    """Show what four layers make of the same three convolution maps in training mode."""
    show(
        noise_figure(),
        say(
            _(
                "Three maps of 6 × 6 activations. Dropout: single squares are zero. SpatialDropout2D: a whole "
                "map is zero. AlphaDropout: single squares have a negative value. GaussianDropout: every "
                "square is changed."
            )
        ),
    )


@styled
def noise_figure() -> Figure:
    """One column per layer, one row per map; a zero is marked."""
    import keras

    maps = _smooth_maps()
    layers = (
        None,
        keras.layers.Dropout(0.35, seed=1),
        keras.layers.SpatialDropout2D(0.35, seed=6),
        keras.layers.AlphaDropout(0.35, seed=3),
        keras.layers.GaussianDropout(0.35, seed=4),
    )
    figure, grid = new_figure(maps.shape[-1], len(layers), (9.6, 5.4))
    for column, layer in enumerate(layers):
        values = maps if layer is None else np.asarray(layer(maps, training=True))
        grid[0][column].set_title(say(_("activations")) if layer is None else type(layer).__name__, fontsize=9)
        for row in range(maps.shape[-1]):
            _draw_map(grid[row][column], values[0, ..., row])
    return figure


def _smooth_maps() -> Array:
    """Three smooth maps (1, 6, 6, 3), as a convolution gives them: neighbours are alike."""
    across, down = np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 1, 6))
    maps = [0.5 + across, 0.5 + down, 0.4 + 1.2 * np.exp(-8 * ((across - 0.5) ** 2 + (down - 0.5) ** 2))]
    return np.stack(maps, axis=-1)[None].astype("float32")


def _draw_map(axes: Axes, values: Array) -> None:
    axes.pcolormesh(values, cmap=SIGNED, vmin=-2.5, vmax=2.5, edgecolors="white", linewidth=0.7)
    bare(axes)
    axes.invert_yaxis()
    for row, column in zip(*np.nonzero(values == 0), strict=True):
        axes.text(column + 0.5, row + 0.5, "0", ha="center", va="center", fontsize=7, color="#1b1b1f")
