"""The unit's charts: for a learner the curves of a comparison, for a class what strengths did to the gap.

The drawings have no colours of their own: classes of the page's style give them, in light and in dark.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from autograder.i18n import _, number, translate
from autograder.units.regularization.effects import of_class

__all__ = ["of_check", "of_class"]

SIZE = 400  # of a drawing to both sides; the page's style stretches it
Curves = Mapping[str, Sequence[float]]


def of_check(picture: Mapping[str, Any], language: str) -> Markup:
    """The picture of a comparison (see `Comparison.picture`) as a figure with a caption; empty without one.

    What is finite is drawn, and what is not is said.
    """
    if not all(name in picture for name in ("given", "theirs")):
        return Markup()
    given, theirs = (_finite(picture[name]) for name in ("given", "theirs"))
    top = _ceiling(max((v for c in (given, theirs) for series in c.values() for v in series), default=1.0))
    panels = _panel(given, _("Given model"), top, language) + _panel(theirs, _("Your model"), top, language)
    key = "".join(
        f'<span class="key"><svg viewBox="0 0 24 10" aria-hidden="true"><path class="{kind}" d="M1 5H23"/></svg>'
        f"{escape(translate(text, language))}</span>"
        for kind, text in (("held", HELD_OUT), ("train", TRAINING))
    )
    return Markup(  # noqa: S704
        f'<figure class="curves"><p class="keys">{key}</p><div class="panels">{panels}</div>'
        f"{_reduction(picture.get('reduction', ()), language)}</figure>"
    )


def _finite(data: Curves) -> Curves:
    """Both curves up to the first epoch in which one of them is not finite."""
    pairs = list(zip(data["train"], data["held_out"], strict=False))
    end = next((i for i, pair in enumerate(pairs) if not all(map(math.isfinite, pair))), len(pairs))
    return {"train": list(data["train"][:end]), "held_out": list(data["held_out"][:end])}


def _reduction(reduction: Sequence[float], language: str) -> str:
    """The range of the reduction with the figure's caption; a sentence where there is none."""
    if len(reduction) != 3 or not all(map(math.isfinite, reduction)):
        return f"<figcaption>{escape(translate(NOT_COMPARED, language))}</figcaption>"
    low, middle, high = (100 * v for v in reduction)
    caption = translate(ONE if low == high else CAPTION, language, middle=middle, low=low, high=high)
    if middle < 0:
        caption = translate(WORSE, language, middle=-middle, low=low, high=high)
    return f"{_range_bar(low, middle, high, language)}<figcaption>{escape(caption)}</figcaption>"


TRAINING = _("training images")
HELD_OUT = _("images kept for grading")
CAPTION = _(
    "Your model closes {middle:.0f} % of the given model's gap (median; from {low:.0f} % to {high:.0f} % over the "
    "seeds). Curves: median cross-entropy, without penalty, epoch by epoch; the gap is shaded."
)
ONE = _(
    "Your model closes {middle:.0f} % of the given model's gap. That is so far beyond what is asked that one training "
    "of each model was enough. Curves: cross-entropy, without penalty, epoch by epoch; the gap is shaded."
)
WORSE = _(
    "Your model's gap is {middle:.0f} % larger than the given model's (median; the reduction goes from {low:.0f} % to "
    "{high:.0f} % over the seeds). Curves: median cross-entropy, without penalty, epoch by epoch; the gap is shaded."
)
NOT_COMPARED = _(
    "The training of your model came to losses that are not finite (NaN or infinity), so its gap cannot be compared "
    "with the given model's. Curves: median cross-entropy, without penalty, epoch by epoch, as far as they are finite."
)
NOTHING = _("{title}: no epoch of its training has a finite cross-entropy.")
PANEL = _(
    "{title}: after {epochs} epochs the cross-entropy is {train:.2f} on training images and {held:.2f} on images kept "
    "for grading, a gap of {gap:.2f}."
)


def _panel(data: Curves, title: str, top: float, language: str) -> str:
    train, held = list(data["train"]), list(data["held_out"])
    name = translate(title, language)
    if not train:
        said = escape(translate(NOTHING, language, title=name))
        return f'<div class="panel"><p class="panel-title">{escape(name)}</p><p>{said}</p></div>'
    values = {"title": name, "epochs": len(train), "train": train[-1], "held": held[-1], "gap": held[-1] - train[-1]}
    spoken = escape(translate(PANEL, language, **values))
    up, down = _points(held, top), _points(train, top)
    gap = f"M{' L'.join(up)} L{' L'.join(reversed(down))}Z"
    label = escape(translate(_("{title}: gap {gap:.2f}"), language, title=name, gap=held[-1] - train[-1]))
    epoch = escape(translate(_("epoch"), language))
    lines = "".join(f'<path class="grid" d="M0 {y}H{SIZE}"/>' for y in range(0, SIZE + 1, SIZE // 4))
    return (
        f'<div class="panel"><p class="panel-title">{label}</p><div class="plot">'
        f"{_ticks('up', _heights(top, language))}"
        f'<svg viewBox="0 0 {SIZE} {SIZE}" preserveAspectRatio="none" role="img" aria-label="{spoken}">{lines}'
        f'<path class="gap" d="{gap}"/><path class="train" d="M{" L".join(down)}"/>'
        f'<path class="held" d="M{" L".join(up)}"/></svg>'
        f"{_ticks('along', [f'{epoch} 0', str(len(train) - 1)])}</div></div>"
    )


def _heights(top: float, language: str) -> list[str]:
    """What stands beside the lines, from above, all with as many decimals."""
    values = [top * step / 4 for step in range(4, -1, -1)]
    spec = ".1f" if all(abs(round(v, 1) - v) < 1e-9 for v in values) else ".2f"
    return [number(v, language, spec) for v in values]


def _ticks(where: str, labels: Sequence[str]) -> str:
    """What stands at an axis, evenly spaced: beside the drawing, so that no curve lies under it."""
    return f'<div class="ticks {where}" aria-hidden="true">{"".join(f"<span>{text}</span>" for text in labels)}</div>'


def _points(series: Sequence[float], top: float) -> list[str]:
    last = max(1, len(series) - 1)
    return [f"{SIZE * i / last:.1f} {SIZE * (1 - min(max(v, 0), top) / top):.1f}" for i, v in enumerate(series)]


def _ceiling(value: float) -> float:
    """The next number at or above `value` whose quarters are short."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 1.2, 1.6, 2, 2.4, 3, 4, 6, 8, 10) if m * power >= value)


def _range_bar(low: float, middle: float, high: float, language: str) -> str:
    """Where the reduction lies between none and all of the gap: a dot for the median, a bar for the range."""
    start = min(0, 20 * math.floor(max(low, -100) / 20))

    def x(value: float) -> float:
        return SIZE * (min(max(value, start), 100) - start) / (100 - start)

    steps = range(start, 101, 20 if start >= -40 else 40)
    ticks = "".join(f'<path class="grid" d="M{x(t):.1f} 0V{SIZE}"/>' for t in steps)
    title = escape(translate(_("Share of the gap that is gone"), language))
    return (
        f'<div class="range"><p class="panel-title">{title}</p>'
        f'<svg viewBox="0 0 {SIZE} {SIZE}" preserveAspectRatio="none" aria-hidden="true">{ticks}'
        f'<path class="spread" d="M{x(low):.1f} {SIZE // 2}H{x(high):.1f}"/>'
        f'<path class="median" d="M{x(middle):.1f} {SIZE // 2}h0.1"/></svg>'
        f"{_ticks('along', [f'{t} %' for t in steps])}</div>"
    )
