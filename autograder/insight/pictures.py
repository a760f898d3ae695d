"""The report's pictures as SVG. Colours come from the page's style; each picture is said in words beside it."""

import math
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from autograder.i18n import _, number, translate
from autograder.insight.statistics import Effect

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 40
KINDS = {"l1": "L1", "l2": "L2", "rate": "Dropout"}


def bars(counts: Sequence[int], maximum: float, language: str) -> Markup:
    """How many learners have how many points."""
    top = max([*counts, 1])
    width = (WIDTH - LEFT - RIGHT) / len(counts)
    parts, spoken = [], []
    for i, count in enumerate(counts):
        low, high = maximum * i / len(counts), maximum * (i + 1) / len(counts)
        height = (HEIGHT - TOP - BOTTOM) * count / top
        x, y = LEFT + i * width, HEIGHT - BOTTOM - height
        parts.append(
            f'<rect class="bar" x="{x + 2:.1f}" y="{y:.1f}" width="{width - 4:.1f}" height="{height:.1f}" rx="2"/>'
        )
        if count:
            parts.append(
                f'<text class="value" x="{x + width / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle">{count}</text>'
            )
            spoken.append(f"{number(low, language)}–{number(high, language)}: {count}")
        parts.append(_tick(x, low, language))
    parts.append(_tick(WIDTH - RIGHT, maximum, language))
    parts.append(_label(_("points"), language))
    words = translate(_("Number of learners by points: {counts}"), language, counts="; ".join(spoken))
    return _svg("".join(parts), words)


def scatter(effects: Sequence[Effect], language: str) -> Markup:
    """Share of the gap that is gone against λ (logarithmic) or against the rate (linear)."""
    rate = all(e.kind == "rate" for e in effects)
    scale = _Linear(0, 1) if rate else _Logarithmic([e.strength for e in effects])
    low = min(0.0, math.floor(min(max(e.reduction, -1.0) for e in effects) * 5) / 5)
    parts = []
    for step in range(round((1 - low) * 5) + 1):
        value = low + step / 5
        y = _height(value, low)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{round(100 * value)} %</text>')
    for tick in scale.ticks():
        parts.append(_tick(scale(tick), tick, language))
    parts += [_dot(scale(e.strength), _height(e.reduction, low), e.kind) for e in effects]
    parts.append(_label(_("rate") if rate else "λ", language))
    words = translate(
        _("{count} models: share of the gap that is gone, against the strength of the regularization."),
        language, count=len(effects),
    )  # fmt: skip
    return _svg("".join(parts), words)


class _Linear:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return LEFT + 14 + (WIDTH - LEFT - RIGHT - 28) * share

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
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _dot(x: float, y: float, kind: str) -> str:
    """A form and a colour for each kind: colour alone would not tell them apart."""
    if kind == "l1":
        return f'<path class="dot l1" d="M{x:.1f} {y - 5:.1f}l5 9h-10z"/>'
    if kind == "l2":
        return f'<rect class="dot l2" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
    return f'<circle class="dot rate" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'


def key(kinds: Sequence[str], language: str) -> Markup:
    """What the forms mean."""
    found = "".join(
        f'<span class="key"><svg viewBox="0 0 14 14" aria-hidden="true">{_dot(7, 7, kind)}</svg>{KINDS[kind]}</span>'
        for kind in kinds
    )
    return Markup(f'<p class="keys">{found}</p>')  # noqa: S704


def _tick(x: float, value: float, language: str) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(value, language)}</text>'


def _label(text: str, language: str) -> str:
    middle = (LEFT + WIDTH) / 2
    return f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(translate(text, language))}</text>'


def _svg(content: str, words: str) -> Markup:
    return Markup(  # noqa: S704
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">{content}</svg>'
    )
