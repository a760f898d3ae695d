"""What a unit draws of its checks' results. The engine knows neither what is in a picture nor how it looks.

A unit's module of charts (`Unit.charts`) has two functions, each of which may be left out:

    of_check(picture, language) → Markup          for the learner's page; empty when there is nothing to draw
    of_class(found, language) → ClassCharts       for the class report; None when there is nothing to draw

`picture` is what a check gave as `credit(..., picture=...)`: JSON. `found` has (task, picture) for every result of
the class that has one. Drawings bring no colours: classes of the page's style give them, in light and in dark (`grid`,
`bar`, `dot` with `first`, `second` or `third`; `train`, `held` and `gap` within `curves`).
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from autograder.unit import Unit

Picture = Mapping[str, Any]


@dataclass(frozen=True)
class ClassCharts:
    """A section of the class report: its title, a paragraph, (heading, drawing) of each figure.

    `rows`: what is drawn, as JSON, for other programs.
    """

    title: str
    text: str
    figures: Sequence[tuple[str, Markup]]
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Charts:
    """A unit's charts; draws nothing where a unit has none."""

    of_check: Callable[[Picture, str], Markup] = field(default=lambda picture, language: Markup())
    of_class: Callable[[Sequence[tuple[str, Picture]], str], ClassCharts | None] = field(
        default=lambda found, language: None
    )


def charts_of(unit: Unit | None) -> Charts:
    """The charts of a unit, or of none."""
    if unit is None or not unit.charts:
        return Charts()
    module = importlib.import_module(unit.charts)
    names = [name for name in ("of_check", "of_class") if hasattr(module, name)]
    return Charts(**{name: getattr(module, name) for name in names})
