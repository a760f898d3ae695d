"""How much of a model is used: how many of its weights are trained, and change what it answers.

A count of parameters says how large a model is. A part that is multiplied by 0, or that hardly ever comes through, is
as good as not there. So it is measured, at weights that we draw and at those that a training begins with.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.families.keras import rebuild
from autograder.families.keras.models import DRAWS, answers, call, draw

EXAMPLES = 256  # so many that behind three Dropouts of rate 0.8 nearly each weight is reached
# the most that an answer of the network, a probability, changes when one kernel or bias is drawn anew; a used one
# moves it by 0.1 and more, one behind a factor of 0.001 by less than 0.001
LEAST_CHANGE = 0.01
LEAST_EFFECT = 0.1  # and when a kernel of a trained model is shuffled: a used one changes some answer altogether
LEAST_INPUT = 0.01  # of the gradient of a kernel's strongest input
LEAST_SHARE = 0.5  # of a variable's weights that have a gradient when training begins: half of all ReLUs are off


def weights_in_use(config: Mapping[str, Any]) -> int:
    """How many trainable weights have a gradient in training mode and belong to a variable that matters."""
    model = rebuild.build(config)
    beginning = [share >= LEAST_SHARE for share in _shares_at_the_beginning(model)]
    variables = model.trainable_variables
    reached = [np.zeros(v.shape, bool) for v in variables]
    change = np.zeros(len(variables))
    for number in range(len(DRAWS)):
        _draw(model, number)
        reached = [r | _reached(g) for r, g in zip(reached, _gradients(model, number), strict=True)]
        change = np.maximum(change, list(_changes(model, number)))
    found = zip(reached, beginning, change >= LEAST_CHANGE, strict=True)
    return sum(int(r.sum()) for r, begins, matters in found if begins and matters)


def _reached(gradient: NDArray[Any]) -> NDArray[np.bool_]:
    """Which weights have a gradient, but for those of an input that is as good as not there beside the strongest."""
    if gradient.ndim < 2:
        return np.asarray(gradient != 0)
    sizes = np.sqrt(np.mean(np.square(gradient, dtype="float64"), axis=-1, keepdims=True))
    return np.asarray((gradient != 0) & (sizes >= LEAST_INPUT * sizes.max()))


def weights_that_matter(model: Any, x: Any) -> int:
    """How many trainable weights of a trained model belong to a variable on which its answers to x depend.

    A variable that training drove to nothing, or never moved because nothing came through, can be shuffled freely.
    """
    before, found = answers(model, x), 0
    for variable in model.trainable_variables:
        own = variable.numpy()
        variable.assign(np.random.default_rng(0).permutation(own.ravel()).reshape(own.shape))
        change = np.nan_to_num(np.abs(answers(model, x) - before)).max()
        variable.assign(own)
        found += own.size if change >= LEAST_EFFECT else 0
    return found


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
        found = call(model, x, training=True)
        weights = np.random.default_rng([number, 3]).normal(size=found.shape).astype("float32")
        total = tf.reduce_sum(found * weights)
    variables = model.trainable_variables
    gradients = tape.gradient(total, [v.value for v in variables])
    return [np.zeros(v.shape) if g is None else np.asarray(g) for v, g in zip(variables, gradients, strict=True)]


def _changes(model: Any, number: int) -> Iterator[float]:
    """For each trainable variable, the largest change of an answer when it alone is drawn anew."""
    x = _examples(model, number)
    before = answers(model, x)
    for variable in model.trainable_variables:
        own = variable.numpy()
        variable.assign(np.random.default_rng([number, 4]).permutation(own.ravel()).reshape(own.shape) - own.mean())
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable))
        after = answers(model, x)
        variable.assign(own)
        yield float(np.nan_to_num(np.abs(after - before)).max())
