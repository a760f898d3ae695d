"""What the trained models of a class did to the gap, against the strength of their regularization."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from autograder.feedback import drawing
from autograder.feedback.charts import ClassCharts
from autograder.i18n import _, translate

KINDS = {"l1": "L1", "l2": "L2", "rate": "Dropout"}
DOTS = 2_000  # drawn in a picture
TITLE = _("What the models did to the gap")
TEXT = _(
    "Each mark is one learner's model, trained by us with the same seeds: the share of the given model's gap that is "
    "gone, against the strength of its regularization. A model at the far right may have closed the gap by learning "
    "nothing."
)


@dataclass(frozen=True)
class Effect:
    """One model that was trained: the strength of its regularization, and the share of the gap that is gone."""

    task: str
    kind: str
    strength: float
    reduction: float


def of_class(found: Sequence[tuple[str, Mapping[str, Any]]], language: str) -> ClassCharts | None:
    """One picture a task, penalties and Dropout apart, since λ and a rate have no common axis."""
    groups: dict[tuple[str, bool], list[Effect]] = defaultdict(list)
    effects = list(_effects(found))
    for effect in effects:
        groups[effect.task, effect.kind == "rate"].append(effect)
    figures = [
        (task, _key(sorted({e.kind for e in group}), language) + _scatter(group[:DOTS], language))
        for (task, _rate), group in sorted(groups.items())
    ]
    title, text = translate(TITLE, language), translate(TEXT, language)
    return ClassCharts(title, text, figures, [asdict(e) for e in effects]) if figures else None


def _effects(found: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Effect]:
    """Of all pictures that hold finite numbers: a model that collapsed has no place on the axes."""
    for task, picture in found:
        reduction = picture.get("reduction", [])
        strengths = picture.get("strengths", {}) if reduction and math.isfinite(reduction[1]) else {}
        for kind, value in strengths.items():
            if math.isfinite(value):
                yield Effect(task, kind, float(value), float(reduction[1]))


def _scatter(effects: Sequence[Effect], language: str) -> Markup:
    """Share of the gap that is gone against λ (logarithmic) or against the rate (linear)."""
    rate = all(e.kind == "rate" for e in effects)
    scale = _Linear(0, 1) if rate else _Logarithmic([e.strength for e in effects])
    low = min(0.0, math.floor(min(max(e.reduction, -1.0) for e in effects) * 5) / 5)
    parts = []
    for step in range(round((1 - low) * 5) + 1):
        value = low + step / 5
        y = _height(value, low)
        parts.append(f'<path class="grid" d="M{drawing.LEFT} {y:.1f}H{drawing.WIDTH - drawing.RIGHT}"/>')
        parts.append(f'<text x="{drawing.LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{round(100 * value)} %</text>')
    for tick in scale.ticks():
        parts.append(drawing.tick(scale(tick), tick, language))
    parts += [_dot(scale(e.strength), _height(e.reduction, low), e.kind) for e in effects]
    parts.append(drawing.label(_("rate") if rate else "λ", language))
    words = translate(
        _("{count} models: share of the gap that is gone, against the strength of the regularization."),
        language, count=len(effects),
    )  # fmt: skip
    return drawing.svg("".join(parts), words)


class _Linear:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return drawing.LEFT + 14 + (drawing.WIDTH - drawing.LEFT - drawing.RIGHT - 28) * share

    def ticks(self) -> list[float]:
        return [self.low + (self.high - self.low) * i / 5 for i in range(6)]


class _Logarithmic(_Linear):
    def __init__(self, values: Sequence[float]) -> None:
        low = math.floor(math.log10(max(min(values), 1e-9)))
        super().__init__(low, max(low + 1, math.ceil(math.log10(max(*values, 1e-9)))))

    def __call__(self, value: float) -> float:
        return super().__call__(math.log10(max(value, 1e-9)))

    def ticks(self) -> list[float]:
        step = max(1, math.ceil((self.high - self.low) / 8))
        return [10.0**e for e in range(int(self.low), int(self.high) + 1, step)]


def _height(value: float, low: float) -> float:
    share = (min(max(value, low), 1.0) - low) / (1 - low)
    return drawing.HEIGHT - drawing.BOTTOM - (drawing.HEIGHT - drawing.TOP - drawing.BOTTOM) * share


def _dot(x: float, y: float, kind: str) -> str:
    """A form and a colour for each kind: colour alone would not tell them apart."""
    if kind == "l1":
        return f'<path class="dot first" d="M{x:.1f} {y - 5:.1f}l5 9h-10z"/>'
    if kind == "l2":
        return f'<rect class="dot second" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
    return f'<circle class="dot third" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'


def _key(kinds: Sequence[str], language: str) -> Markup:
    """What the forms mean."""
    found = "".join(
        f'<span class="key"><svg viewBox="0 0 14 14" aria-hidden="true">{_dot(7, 7, kind)}</svg>{KINDS[kind]}</span>'
        for kind in kinds
    )
    return Markup(f'<p class="keys">{found}</p>')  # noqa: S704
