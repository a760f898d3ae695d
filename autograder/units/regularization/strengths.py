"""How strongly a model regularizes, read off its config: for the charts alone, never for a grade."""

from typing import Any


def strengths_in(config: Any) -> dict[str, float]:
    """The largest λ of L1 and of L2 and the largest rate of Dropout in a model's config, where there are any."""
    found: dict[str, float] = {}
    parts = list(config.values()) if isinstance(config, dict) else config if isinstance(config, list) else []
    if isinstance(config, dict) and config.get("class_name") in _STRENGTHS:
        own = config.get("config") or {}
        names = {n: own.get(n) for n in _STRENGTHS[config["class_name"]]}
        found = {n: float(v) for n, v in names.items() if isinstance(v, (int, float)) and v > 0}
    for part in parts:
        for name, value in strengths_in(part).items():
            found[name] = max(value, found.get(name, 0.0))
    return found


_STRENGTHS = {"L1": ("l1",), "L2": ("l2",), "L1L2": ("l1", "l2"), "Dropout": ("rate",)}
