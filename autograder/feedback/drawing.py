"""Charts as SVG: what those of the report and those of a unit have in common. Each is said in words beside it."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from autograder.i18n import _, number, translate

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 40


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
        parts.append(tick(x, low, language))
    parts.append(tick(WIDTH - RIGHT, maximum, language))
    parts.append(label(_("points"), language))
    words = translate(_("Number of learners by points: {counts}"), language, counts="; ".join(spoken))
    return svg("".join(parts), words)


def tick(x: float, value: float, language: str) -> str:
    """A number below the axis."""
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(value, language)}</text>'


def label(text: str, language: str) -> str:
    """What the axis shows; `text` is in the catalog."""
    middle = (LEFT + WIDTH) / 2
    return f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(translate(text, language))}</text>'


def svg(content: str, words: str) -> Markup:
    """A drawing, said in words."""
    return Markup(  # noqa: S704
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">{content}</svg>'
    )
