"""What a Keras model costs to train, and the most of it that we train: counted, never built or run.

The work of an answer is counted in multiply-adds. A training is 80,000 answers, forth and back: at the bound of
MAX_STEPS about a minute of one core, and a grade trains four times (docs/calibration.md). This module needs nothing:
graders import it as `autograder.families.keras.costs`, learners receive the same file as `labkit/costs.py`.
"""

import math
from typing import Any

MAX_LAYERS = 100  # a layer that is used twice counts twice
MAX_PARAMETERS = 5_000_000
MAX_STEPS = 6_000_000  # multiply-adds to answer one example
MAX_VALUES = 200_000  # that one layer hands on for one example
# layers whose kernel is used at each step of what comes in, whatever they hand on; others use it for each output
_BY_INPUT = ("Attention", "Bidirectional", "Einsum", "Embedding", "GRU", "LSTM", "RNN", "TimeDistributed", "Transpose")
# of two tensors: the dimension that is summed over is one of theirs
_PRODUCTS = ("Attention", "Dot", "Einsum", "Matmul", "Tensordot")


def operations(model: Any) -> list[Any]:
    """Every layer and operation of a model and of the models and wrappers inside it, each once."""
    found = {}
    for layer in model._flatten_layers(include_self=True, recursive=True):
        for part in (layer, *getattr(getattr(layer, "_functional", None) or layer, "operations", ())):
            found[id(part)] = part
    return list(found.values())


def multiply_adds(model: Any) -> int:
    """Multiply-adds to answer one example: each weight of a kernel times the positions it is used at."""
    total = 0
    for part in operations(model):
        if getattr(part, "_functional", None) or hasattr(part, "_nodes_by_depth"):
            continue  # a model: its layers are counted
        kernels = sum(math.prod(w.shape) for w in getattr(part, "weights", ()) if len(w.shape) > 1)
        name = type(part).__name__
        for node in part._inbound_nodes[:1]:  # how often it is used is counted apart
            positions = _positions(node.outputs)
            if any(kind in name for kind in _BY_INPUT):
                positions = max(positions, _positions(node.input_tensors))
            total += kernels * positions
            if any(kind in name for kind in _PRODUCTS):
                total += _of_a_product(node)
        if not part._inbound_nodes:  # a cell or a wrapped layer, counted with what holds it
            total += kernels
    return total


def _positions(tensors: Any) -> int:
    sizes = [1, *(math.prod(int(n or 1) for n in t.shape[1:-1]) for t in tensors)]
    return max(sizes)


def _of_a_product(node: Any) -> int:
    """An upper bound on the work of a product of tensors, of scores of attention too."""
    tensors = [*node.input_tensors, *node.outputs]
    largest = max(math.prod(int(n or 1) for n in t.shape[1:]) for t in tensors)
    return largest * max(int(n or 1) for t in tensors for n in (1, *t.shape[1:]))


def most_values(model: Any) -> int:
    """The most numbers that one layer or operation hands on for one example."""
    made = [tensor for part in operations(model) for node in part._inbound_nodes for tensor in node.outputs]
    return max((math.prod(n or 1 for n in tensor.shape[1:]) for tensor in made), default=0)
