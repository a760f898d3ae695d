"""The formulas that notebook 4_challenge is checked with are what Keras's optimizers do."""

from typing import Any

import numpy as np

from autograder.checks.values import close
from autograder.units.regularization.challenge import decay

CASES = [case[:4] for case in decay.hidden_steps(np.random.default_rng(0))]


def moved(optimizer: Any, w: Any, gradient: Any) -> Any:
    """How far a step of a Keras optimizer moves the weights; `gradient` of the loss at a variable."""
    import keras

    variable = keras.Variable(w, dtype="float64")
    optimizer.apply([gradient(variable)], [variable])
    return np.asarray(variable) - w


def test_the_step_with_the_penalty_in_the_loss_is_that_of_sgd_with_l2() -> None:
    import keras
    import tensorflow as tf

    def gradient(variable: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(variable.value * g) + keras.regularizers.L2(lam)(variable.value)
        return tape.gradient(loss, variable.value)

    for w, g, lr, lam in CASES:
        assert close(decay.keras_l2(w, g, lr, lam), moved(keras.optimizers.SGD(lr), w, gradient), 1e-5)


def test_the_step_with_decoupled_decay_is_that_of_sgd_and_of_adamw_where_the_gradient_is_one() -> None:
    import keras

    signs = 0
    for w, g, lr, lam in CASES:
        optimizers = [keras.optimizers.SGD(lr, weight_decay=lam)]
        if (np.abs(g) == 1).all():
            optimizers, signs = [*optimizers, keras.optimizers.AdamW(lr, weight_decay=lam)], signs + 1
        for optimizer in optimizers:
            found = moved(optimizer, w, lambda _variable, g=g: keras.ops.convert_to_tensor(g, "float64"))
            assert close(decay.keras_decoupled(w, g, lr, lam), found, 1e-5)
    assert signs
