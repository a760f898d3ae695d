"""How large a learner's model may be, and what it costs to train: bounds that hold before a variable gets memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.errors import EvidenceRefused
from autograder.families.keras import costs
from autograder.families.keras.costs import MAX_LAYERS, MAX_PARAMETERS, MAX_STEPS, MAX_VALUES
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
    if max(sum(uses(config)), _layers(config)) > MAX_LAYERS or largest > MAX_PARAMETERS:
        raise _too_large()


def _layers(config: Mapping[str, Any]) -> int:
    """The layers that a config names, those inside wrappers and cells of recurrent ones with them."""
    return sum(isinstance(n, dict) and n.get("module") == "keras.layers" for n, _depth in nodes(config))


def check_built(model: Any, used: int) -> None:
    """Raise EvidenceRefused for a model that is too large; `used`: of the layer that is used most, how often."""
    if not costs.keeps_examples_apart(model):
        raise EvidenceRefused(
            _("A layer or operation of your model mixes the images of a batch, or its output has no fixed size: each "
              "must hand on one row for an image, of a size known beforehand.")
        )  # fmt: skip
    if not costs.is_affordable(model, used):
        raise _too_large()


def _too_large() -> EvidenceRefused:
    return EvidenceRefused(
        _("Your model costs more than what we train: at most {parameters} parameters, {steps} multiply-adds for one "
          "image, or what takes as long, and {values} numbers behind one layer. Fewer filters, pooling sooner or "
          "shorter loops make it cheaper."),
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
