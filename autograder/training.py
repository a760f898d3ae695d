"""Train a small Keras model fast: the same layers, losses and optimizer as `model.fit`, several times quicker.

On tiny data `fit` spends nearly all its time between the steps, in Python. Here one compiled function runs a
whole epoch. This module needs only NumPy, TensorFlow and Keras (3.10 or newer): graders import it as
`autograder.training`, learners receive the same file as `labkit/training.py`.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

METRICS = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")
Row = dict[str, float]
Logs = dict[str, list[float]]


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
    on_epoch: Callable[[int, Row], bool | None] | None = None,
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
        For each name in METRICS a list with one number per epoch. `loss` is what Keras reports: the average
        over the epoch's batches, Dropout on and penalties inside; `val_loss` holds the penalties too.
        `crossentropy`, `accuracy` and their `val_` twins are measured at the end of the epoch in inference
        mode and without penalties, so that training and validation can be compared.
    """
    run_epoch, measure = _compile(model, train_data, validation_data, optimizer or keras.optimizers.Adam(learning_rate))
    steps, rng = max(1, len(train_data[1]) // batch_size), np.random.default_rng(seed)
    size = min(batch_size, len(train_data[1]))
    logs: Logs = {name: [] for name in METRICS}
    for epoch in range(epochs):
        order = rng.permutation(len(train_data[1]))[: steps * size].astype("int32").reshape(steps, size)
        total = run_epoch(tf.constant(order))
        values = [float(v) for v in (total, *measure())]
        row = dict(zip(METRICS, values, strict=True))
        for name, value in row.items():
            logs[name].append(value)
        if on_epoch is not None and on_epoch(epoch, row):
            break
    return logs


def _compile(
    model: Any, train_data: tuple[Any, Any], validation_data: tuple[Any, Any], optimizer: Any
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two compiled functions of a training run: one epoch of steps, and the measurements after it."""
    (x, y), (x_val, y_val) = (_tensors(*data) for data in (train_data, validation_data))
    optimizer.build(model.trainable_variables)
    crossentropy = keras.losses.SparseCategoricalCrossentropy()

    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def step(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            total = crossentropy(tf.gather(y, rows), model(tf.gather(x, rows), training=True)) + _penalty(model)
        optimizer.apply(tape.gradient(total, model.trainable_variables), model.trainable_variables)
        return total

    @tf.function  # type: ignore[untyped-decorator]
    def run_epoch(order: Any) -> Any:
        total = tf.constant(0.0)
        for rows in order:
            total += step(rows)
        return total / tf.cast(tf.shape(order)[0], tf.float32)

    @tf.function  # type: ignore[untyped-decorator]
    def measure() -> Any:
        train_p, val_p = model(x, training=False), model(x_val, training=False)
        val_crossentropy = crossentropy(y_val, val_p)
        val_loss = val_crossentropy + _penalty(model)
        return (
            val_loss,
            crossentropy(y, train_p),
            val_crossentropy,
            _accuracy(y, train_p),
            _accuracy(y_val, val_p),
        )

    return run_epoch, measure


def _tensors(x: Any, y: Any) -> tuple[Any, Any]:
    return tf.constant(np.asarray(x, "float32")), tf.constant(np.asarray(y, "int32").reshape(-1))


def _penalty(model: Any) -> Any:
    """Sum of the penalties that the layers added in the last call, 0 without any."""
    return tf.add_n(model.losses) if model.losses else tf.constant(0.0)


def _accuracy(y: Any, probabilities: Any) -> Any:
    return tf.reduce_mean(tf.cast(tf.argmax(probabilities, axis=-1, output_type=tf.int32) == y, tf.float32))
