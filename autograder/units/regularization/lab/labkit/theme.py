"""Figures that are legible on a light and on a dark page.

A figure is drawn with placeholder colours for text, secondary text, grid and background. Shown as SVG inside the
page, they become the page's own text colour (`currentColor`) and background, so the figure follows JupyterLab's
theme. With the environment variable LAB_FIGURES=png (set by programs that keep images only) it is a PNG on white.
"""

import io
import os
import re
from html import escape
from typing import Any

from IPython.display import display
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b1b1f", "#6b6b70", "#c9c9ce", "#fefeff"
DPI = 110  # of a PNG
TRAINING, VALIDATION, ACCENT = "#2f7ed8", "#d9730d", "#2a9d63"  # 3:1 or more on white and on #111111
PAGE_COLOURS = {
    INK: "currentColor",
    MUTED: "color-mix(in srgb, currentColor 72%, transparent)",
    GRID: "color-mix(in srgb, currentColor 20%, transparent)",
    PAPER: "var(--jp-layout-color0, Canvas)",
}
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
}


styled = rc_context(STYLE)  # decorates the functions that draw


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 3.4), **grid: Any
) -> tuple[Figure, Any]:
    """A figure outside pyplot's state and its axes, in this style. `size` is width × height in inches."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **grid)


def bare(axes: Axes) -> None:
    """Take away ticks, grid and frame: for drawings that are no charts."""
    axes.set_axis_off()
    axes.set_aspect("equal")


class Picture:
    """A figure and its description in words (for screen readers, and for a terminal)."""

    def __init__(self, figure: Figure, description: str) -> None:
        self.figure, self.description = figure, description

    def __repr__(self) -> str:
        return self.description

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if os.environ.get("LAB_FIGURES") == "png":
            return {"image/png": self._png(), "text/plain": self.description}
        return {"text/html": self.html(), "text/plain": self.description}

    def _png(self) -> bytes:
        buffer = io.BytesIO()
        self._lay_out(DPI)
        self.figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
        return buffer.getvalue()

    def _lay_out(self, dpi: int) -> None:
        """Find the places of everything, once: while a figure has an engine for that, `savefig` draws it twice."""
        self.figure.set_dpi(dpi)
        engine = self.figure.get_layout_engine()
        if engine is not None:
            engine.execute(self.figure)
            self.figure.set_layout_engine()

    @styled
    def html(self) -> str:
        """The figure as SVG to put inside a page, in the page's colours, never wider than the page."""
        buffer = io.StringIO()
        self._lay_out(72)  # of SVG, in matplotlib
        self.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        svg = buffer.getvalue()
        svg = svg[svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>|<style type=.*?</style>", "", svg, flags=re.S)
        svg = re.sub(r"font: ([^;\"]*?)px [^;\"]*", r"font: \1px system-ui, sans-serif", svg)
        for drawn, shown in PAGE_COLOURS.items():
            svg = svg.replace(drawn, shown)
        svg = re.sub(r"<[^>]+>", _shortened, re.sub(r"\s*\n\s*", " ", svg))
        width = self.figure.get_figwidth() * 96
        opening = (
            f'<svg role="img" aria-label="{escape(self.description)}" stroke-linejoin="round" '
            f'style="width: {width:.0f}px; max-width: 100%; height: auto" viewBox'
        )
        return re.sub(r"<svg .*?viewBox", opening, svg, count=1, flags=re.S)


def _shortened(tag: re.Match[str]) -> str:
    """A tag whose coordinates have two decimals: a hundredth of a point is enough. Text is left as it is."""
    return re.sub(r"(\.\d\d)\d+", r"\1", tag[0])


def show(figure: Figure, description: str) -> None:
    """Show `figure` under the running cell."""
    display(Picture(figure, description))
