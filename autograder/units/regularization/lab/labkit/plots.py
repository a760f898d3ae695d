"""The two charts that every notebook uses: training curves with their gap, and a sweep over a strength."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .messages import _, listed, number, say
from .theme import ACCENT, INK, MUTED, TRAINING, VALIDATION, new_figure, show, styled

MOST_A_ROW = 3
LABEL = 0.15  # height of a line of text and its margins, as a share of a small panel
RATE = _("rate")  # the label of the sweeps over Dropout's rate


def plot_curves(histories: Any) -> None:
    """Show training and validation cross-entropy per epoch, the gap between them shaded.

    `histories` is what `train` returned, or a dict title → such a history (several models side by side,
    on one scale). Both curves are without penalty and in inference mode, so that they can be compared.
    """
    named = _named(histories)
    gaps = listed({title: _curves(history)[1][-1] - _curves(history)[0][-1] for title, history in named.items()})
    show(
        curves_figure(named),
        say(_("Cross-entropy per epoch in training and validation; last gap: {gaps}"), gaps=gaps),
    )


@styled
def curves_figure(named: Mapping[str, Any]) -> Figure:
    """One panel for each title → history, on shared axes."""
    columns = min(len(named), MOST_A_ROW)
    rows = -(-len(named) // columns)
    size = (6.4 if columns == 1 else 3.3 * columns, 3.3 * rows)
    figure, grid = new_figure(rows, columns, size, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for axes, (title, history) in zip(panels, named.items(), strict=False):
        _draw_curves(axes, title, *_curves(history))
    panels[0].set_ylim(bottom=0)  # the axis is shared, and a limit keeps what is drawn later from being seen
    panels[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes, history in zip(panels, named.values(), strict=False):
        _write_gap(axes, *_curves(history))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    for axes in panels[len(named) :]:
        axes.set_axis_off()
    for row in grid:
        row[0].set_ylabel(say(_("cross-entropy")))
    return figure


def _draw_curves(axes: Axes, title: str, training: Sequence[float], validation: Sequence[float]) -> None:
    epochs = np.arange(len(training))  # as in history.epoch
    axes.fill_between(epochs, training, validation, color=VALIDATION, alpha=0.16, linewidth=0)
    axes.plot(epochs, training, color=TRAINING, linewidth=2, label=say(_("training")))
    axes.plot(epochs, validation, color=VALIDATION, linewidth=2, linestyle=(0, (5, 1.5)), label=say(_("validation")))
    axes.set_title(title)
    axes.set_xlabel(say(_("epoch")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))


def _write_gap(axes: Axes, training: Sequence[float], validation: Sequence[float]) -> None:
    """Write the last gap where it hides no curve: between them, else above both, else below both."""
    end = slice(len(training) // 2, None)  # the label is as long as that
    lowest, highest = min(*training[end], *validation[end]), max(*training[end], *validation[end])
    top = axes.get_ylim()[1]
    if abs(validation[-1] - training[-1]) > LABEL * top:
        height, align, offset = (training[-1] + validation[-1]) / 2, "center", 0
    elif highest < (1 - LABEL) * top:
        height, align, offset = highest, "bottom", 4
    else:
        height, align, offset = lowest, "top", -4
    gap = say(_("gap {gap}"), gap=number(validation[-1] - training[-1], 2))
    axes.annotate(gap, (len(training) - 1, height), (-6, offset), textcoords="offset points", ha="right", va=align,
                  color=INK)  # fmt: skip


def _named(histories: Any) -> dict[str, Any]:
    """Title → history; one history alone has an empty title."""
    if isinstance(histories, Mapping) and not any(_is_curve(value) for value in histories.values()):
        if not histories:
            raise ValueError(say(_("There is nothing to draw: the dict of histories is empty.")))
        return {str(title): history for title, history in histories.items()}
    return {"": histories}


def _is_curve(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _curves(history: Any) -> tuple[list[float], list[float]]:
    """Training and validation cross-entropy of a history, or of its dict."""
    entries = getattr(history, "history", history)
    wanted = ("crossentropy", "val_crossentropy")
    if not isinstance(entries, Mapping) or any(name not in entries for name in wanted):
        raise ValueError(
            say(_("plot_curves needs what lab.train returned, or a dict title → such a history, not {kind}."),
                kind=type(history).__name__)
        )  # fmt: skip
    return list(entries[wanted[0]]), list(entries[wanted[1]])


def plot_sweep(val_losses: Mapping[float, float], label: str = "λ", log: bool = True) -> None:
    """Show a sweep: strength (λ or rate) → validation loss, and mark the lowest value.

    `label` names the horizontal axis ("rate" is shown in the folder's language); `log=False` draws it to scale, as
    suits Dropout's rate.
    """
    show(sweep_figure(val_losses, label, log), say(_("Validation loss for each value of {label}"), label=say(label)))


@styled
def sweep_figure(val_losses: Mapping[float, float], label: str, log: bool) -> Figure:
    """One point per value, the lowest one marked; with `log` the values stand at equal distances."""
    if not val_losses:
        raise ValueError(say(_("There is nothing to draw: the sweep is empty.")))
    strengths = sorted(val_losses)
    losses = [float(val_losses[s]) for s in strengths]
    best = int(np.argmin(losses))
    figure, axes = new_figure()
    places = np.arange(len(strengths)) if log else np.array(strengths)
    axes.plot(places, losses, color=VALIDATION, marker="o", linewidth=2)
    ring = {"markersize": 13, "markerfacecolor": "none", "markeredgewidth": 2, "color": ACCENT}
    axes.plot(places[best], losses[best], marker="o", **ring)
    axes.annotate(say(_("lowest")), (places[best], losses[best]), (0, -20), textcoords="offset points", ha="center")
    axes.set_xticks(places, [number(s) for s in strengths])
    axes.set_xlabel(say(label))
    axes.set_ylabel(say(_("validation cross-entropy")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: number(value)))
    axes.margins(y=0.25)
    axes.tick_params(colors=MUTED)
    return figure
