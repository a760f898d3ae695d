"""What a compiled training takes as inputs: the strengths of a model's regularization, and its random numbers.

Models that differ in nothing else share a program. Learners receive the same file as `labkit/inputs.py`.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from .anonymous import anonymous

LAMBDAS = {
    keras.regularizers.L1: ("l1",),
    keras.regularizers.L2: ("l2",),
    keras.regularizers.L1L2: ("l1", "l2"),
}
NEUTRAL = 0.5  # stands for every strength in what tells one structure from another


class Strengths:
    """The λ of a model's L1, L2 and L1L2 on weights, and the rates of its Dropout.

    All other numbers of its config belong to the structure, those of other regularizers and layers too.
    """

    def __init__(self, model: Any) -> None:
        """Takes them out of `model`, of which nobody else holds a part: `values` tells what they were.

        `structure`: the model's config without them and without names, as text; equal structures share a program.
        """
        self._penalized = [v for v in model.variables if type(v.regularizer) in LAMBDAS]
        self._dropouts = list(dropouts(model))
        kept = [(v.regularizer, name) for v in self._penalized for name in LAMBDAS[type(v.regularizer)]]
        kept += [(layer, "rate") for layer in self._dropouts]
        self.values = [float(getattr(holder, name)) for holder, name in kept]
        for holder, name in kept:
            setattr(holder, name, NEUTRAL)
        self.structure = json.dumps(anonymous({"config": model.get_config()}), sort_keys=True)
        self._inputs: list[Any] = []

    def become_inputs(self) -> None:
        """From now on the model computes with what `assign` gives."""
        self._inputs = [tf.Variable(NEUTRAL) for _value in self.values]
        given = iter(self._inputs)
        for variable in self._penalized:
            lambdas = {name: next(given) for name in LAMBDAS[type(variable.regularizer)]}
            variable.regularizer = Penalty(**lambdas)
        for layer in self._dropouts:
            object.__setattr__(layer, "rate", next(given))

    def assign(self, values: Sequence[float]) -> None:
        """Give the inputs these values, in the order of another model's `values`."""
        for variable, value in zip(self._inputs, values, strict=True):
            variable.assign(value)


class Penalty(keras.regularizers.Regularizer):  # type: ignore[misc]
    """L1, L2 or both, whose λ are variables."""

    def __init__(self, l1: Any = None, l2: Any = None) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, x: Any) -> Any:
        total = tf.zeros((), x.dtype)
        if self.l1 is not None:
            total += tf.cast(self.l1, x.dtype) * keras.ops.sum(keras.ops.absolute(x))
        if self.l2 is not None:
            total += tf.cast(self.l2, x.dtype) * keras.ops.sum(keras.ops.square(x))
        return total


def dropouts(model: Any) -> Iterator[Any]:
    """The model's Dropout layers, of models inside it too, but not of what repeats a layer along time."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from dropouts(layer)
        elif type(layer) is keras.layers.Dropout and layer.noise_shape is None and 0 < layer.rate < 1:
            yield layer


class Masks:
    """The random numbers of a model's Dropout, drawn for an epoch at once, outside of what XLA compiles.

    Inside, they cost several times what the rest of a step does. The masks are as random as Keras's own, but others.
    """

    MOST = 64 << 20  # bytes for an epoch; beyond, each step draws its own

    def __init__(self, model: Any, shape: tuple[int, ...], steps: int) -> None:
        """`shape` (batch, ...): of a step's examples. The masks' shapes are found by tracing the model."""
        self._layers = list(dropouts(model))
        self._found: list[tuple[Any, tuple[int, ...]]] = []  # the layer and its input's shape, at each call
        self._given: Iterator[Any] | None = None
        if self._layers:
            with self._replaced(self._note):
                call = tf.function(lambda batch: model(batch, training=True), autograph=False)
                call.get_concrete_function(tf.TensorSpec(shape, tf.float32))
        self._steps = steps
        self._draw = tf.function(self._drawn, autograph=False)
        shapes = [shape for _layer, shape in self._found]
        if any(None in shape for shape in shapes) or sum(4 * steps * math.prod(s) for s in shapes) > self.MOST:
            self._found = []

    def draw(self) -> list[Any]:
        """For each call of a Dropout, uniform numbers in [0, 1) of shape (steps, batch, ...) for one epoch."""
        return list(self._draw()) if self._found else []

    def _drawn(self) -> list[Any]:
        seeds = {id(layer): tf.cast(layer.seed_generator.next(), tf.int32) for layer in self._layers}
        numbers = []
        for place, (layer, shape) in enumerate(self._found):
            seed = tf.random.experimental.stateless_fold_in(seeds[id(layer)], place)
            numbers.append(tf.random.stateless_uniform((self._steps, *shape), seed))
        return numbers

    def hand_out(self, numbers: Sequence[Any]) -> None:
        """The numbers of what is traced next; without any, Dropout draws its own."""
        self._given = iter(numbers) if numbers else None

    def in_place(self) -> Any:
        """While this lasts, the model's Dropout in training mode takes the numbers that were handed out."""
        return self._replaced(self._drop)

    @contextmanager
    def _replaced(self, call: Callable[..., Any]) -> Iterator[None]:
        for layer in self._layers:
            object.__setattr__(layer, "call", partial(call, layer))
        try:
            yield
        finally:
            for layer in self._layers:
                object.__delattr__(layer, "call")

    def _note(self, layer: Any, inputs: Any, training: bool = False) -> Any:
        if training:
            self._found.append((layer, tuple(inputs.shape)))
        return inputs

    def _drop(self, layer: Any, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        numbers = next(self._given) if self._given else self._own(layer, inputs)
        kept = tf.cast(1 - layer.rate, inputs.dtype)
        return tf.where(numbers >= layer.rate, inputs / kept, tf.zeros_like(inputs))

    def _own(self, layer: Any, inputs: Any) -> Any:
        return tf.random.stateless_uniform(tf.shape(inputs), tf.cast(layer.seed_generator.next(), tf.int32))
