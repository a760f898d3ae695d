"""Models that are arguments of ours: in the kernel they are what Keras builds of their config."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.execution.kernel_side import _Kernel
from autograder.families.keras import kernel_side
from autograder.families.keras.evidence import encode


def stack(*first: Any) -> list[Any]:
    from keras import layers

    frozen = layers.Dense(6, "relu", kernel_regularizer="l2", trainable=False)
    return [*first, frozen, layers.Dropout(0.3), layers.BatchNormalization(), layers.Dropout(0.2, seed=3),
            layers.Dense(3, "softmax", name="last")]  # fmt: skip


def sequential() -> Any:
    import keras

    return keras.Sequential(stack(keras.Input((5,))), name="mine")


def compiled() -> Any:
    model = sequential()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def without_input() -> Any:
    import keras

    model = keras.Sequential(stack())
    model.build((None, 5))
    return model


def functional() -> Any:
    import keras

    image = keras.Input((5,))
    outputs = image
    for layer in stack():
        outputs = layer(outputs)
    return keras.Model(image, outputs)


def nested() -> Any:
    import keras

    return keras.Sequential([keras.Input((5,)), sequential(), keras.layers.Softmax()])


def seen(make: Callable[[], Any]) -> list[Any]:
    """What there is to see of a model that is made in a fresh session, and the next random number."""
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = make()
    drawn = random.random()
    x = np.linspace(0, 1, 20, dtype="float32").reshape(4, 5)
    return [
        model.to_json(),
        [(v.path, v.trainable, v.numpy().tolist()) for v in model.variables],
        [layer.name for layer in model.layers],
        (model.compiled, model.built, model.trainable, str(getattr(model, "optimizer", None))[:40]),
        *(model(x, training=training).numpy().tolist() for training in (False, True)),
        [float(loss) for loss in model.losses],
        drawn,
    ]


@pytest.mark.parametrize("made", [sequential, compiled, without_input, functional, nested])
def test_a_model_of_ours_is_in_the_kernel_what_keras_makes_of_its_config(made: Callable[[], Any]) -> None:
    import keras

    model = made()
    body, weights = encode(model), model.get_weights()

    def kerass() -> Any:
        found = keras.models.model_from_json(model.to_json())
        found.set_weights(weights)
        return found

    assert seen(lambda: _Kernel(kernel_side).decode(body)) == seen(kerass)


def test_a_sequential_model_of_ours_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    body, built = encode(sequential()), []
    build = keras.Sequential.build
    monkeypatch.setattr(keras.Sequential, "build", lambda self, *shape: built.append(self) or build(self, *shape))
    _Kernel(kernel_side).decode(body)
    assert len(built) == 1
