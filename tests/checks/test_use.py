"""The challenge asks for a large model that is used, not for a large number of parameters."""

from typing import Any

import pytest

from autograder.families.keras import use
from autograder.families.keras.models import config_of_given
from autograder.records import Outcome
from autograder.units.regularization.challenge.checks import LEAST_PARAMETERS, NEARLY_ALL
from tests.checks.harness import grade

KERAS = "import keras\nfrom keras import constraints, initializers, layers, regularizers\n"


def beside_a_linear_classifier(behind: str = "", **arguments: str) -> str:
    """A model of 317,900 parameters, of which 310,050 go through `behind`."""
    more = "".join(f", {name}={value}" for name, value in arguments.items())
    return f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    large = layers.Dense(390, "relu"{more})(pixels)
    for layer in [{behind}]:
        large = layer(large)
    both = layers.Concatenate()([pixels, large])
    return keras.Model(image, layers.Dense(10, activation="softmax")(both))
"""


def stack(hidden: str, end: str = "", first: str = "") -> str:
    """Three times these hidden layers between the images and the softmax, and what comes behind it."""
    return f"""{KERAS}
def build_challenge_model():
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), {first}])
    for number in range(3):
        for layer in [{hidden}]:
            model.add(layer)
    model.add(layers.Dense(10, activation="softmax"))
    for layer in [{end}]:
        model.add(layer)
    return model
"""


DENSE = 'layers.Dense(256, "relu")'
IN_NAME_ONLY = {
    "times 0": beside_a_linear_classifier("layers.Rescaling(0)"),
    "times next to nothing": beside_a_linear_classifier("layers.Rescaling(1e-6)"),
    "frozen normalization with the factor 0": beside_a_linear_classifier(
        "layers.BatchNormalization(gamma_initializer='zeros', trainable=False)"
    ),
    "held at 0": beside_a_linear_classifier(kernel_constraint="constraints.MaxNorm(1e-4)"),
    "never on": beside_a_linear_classifier(bias_initializer="initializers.Constant(-1000)"),
    "always dropped": beside_a_linear_classifier("layers.Dropout(0.999)"),
    "one unit used": beside_a_linear_classifier(
        "layers.Reshape((390, 1)), layers.Cropping1D((0, 389)), layers.Flatten()"
    ),
    "frozen": beside_a_linear_classifier(trainable="False"),
    "softened behind the softmax": stack(DENSE, "layers.Rescaling(0.7, 0.03)"),
    "softened before the softmax": stack(f"{DENSE}, layers.Rescaling(0.1)"),
    "trained beforehand": stack(
        'layers.Dense(256, "relu", bias_initializer=initializers.Constant([0.1] * 256), trainable=False)'
    ),
    "an image by itself": stack(DENSE, first="layers.Rescaling([0.5] * 784)"),
}


@pytest.mark.parametrize("label", IN_NAME_ONLY)
def test_parameters_in_name_only_earn_nothing(label: str) -> None:
    results = grade("4_challenge", "challenge", IN_NAME_ONLY[label])
    assert [r.earned for r in results] == [0, 0]
    assert [r.outcome for r in results] == [Outcome.FAILED, Outcome.SKIPPED], results[0].detail


USED = {
    "Dropout": stack(f"{DENSE}, layers.Dropout(0.6)"),
    "L2": stack('layers.Dense(256, "relu", kernel_regularizer="l2")'),
    "normalized": stack("layers.Dense(256), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3)"),
    "scaled images and other activations": stack(
        'layers.Dense(256, ["gelu", "tanh", "elu"][number]), layers.GaussianDropout(0.4)',
        first="layers.Rescaling(2, -1)",
    ),
    "from zero": stack('layers.Dense(256, "relu", kernel_initializer="zeros")'),
    "limited": stack('layers.Dense(256, "relu", kernel_constraint=constraints.MaxNorm(2)), layers.Dropout(0.5)'),
    "beside a linear classifier": beside_a_linear_classifier("layers.Dropout(0.5)"),
    "convolution": f"""{KERAS}
def build_challenge_model():
    return keras.Sequential([
        keras.Input((28, 28)), layers.Reshape((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(), layers.SpatialDropout2D(0.3), layers.Flatten(), layers.Dense(64, "relu"),
        layers.Dense(10), layers.Softmax(),
    ])
""",
}


@pytest.mark.parametrize("label", USED)
def test_honest_models_are_in_use(label: str) -> None:
    space: dict[str, Any] = {}
    exec(compile(USED[label], "<answer>", "exec"), space)
    model = space["build_challenge_model"]()
    assert use.weights_in_use(config_of_given(model)) >= max(NEARLY_ALL * LEAST_PARAMETERS, 0.97 * _trainable(model))
    assert not use.rescales_behind_weights(model)
    assert not use.answers_are_bounded(model)


def _trainable(model: Any) -> int:
    return sum(int(v.value.shape.num_elements()) for v in model.trainable_variables)
