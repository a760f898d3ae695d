"""How much of a model is used: how many of its weights are trained, and change what it answers.

A count of parameters says how large a model is. A part that is multiplied by 0, or that hardly ever comes through, is
as good as not there. So it is measured, at weights that we draw and at those that a training begins with.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.families.keras import rebuild
from autograder.families.keras.models import DRAWS, answers, draw

EXAMPLES = 256  # so many that behind three Dropouts of rate 0.8 nearly each weight is reached
# the most that an answer of the network, a probability, changes when one kernel or bias is drawn anew; a used one
# moves it by 0.1 and more, one behind a factor of 0.001 by less than 0.001
LEAST_CHANGE = 0.01
LEAST_SHARE = 0.5  # of a variable's weights that have a gradient when training begins: half of all ReLUs are off
SCALING = ("Divide", "DivideNoNan", "Multiply", "Power", "TrueDivide")
SATURATING = 30.0  # times the drawn weights, an answer is sure


def weights_in_use(config: Mapping[str, Any]) -> int:
    """How many trainable weights have a gradient in training mode and belong to a variable that matters."""
    model = rebuild.build(config)
    beginning = [share >= LEAST_SHARE for share in _shares_at_the_beginning(model)]
    variables = model.trainable_variables
    reached = [np.zeros(v.shape, bool) for v in variables]
    change = np.zeros(len(variables))
    for number in range(len(DRAWS)):
        _draw(model, number)
        reached = [r | (g != 0) for r, g in zip(reached, _gradients(model, number), strict=True)]
        change = np.maximum(change, [_change(model, variable, number) for variable in variables])
    found = zip(reached, beginning, change >= LEAST_CHANGE, strict=True)
    return sum(int(r.sum()) for r, begins, matters in found if begins and matters)


def answers_are_bounded(model: Any) -> bool:
    """Whether no class gets a probability near 1 however large the weights are: something behind them shrinks it."""
    own = model.get_weights()
    most = 0.0
    for number in range(len(DRAWS)):
        draw(model, number)
        model.set_weights([SATURATING * w if w.ndim > 1 else w for w in model.get_weights()])
        most = max(most, float(np.nan_to_num(answers(model, _examples(model, number))).max()))
    model.set_weights(own)
    return not most >= 0.95


def rescales_behind_weights(model: Any) -> bool:
    """Whether a Rescaling, a product with a number or a frozen layer with weights comes behind a layer with weights."""
    return any(
        weighted
        and (_rescales(node) or (getattr(node.operation, "_trainable_variables", ()) and not node.operation.trainable))
        for node, weighted in _nodes(model, weighted=False)
    )


def _rescales(node: Any) -> bool:
    """Whether it is a Rescaling, or an operation of `keras.ops` that multiplies, divides or clips by given numbers."""
    name = type(node.operation).__name__
    numbers = [a for a in (*node.arguments.args, *node.arguments.kwargs.values()) if _is_number(a)]
    return name in ("Rescaling", "Clip") or (name in SCALING and bool(numbers))


def _is_number(argument: Any) -> bool:
    return isinstance(argument, (int, float, np.number)) or (
        hasattr(argument, "numpy") and not hasattr(argument, "_keras_history")
    )


def _nodes(model: Any, *, weighted: bool) -> Iterator[tuple[Any, bool]]:
    """The uses of layers and operations in their order, each with whether weights lie before it.

    `weighted`: whether they do before the model itself.
    """
    functional = getattr(model, "_functional", None) or model
    by_depth = functional._nodes_by_depth
    behind = {id(tensor) for tensor in functional.inputs} if weighted else set()
    for node in (node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
        layer = node.operation
        before = any(id(tensor) in behind for tensor in node.input_tensors)
        if hasattr(layer, "_nodes_by_depth") or getattr(layer, "_functional", None):
            yield from _nodes(layer, weighted=before)
        elif node.input_tensors:
            yield node, before
        if before or getattr(layer, "weights", None):
            behind |= {id(tensor) for tensor in node.outputs}


def _examples(model: Any, number: int) -> NDArray[np.float32]:
    rng = np.random.default_rng([number, 2])
    return rng.normal(0.5, 1.0, (EXAMPLES, *model.input_shape[1:])).astype("float32")


def _draw(model: Any, number: int) -> None:
    """Weights that we draw, as far as the model's own constraints leave them so."""
    draw(model, number)
    for variable in model.trainable_variables:
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable))


def _shares_at_the_beginning(model: Any) -> list[float]:
    """Of each trainable variable, the share that has a gradient at the initial weights, off a place like all zeros."""
    rng = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign_add(rng.normal(0, 0.01, variable.shape).astype("float32"))
    return [float(np.mean(gradient != 0)) for gradient in _gradients(model, 0)]


def _gradients(model: Any, number: int) -> list[NDArray[Any]]:
    """Of a random sum of the answers in training mode, by each trainable variable."""
    import tensorflow as tf

    x = _examples(model, number)
    with tf.GradientTape() as tape:
        found = model(x, training=True)
        weights = np.random.default_rng([number, 3]).normal(size=found.shape).astype("float32")
        total = tf.reduce_sum(found * weights)
    variables = model.trainable_variables
    gradients = tape.gradient(total, [v.value for v in variables])
    return [np.zeros(v.shape) if g is None else np.asarray(g) for v, g in zip(variables, gradients, strict=True)]


def _change(model: Any, variable: Any, number: int) -> float:
    """The largest change of an answer when this variable alone is drawn anew."""
    x = _examples(model, number)
    before, own = answers(model, x), variable.numpy()
    variable.assign(np.random.default_rng([number, 4]).permutation(own.ravel()).reshape(own.shape) - own.mean())
    if variable.constraint is not None:
        variable.assign(variable.constraint(variable))
    after = answers(model, x)
    variable.assign(own)
    return float(np.nan_to_num(np.abs(after - before)).max())
