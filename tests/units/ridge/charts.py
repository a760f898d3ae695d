"""The unit's charts: what a learner's alpha did to the errors, and which alphas a class chose."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from autograder.feedback import drawing
from autograder.feedback.charts import ClassCharts
from autograder.i18n import _, number, translate

ROWS = (("train", _("rows that you have")), ("held", _("rows kept for grading")))
SPOKEN = _(
    "Mean squared error without a penalty and with your alpha: {train0:.0f} and {train1:.0f} on rows that you have, "
    "{new0:.0f} and {new1:.0f} on rows kept for grading."
)


def of_check(picture: Mapping[str, Any], language: str) -> Markup:
    """Two lines from no penalty to the learner's alpha, one for each kind of rows; empty for another picture."""
    if not {"alpha", "before", "after"} <= picture.keys():
        return Markup()
    before, after = picture["before"], picture["after"]
    spoken = translate(SPOKEN, language, train0=before[0], train1=after[0], new0=before[1], new1=after[1])
    starts, stops = _heights(before, before + after), _heights(after, before + after)
    keys, lines = [], []
    for (kind, text), start, end in zip(ROWS, starts, stops, strict=True):
        lines.append(f'<path class="{kind}" d="M60 {start:.0f}L280 {end:.0f}"/>')
        keys.append(
            f'<span class="key"><svg viewBox="0 0 24 10" aria-hidden="true"><path class="{kind}" d="M1 5H23"/></svg>'
            f"{escape(translate(text, language))}</span>"
        )
    ends = (60, translate(_("no penalty"), language)), (280, f"alpha = {number(picture['alpha'], language, '.3g')}")
    words = "".join(f'<text x="{x}" y="190" text-anchor="middle">{escape(text)}</text>' for x, text in ends)
    return Markup(
        f'<figure class="curves"><p class="keys">{"".join(keys)}</p><div class="range"><svg viewBox="0 0 340 200" '
        f'role="img" aria-label="{escape(spoken)}">{words}{"".join(lines)}</svg></div>'
        f"<figcaption>{escape(spoken)}</figcaption></figure>"
    )


def _heights(values: Sequence[float], everything: Sequence[float]) -> list[float]:
    return [170 - 150 * value / max(*everything, 1) for value in values]


def of_class(found: Sequence[tuple[str, Mapping[str, Any]]], language: str) -> ClassCharts | None:
    """How many learners chose an alpha of each power of 10; None where nobody did."""
    alphas = [float(picture["alpha"]) for _task, picture in found if "alpha" in picture]
    if not alphas:
        return None
    counts = Counter(min(9, max(-9, math.floor(math.log10(alpha)))) for alpha in alphas)
    text = translate(_("Where the error on new rows is least is told by no learner's page."), language)
    rows = [{"power": power, "learners": count} for power, count in sorted(counts.items())]
    figure = _bars(counts, language)
    return ClassCharts(translate(_("The alphas that were chosen"), language), text, [("best_alpha", figure)], rows)


def _bars(counts: Mapping[int, int], language: str) -> Markup:
    powers = range(min(-2, *counts), max(3, *counts) + 1)
    width = (drawing.WIDTH - drawing.LEFT - drawing.RIGHT) / len(powers)
    parts = [drawing.tick(drawing.LEFT + i * width, 10.0**power, language) for i, power in enumerate(powers)]
    for i, power in enumerate(powers):
        height = (drawing.HEIGHT - drawing.TOP - drawing.BOTTOM) * counts.get(power, 0) / max(counts.values())
        x, y = drawing.LEFT + i * width, drawing.HEIGHT - drawing.BOTTOM - height
        parts.append(f'<rect class="bar" x="{x + 2:.1f}" y="{y:.1f}" width="{width - 4:.1f}" height="{height:.1f}"/>')
    parts.append(drawing.label(_("alpha, from a power of 10 to the next"), language))
    told = "; ".join(f"{number(10.0**p, language)}: {counts.get(p, 0)}" for p in powers)
    words = translate(_("Learners by the alpha they chose: {counts}"), language, counts=told)
    return drawing.svg("".join(parts), words)
