"""Train a small Keras model fast: the same layers, losses and optimizer as `model.fit`, several times quicker.

On tiny data `fit` spends nearly all its time between the steps, in Python. Here one compiled function runs a
whole epoch, and serves every model that differs in strengths alone. This module needs only NumPy, TensorFlow and Keras
(3.10 or newer): graders import it as `autograder.families.keras.training`, learners receive the same file as
`labkit/training.py`, and what it imports beside it.
"""

import json
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .inputs import Masks, Strengths

METRICS = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")
ROWS = 64  # on which whoever has a model trained elsewhere measures its loss, to see that it is the same model
COMPILED = (keras.layers.Dense, keras.layers.BatchNormalization, keras.layers.PReLU, keras.Model)
KEPT = 32  # programs, those used last: what is forgotten leaves memory behind when it is compiled again
Row = dict[str, float]
Logs = dict[str, list[float]]
OnEpoch = Callable[[int, Row], bool | None]


class TrainingLoop:
    """A model and Adam, compiled once; `run` may be called again with other data of the same shapes."""

    def __init__(self, model: Any, shape: tuple[int, ...], batch_size: int = 32) -> None:
        """`shape` (n, ...): of the training examples."""
        self.model = model
        self.optimizer = keras.optimizers.Adam()
        self.optimizer.build(model.trainable_variables)
        self._unused = [v.numpy() for v in self.optimizer.variables]
        self.rows = shape[0]
        self.batch_size = min(batch_size, self.rows)
        self._masks = Masks(model, (self.batch_size, *shape[1:]), self.rows // self.batch_size)
        # nothing here is for AutoGraph to rewrite, which costs time and leans on the version of Python
        self._epoch = tf.function(self._one_epoch, jit_compile=_is_dense(model), autograph=False)
        self._measures = tf.function(self._measure, autograph=False)

    def run(
        self,
        train_data: tuple[Any, Any],
        validation_data: tuple[Any, Any],
        *,
        epochs: int = 40,
        learning_rate: float = 1e-3,
        seed: int = 0,
        on_epoch: OnEpoch | None = None,
        measured: Collection[int] | None = None,
    ) -> Logs:
        """Train from the present weights; returns the curves, a value for each epoch in `measured`. See `train`."""
        data = *_tensors(*train_data), *_tensors(*validation_data)
        assign(self.optimizer, self._unused)
        self.optimizer.learning_rate = learning_rate
        rng = np.random.default_rng(seed)
        used = self.rows // self.batch_size * self.batch_size
        logs: Logs = {name: [] for name in METRICS}
        for epoch in range(epochs):
            order = rng.permutation(self.rows)[:used].astype("int32").reshape(-1, self.batch_size)
            seen = self._run_epoch(tf.constant(order), *data[:2])
            if measured is not None and epoch not in measured:
                continue
            penalty, *measures = self._run_measures(*data)
            row = dict(zip(METRICS, (seen + penalty, *measures), strict=True))
            for name, value in row.items():
                logs[name].append(value)
            if on_epoch is not None and on_epoch(epoch, row):
                break
        return logs

    def _run_epoch(self, order: Any, x: Any, y: Any) -> float:
        """One epoch; order (batches, rows) int32. What `_one_epoch` gives."""
        with self._masks.in_place():
            given = order, self._masks.draw(), x, y
            try:
                return float(self._epoch(*given))
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                # XLA has no kernel for some operation of this model; nothing has run yet
                self._epoch = tf.function(self._one_epoch, autograph=False)
                return float(self._epoch(*given))

    def _run_measures(self, *data: Any) -> list[float]:
        with self._masks.in_place():  # a Dropout that is always on
            return [float(value) for value in self._measures(*data)]

    def _one_epoch(self, order: Any, numbers: list[Any], x: Any, y: Any) -> Any:
        """The mean cross-entropy of the batches, each before its step; `numbers`: of `Masks.draw`."""
        batches, labels = tf.gather(x, order), tf.gather(y, order)
        count = order.shape[0]
        _count, total = tf.while_loop(
            lambda i, _total: i < count,
            lambda i, total: (i + 1, total + self._step(batches[i], labels[i], [n[i] for n in numbers])),
            (tf.constant(0), tf.constant(0.0)),
        )
        return total / count

    def _measure(self, x: Any, y: Any, x_val: Any, y_val: Any) -> tuple[Any, ...]:
        """Not compiled by XLA: on whole sets that gains nothing, and compiling takes longer than all its runs."""
        self._masks.hand_out([])
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


class Programs:
    """Compiled trainings, by the structure of their models. Which one is there already changes no number."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, tuple[TrainingLoop, Strengths]] = OrderedDict()

    @contextmanager
    def of(self, model: Any, shape: tuple[int, ...], batch_size: int) -> Iterator[TrainingLoop]:
        """What trains a model like this one, of which nobody else holds a part, from its variables and strengths."""
        asked = Strengths(model)
        key = asked.structure, shape, batch_size
        known = key in self._kept
        loop, strengths = self._kept.pop(key) if known else _compiled(model, asked, shape, batch_size)
        strengths.assign(asked.values)
        assign(loop.model, [v.numpy() for v in model.variables])
        yield loop
        self._kept[key] = loop, strengths  # not after an error: who knows what is left of it
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _compiled(model: Any, strengths: Strengths, shape: tuple[int, ...], batch: int) -> tuple[TrainingLoop, Strengths]:
    strengths.become_inputs()
    return TrainingLoop(model, shape, batch), strengths


_programs = Programs()


def fit(
    model: Any, train_data: tuple[Any, Any], validation_data: tuple[Any, Any], *, batch_size: int = 32, **settings: Any
) -> Logs:
    """As `train`, for a model that was made from its config and that nobody else holds a part of.

    Afterwards it has its variables and no strengths: it is good for nothing but to be read. `settings`: of
    `TrainingLoop.run`.
    """
    with _programs.of(model, np.shape(train_data[0]), batch_size) as loop:
        try:
            return loop.run(train_data, validation_data, **settings)
        finally:
            assign(model, [v.numpy() for v in loop.model.variables])


def train(
    model: Any,
    train_data: tuple[Any, Any],
    validation_data: tuple[Any, Any],
    *,
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> Logs:
    """Train `model` in place for classification and return its curves.

    Arguments:
        model: a built Keras model whose last layer gives probabilities (softmax).
        train_data, validation_data: pairs `(x, y)`; x (n, ...) float32, y (n,) integer classes. What does not
            fill a last batch is left out of an epoch; the rows are shuffled anew for each.
        learning_rate: of Adam.
        seed: of the shuffling. Initial weights and Dropout follow `keras.utils.set_random_seed`.
        on_epoch: called as `on_epoch(epoch, row)` after each epoch; training stops when it returns True. The model's
            own variables change when the training has ended.

    Returns:
        For each name in METRICS a list with one number per epoch. `loss` is, as in Keras, the average over the
        epoch's batches with Dropout on, and the penalties, here those of the epoch's end; `val_loss` holds the
        penalties too. `crossentropy`, `accuracy` and their `val_` twins are measured at the end of the epoch in
        inference mode and without penalties, so that training and validation can be compared.
    """
    settings: dict[str, Any] = {"epochs": epochs, "learning_rate": learning_rate, "seed": seed, "on_epoch": on_epoch}
    twin = twin_of(model)
    if twin is None:
        loop = TrainingLoop(model, np.shape(train_data[0]), batch_size)
        return loop.run(train_data, validation_data, **settings)
    try:
        return fit(twin, train_data, validation_data, batch_size=batch_size, **settings)
    finally:
        assign(model, [v.numpy() for v in twin.variables])


def twin_of(model: Any) -> Any:
    """A copy with the same variables, made from the config; None where that does not tell all that the model does.

    Such as for layers and functions that are not Keras's, or a regularizer that came after its layer was built.
    """
    try:
        config = model.get_config()
        if not _is_kerass_own(model, json.dumps(config)):
            return None
        with same_random_numbers():
            twin = type(model).from_config(config)
    except Exception:  # Keras raises nearly everything for what cannot be described or built again
        return None
    if _described(twin) != _described(model):
        return None
    assign(twin, [v.numpy() for v in model.variables])
    return twin


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """What is built inside takes no seed from what is built later."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _is_kerass_own(model: Any, config: str) -> bool:
    """Whether its layers and whatever its config names are Keras's: what others mean may change under the same name."""
    modules = [type(layer).__module__ for layer in model._flatten_layers()] + re.findall(r'"module": "(.*?)"', config)
    registered = re.search(r'"registered_name": "[^"]*>', config)
    return not registered and all(f"{name}.".startswith("keras.") for name in modules)


def _described(model: Any) -> Any:
    """Names of the layers in their order; of each variable its shape and what acts on it."""
    parts = [(tuple(v.shape), v.dtype, v.trainable, _told(v.regularizer), _told(v.constraint)) for v in model.variables]
    return [layer.name for layer in model._flatten_layers()], parts


def _told(part: Any) -> Any:
    return part and (type(part), part.get_config())


def assign(holder: Any, values: Any) -> None:
    """Give the variables of a model or an optimizer these values."""
    for variable, value in zip(holder.variables, values, strict=True):
        variable.assign(value)


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
