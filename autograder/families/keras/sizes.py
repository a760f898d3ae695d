"""How large a learner's model may be, and what it costs to train: bounds that hold before a variable gets memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.errors import EvidenceRefused
from autograder.families.keras.costs import (
    MAX_LAYERS,
    MAX_PARAMETERS,
    MAX_STEPS,
    MAX_VALUES,
    most_values,
    multiply_adds,
)
from autograder.i18n import _

_SIZE_KEYS = frozenset(
    """units filters depth_multiplier kernel_size pool_size target_shape padding num_heads key_dim value_dim input_dim
    output_dim output_shape output_size size height width n newshape repeats pad_width""".split()
)


def nodes(root: Any) -> Iterator[tuple[Any, int]]:
    """Every value of a JSON tree with its depth; no recursion, so that depth cannot hurt."""
    stack: list[tuple[Any, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        if isinstance(node, dict):
            stack.extend((v, depth + 1) for v in node.values())
        elif isinstance(node, list):
            stack.extend((v, depth + 1) for v in node)


def check_described(config: Mapping[str, Any]) -> None:
    """Raise EvidenceRefused by the number of layers and the sizes named, before anything is built."""
    largest = max((_product(n[k]) for n, _depth in nodes(config) if isinstance(n, dict) for k in _SIZE_KEYS & n.keys()),
                  default=1)  # fmt: skip
    if sum(uses(config)) > MAX_LAYERS or largest > MAX_PARAMETERS:
        raise _too_large()


def check_built(model: Any, used: int) -> None:
    """Raise EvidenceRefused for a model that is too large; `used`: of the layer that is used most, how often."""
    if (
        model.count_params() > MAX_PARAMETERS
        or multiply_adds(model) * used > MAX_STEPS
        or most_values(model) > MAX_VALUES
    ):
        raise _too_large()


def _too_large() -> EvidenceRefused:
    return EvidenceRefused(
        _("Your model is larger than what we train: at most {parameters} parameters, {steps} multiply-adds for one "
          "image and {values} numbers behind one layer. Fewer filters, or pooling sooner, make it smaller."),
        parameters=f"{MAX_PARAMETERS:,}", steps=f"{MAX_STEPS:,}", values=f"{MAX_VALUES:,}",
    )  # fmt: skip


def uses(node: Mapping[str, Any], times: int = 1) -> Iterator[int]:
    """For each layer, how often it is used to answer once; models inside models multiply."""
    own = node.get("config")
    layers = own.get("layers") if isinstance(own, dict) else None
    if not isinstance(layers, list):
        yield times
        return
    for layer in layers:
        if isinstance(layer, dict):
            calls = layer.get("inbound_nodes")
            yield from uses(layer, times * max(1, len(calls) if isinstance(calls, list) else 1))


def _product(sizes: Any) -> int:
    """Product of the positive whole numbers in a size, however nested; 1 without any."""
    product = 1
    for node, _depth in nodes(sizes):
        if isinstance(node, (int, float)) and not isinstance(node, bool) and node > 1:
            product = min(product * int(node), 1 << 60)
    return product
