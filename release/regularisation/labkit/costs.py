"""What a Keras model costs to train, and the most of it that we train: counted, never run.

The work of an answer is counted in multiply-adds; whatever takes time without multiplying, such as a step of a loop,
counts as many of them as take as long. A training is 80,000 answers, forth and back: at the bound of MAX_STEPS about
a minute of one core, and a grade trains four times (docs/calibration.md). Graders import this module as
`autograder.families.keras.costs`, learners receive the same file as `labkit/costs.py`.
"""

import math
from typing import Any

MAX_LAYERS = 100  # a layer that is used twice counts twice
MAX_PARAMETERS = 5_000_000
MAX_STEPS = 7_000_000  # multiply-adds to answer one example
MAX_VALUES = 110_000  # that one layer hands on for one example: 0.9 GB when 2,000 are measured at once
ROWS = 97  # examples at once when shapes are looked at: no size that a model has by chance
# multiply-adds that take as long, measured (docs/calibration.md)
LOOP_STEP = 25_000
VALUE = 10  # of one number that is handed on
MOVED_VALUE = 250  # of one number that a layer of augmentation is given or hands on
ERASED_VALUE = 1_700  # the same of RandomErasing
BLURRED = 14  # for each number of its kernel, the same of a layer that blurs
A_BATCH = 64  # what is done once for a batch of 32, and fast, is divided by this: the penalty of orthogonality

# layers whose kernel is used at each step of what comes in, whatever they hand on; others use it for each output
_BY_INPUT = ("Attention", "Bidirectional", "Einsum", "Embedding", "GRU", "LSTM", "RNN", "TimeDistributed", "Transpose")
_LOOPS = ("ConvLSTM", "GRU", "LSTM", "RNN")
# of two tensors: the dimension that is summed over is one of theirs
_PRODUCTS = ("Dot", "Matmul", "Tensordot")


def operations(model: Any) -> list[Any]:
    """Every layer and operation of a model and of the models and wrappers inside it, each once."""
    found = {}
    for layer in model._flatten_layers(include_self=True, recursive=True):
        for part in (layer, *getattr(getattr(layer, "_functional", None) or layer, "operations", ())):
            found[id(part)] = part
    return list(found.values())


def _single(model: Any) -> list[Any]:
    """The same without the models: their layers are there."""
    return [p for p in operations(model) if not (getattr(p, "_functional", None) or hasattr(p, "_nodes_by_depth"))]


def multiply_adds(model: Any) -> int:
    """Multiply-adds to answer one example, or what takes as long."""
    total = 0
    for part in _single(model):
        kernels = sum(_size(w.shape) for w in getattr(part, "weights", ()) if len(w.shape) > 1)
        for node in part._inbound_nodes[:1]:  # how often it is used is counted apart
            total += kernels * _positions(part, node) + _besides(part, node)
            total += VALUE * _made(node)
        if not part._inbound_nodes:  # a cell or a wrapped layer, counted with what holds it
            total += kernels
        total += _of_penalties(part)
    return total


def _positions(part: Any, node: Any) -> int:
    """At how many places of one example a kernel is used."""
    tensors = [*node.outputs]
    if any(kind in type(part).__name__ for kind in _BY_INPUT):
        tensors += node.input_tensors
    return max([1, *(_size(t.shape[1:-1]) for t in tensors)])


def _besides(part: Any, node: Any) -> int:
    """The work of one use of a layer or operation that is not done with its kernel."""
    name = type(part).__name__
    if "Attention" in name:
        return _scores(part, node) * _width(part, node)
    if name == "Einsum":  # at most every number of the one with every number of the others
        return math.prod(_size(t.shape[1:]) for t in node.input_tensors)
    if name in _PRODUCTS:
        return _of_a_product(node)
    if hasattr(part, "pool_size"):
        return _made(node) * _size(_tuple(part.pool_size))
    if "image_preprocessing" in type(part).__module__:
        return _of_augmentation(part, node)
    return LOOP_STEP * _loop_steps(part, node.input_tensors[0].shape) if node.input_tensors else 0


def _scores(part: Any, node: Any) -> int:
    """Numbers that attention makes on its way: a score between each two places for each head; its sums, if additive."""
    heads = max(int(getattr(part, name, None) or 1) for name in ("_num_heads", "num_query_heads"))
    places = sorted(_size(t.shape[1:-1]) for t in node.input_tensors)
    inside = _width(part, node) if "Additive" in type(part).__name__ else 1
    return heads * places[-1] * places[-2 if len(places) > 1 else -1] * inside


def _width(part: Any, node: Any) -> int:
    """How many numbers a place has, or a head takes of it."""
    inside = max(int(getattr(part, name, None) or 1) for name in ("_key_dim", "_value_dim", "head_dim"))
    return max(inside, *(_size(t.shape[-1:]) for t in node.input_tensors))


def _of_a_product(node: Any) -> int:
    """An upper bound on the work of a product of two tensors."""
    tensors = [*node.input_tensors, *node.outputs]
    return max(_size(t.shape[1:]) for t in tensors) * max(n or 1 for t in tensors for n in (1, *t.shape[1:]))


def _of_augmentation(part: Any, node: Any) -> int:
    name, shapes = type(part).__name__, [t.shape[1:] for t in (*node.input_tensors, *node.outputs)]
    kernel = _size(_tuple(getattr(part, "kernel_size", 0)))
    if name == "RandomElasticTransform":  # blurs with a kernel that grows with the image
        kernel = max(_size(shape) for shape in shapes) // 16
    each = ERASED_VALUE if name == "RandomErasing" else MOVED_VALUE
    return (each + BLURRED * kernel) * sum(map(_size, shapes))


def _loop_steps(part: Any, shape: Any) -> int:
    """How many steps recurrent layers take one after the other; a layer that is applied row by row takes one each."""
    name = type(part).__name__
    inner = getattr(part, "layer", None) or getattr(part, "forward_layer", None)
    steps = int(shape[1] or 1) if len(shape) > 1 else 1
    if name == "TimeDistributed":
        return steps * max(1, _loop_steps(inner, (shape[0], *shape[2:])))
    if name == "Bidirectional":
        return 2 * _loop_steps(inner, shape)
    if not any(kind in name for kind in _LOOPS):
        return 0
    return steps * len(getattr(getattr(part, "cell", None), "cells", None) or [None])


def _of_penalties(part: Any) -> int:
    """OrthogonalRegularizer multiplies a kernel with itself, once a batch."""
    kinds = [getattr(part, name, None) for name in vars(part) if name.endswith("_regularizer")]
    if not any(type(kind).__name__ == "OrthogonalRegularizer" for kind in kinds):
        return 0
    kernels = [w.shape for w in getattr(part, "weights", ()) if len(w.shape) > 1]
    return sum(_size(s) * max(_size(s[-1:]), _size(s[:-1])) for s in kernels) // A_BATCH


def most_values(model: Any) -> int:
    """The most numbers that one layer or operation makes for one example, scores of attention with them."""
    return max((_values(part, node) for part in _single(model) for node in part._inbound_nodes), default=0)


def _values(part: Any, node: Any) -> int:
    return _made(node) + (_scores(part, node) if "Attention" in type(part).__name__ else 0)


def _made(node: Any) -> int:
    return sum(_size(t.shape[1:]) for t in node.outputs)


def is_affordable(model: Any, used: int = 1) -> bool:
    """Whether the model is within all bounds; `used`: how often the layer is used that is used most."""
    return (
        model.count_params() <= MAX_PARAMETERS
        and multiply_adds(model) * used <= MAX_STEPS
        and most_values(model) <= MAX_VALUES
    )


def keeps_examples_apart(model: Any) -> bool:
    """Whether each layer hands on one row for an example, of a size that is known beforehand.

    One that mixes examples, or makes rows of an example's parts, costs what its shapes do not tell.
    """
    return all(_one_row_each(part, node) for part in _single(model) for node in part._inbound_nodes)


def _one_row_each(part: Any, node: Any) -> bool:
    import keras

    declared = [tuple(t.shape) for t in node.outputs]
    if any(size is None for shape in declared for size in shape[1:]):
        return False
    if not node.input_tensors:
        return True
    rows = {id(t): keras.KerasTensor((ROWS, *t.shape[1:]), t.dtype) for t in node.input_tensors}
    arguments, keywords = node.arguments.fill_in(rows)
    try:
        made = keras.tree.flatten(part.compute_output_spec(*arguments, **keywords))
    except Exception:  # whatever Keras says of a size that it does not take
        return False
    return [tuple(t.shape) for t in made] == [(ROWS, *shape[1:]) for shape in declared]


def _size(shape: Any) -> int:
    return math.prod(int(n or 1) for n in shape)


def _tuple(size: Any) -> tuple[int, ...]:
    return tuple(size) if isinstance(size, (tuple, list)) else (int(size),)
