"""Train a small Keras model fast: the same layers, losses and optimizer as `model.fit`, several times quicker.

On tiny data `fit` spends nearly all its time between the steps, in Python. Here one compiled function runs a
whole epoch. This module needs only NumPy, TensorFlow and Keras (3.10 or newer): graders import it as
`autograder.families.keras.training`, learners receive the same file as `labkit/training.py`.
"""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

METRICS = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")
ROWS = 64  # on which whoever has a model trained elsewhere measures its loss, to see that it is the same model
COMPILED = (keras.layers.Dense, keras.layers.BatchNormalization, keras.layers.PReLU, keras.Model)
Row = dict[str, float]
Logs = dict[str, list[float]]
OnEpoch = Callable[[int, Row], bool | None]


class TrainingLoop:
    """A model, its data and an optimizer, compiled once; `run` may be called again after `restart`."""

    def __init__(
        self,
        model: Any,
        train_data: tuple[Any, Any],
        validation_data: tuple[Any, Any],
        *,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        optimizer: Any = None,
    ) -> None:
        """See `train` for the arguments."""
        self.model = model
        self.optimizer = optimizer or keras.optimizers.Adam(learning_rate)
        self.optimizer.build(model.trainable_variables)
        self._data = (*_tensors(*train_data), *_tensors(*validation_data))
        self.rows = len(train_data[1])
        self.batch_size = min(batch_size, self.rows)
        self._initial = [v.numpy() for v in self._variables()]
        self._masks = Masks(model, self._data[0], self.batch_size, self.rows // self.batch_size)
        # nothing here is for AutoGraph to rewrite, which costs time and leans on the version of Python
        self._epoch = tf.function(self._one_epoch, jit_compile=_is_dense(model), autograph=False)
        self._measures = tf.function(self._measure, autograph=False)

    def run(
        self,
        epochs: int = 40,
        seed: int = 0,
        on_epoch: OnEpoch | None = None,
        measured: Collection[int] | None = None,
    ) -> Logs:
        """Train from the present weights; returns the curves, a value for each epoch in `measured`. See `train`."""
        rng = np.random.default_rng(seed)
        used = self.rows // self.batch_size * self.batch_size
        logs: Logs = {name: [] for name in METRICS}
        for epoch in range(epochs):
            order = rng.permutation(self.rows)[:used].astype("int32").reshape(-1, self.batch_size)
            seen = self._run_epoch(tf.constant(order))
            if measured is not None and epoch not in measured:
                continue
            penalty, *measures = (float(v) for v in self._measures())
            row = dict(zip(METRICS, (seen + penalty, *measures), strict=True))
            for name, value in row.items():
                logs[name].append(value)
            if on_epoch is not None and on_epoch(epoch, row):
                break
        return logs

    def restart(self, seed: int) -> None:
        """Back to the variables of the beginning, except that Dropout's random numbers follow `seed`."""
        for number, (variable, value) in enumerate(zip(self._variables(), self._initial, strict=True)):
            is_generator = "seed_generator_state" in variable.path
            variable.assign(np.array([seed, number], value.dtype) if is_generator else value)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]

    def _run_epoch(self, order: Any) -> float:
        """One epoch; order (batches, rows) int32. What `_one_epoch` gives."""
        with self._masks.in_place():
            numbers = self._masks.draw()
            try:
                return float(self._epoch(order, numbers))
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                # XLA has no kernel for some operation of this model; nothing has run yet
                self._epoch = tf.function(self._one_epoch, autograph=False)
                return float(self._epoch(order, numbers))

    def _one_epoch(self, order: Any, numbers: list[Any]) -> Any:
        """The mean cross-entropy of the batches, each before its step; `numbers`: of `Masks.draw`."""
        x, y, _x_val, _y_val = self._data
        batches, labels = tf.gather(x, order), tf.gather(y, order)
        count = order.shape[0]
        _count, total = tf.while_loop(
            lambda i, _total: i < count,
            lambda i, total: (i + 1, total + self._step(batches[i], labels[i], [n[i] for n in numbers])),
            (tf.constant(0), tf.constant(0.0)),
        )
        return total / count

    def _measure(self) -> tuple[Any, ...]:
        """Not compiled by XLA: on whole sets that gains nothing, and compiling takes longer than all its runs."""
        x, y, x_val, y_val = self._data
        train_p = self.model(x, training=False)
        penalty = _penalty(self.model)
        val_p = self.model(x_val, training=False)
        val_crossentropy = _crossentropy(y_val, val_p)
        return (
            penalty,
            val_crossentropy + _penalty(self.model),
            _crossentropy(y, train_p),
            val_crossentropy,
            _accuracy(y, train_p),
            _accuracy(y_val, val_p),
        )

    def _step(self, x: Any, y: Any, numbers: list[Any]) -> Any:
        """One step down the gradient of cross-entropy and penalties.

        Gives the cross-entropy alone: the gradient does not need the penalties' values, and XLA then leaves out
        their sums over all weights, which cost as much as the forward pass.
        """
        self._masks.hand_out(numbers)
        with tf.GradientTape() as tape:
            crossentropy = _crossentropy(y, self.model(x, training=True))
            total = crossentropy + _penalty(self.model)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(total, variables), variables)
        return crossentropy


def _is_dense(model: Any) -> bool:
    """Whether XLA trains it fastest: its convolutions and loops take ten times as long as TensorFlow's own."""
    layers = model._flatten_layers(include_self=False)
    return all(isinstance(layer, COMPILED) for layer in layers if layer.weights)


class Masks:
    """The random numbers of a model's Dropout, drawn for an epoch at once, outside of what XLA compiles.

    Inside, they cost several times what the rest of a step does. The masks are as random as Keras's own, but others.
    """

    MOST = 64 << 20  # bytes for an epoch; beyond, Keras's own are taken

    def __init__(self, model: Any, x: Any, batch: int, steps: int) -> None:
        """`x` (n, ...): examples. The shapes are found by tracing the model, which computes nothing."""
        self._layers = list(_dropouts(model))
        self._found: list[tuple[Any, tuple[int, ...]]] = []  # the layer and its input's shape, at each call
        self._given: Iterator[Any] = iter(())
        if self._layers:
            with self._replaced(self._note):
                call = tf.function(lambda batch: model(batch, training=True), autograph=False)
                call.get_concrete_function(tf.TensorSpec((batch, *x.shape[1:]), x.dtype))
        self._steps = steps
        self._draw = tf.function(self._drawn, autograph=False)
        shapes = [shape for _layer, shape in self._found]
        if any(None in shape for shape in shapes) or sum(4 * steps * math.prod(s) for s in shapes) > self.MOST:
            self._layers, self._found = [], []

    def draw(self) -> list[Any]:
        """For each call of a Dropout, uniform numbers in [0, 1) of shape (steps, batch, ...) for one epoch."""
        return list(self._draw())

    def _drawn(self) -> list[Any]:
        seeds = {id(layer): tf.cast(layer.seed_generator.next(), tf.int32) for layer in self._layers}
        numbers = []
        for place, (layer, shape) in enumerate(self._found):
            seed = tf.random.experimental.stateless_fold_in(seeds[id(layer)], place)
            numbers.append(tf.random.stateless_uniform((self._steps, *shape), seed))
        return numbers

    def hand_out(self, numbers: list[Any]) -> None:
        """The numbers of the step that is traced next."""
        self._given = iter(numbers)

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
        return tf.where(next(self._given) >= layer.rate, inputs / (1 - layer.rate), tf.zeros_like(inputs))


def _dropouts(model: Any) -> Iterator[Any]:
    """The model's Dropout layers, of models inside it too, but not of what repeats a layer along time."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _dropouts(layer)
        elif type(layer) is keras.layers.Dropout and layer.noise_shape is None and 0 < layer.rate < 1:
            yield layer


def train(
    model: Any,
    train_data: tuple[Any, Any],
    validation_data: tuple[Any, Any],
    *,
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    optimizer: Any = None,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> Logs:
    """Train `model` in place for classification and return its curves.

    Arguments:
        model: a built Keras model whose last layer gives probabilities (softmax).
        train_data, validation_data: pairs `(x, y)`; x (n, ...) float32, y (n,) integer classes. What does not
            fill a last batch is left out of an epoch; the rows are shuffled anew for each.
        learning_rate: of Adam, the default optimizer; ignored when `optimizer` is given.
        seed: of the shuffling. Initial weights and Dropout follow `keras.utils.set_random_seed`.
        on_epoch: called as `on_epoch(epoch, row)` after each epoch; training stops when it returns True.

    Returns:
        For each name in METRICS a list with one number per epoch. `loss` is, as in Keras, the average over the
        epoch's batches with Dropout on, and the penalties, here those of the epoch's end; `val_loss` holds the
        penalties too. `crossentropy`, `accuracy` and their `val_` twins are measured at the end of the epoch in
        inference mode and without penalties, so that training and validation can be compared.
    """
    loop = TrainingLoop(
        model,
        train_data,
        validation_data,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
    )
    return loop.run(epochs, seed, on_epoch)


def loss_of(model: Any, x: Any, y: Any) -> float:
    """The model's loss in inference mode: mean cross-entropy on `x` (n, ...), `y` (n,), and penalties, in nats."""
    images, labels = _tensors(x, y)
    return float(_crossentropy(labels, model(images, training=False)) + _penalty(model))


def _tensors(x: Any, y: Any) -> tuple[Any, Any]:
    return tf.constant(np.asarray(x, "float32")), tf.constant(np.asarray(y, "int32").reshape(-1))


def _crossentropy(y: Any, probabilities: Any) -> Any:
    """Mean of -log p(y); y (n,) int32, probabilities (n, classes) of any precision."""
    return tf.reduce_mean(keras.ops.sparse_categorical_crossentropy(y, tf.cast(probabilities, tf.float32)))


def _penalty(model: Any) -> Any:
    """Sum of the penalties that the layers added in the last call, 0 without any."""
    losses = [tf.cast(loss, tf.float32) for loss in model.losses]
    return tf.add_n(losses) if losses else tf.constant(0.0)


def _accuracy(y: Any, probabilities: Any) -> Any:
    return tf.reduce_mean(tf.cast(tf.argmax(probabilities, axis=-1, output_type=tf.int32) == y, tf.float32))
