"""The challenge asks for a large model that is used, not for a large number of parameters."""

from typing import Any

import keras
import numpy as np
import pytest

from autograder.families.keras import gain, rebuild, use
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.models import config_of_given
from autograder.families.keras.training import train
from autograder.records import Outcome
from autograder.units.regularization.challenge.in_use import LEAST_PARAMETERS, NEARLY_ALL
from tests.checks.harness import grade

KERAS = "import keras\nfrom keras import constraints, initializers, layers, regularizers\n"


def beside_a_linear_classifier(behind: str = "", activation: str = "relu", **arguments: str) -> str:
    """A model of 317,900 parameters, of which 310,050 go through `behind`."""
    more = "".join(f", {name}={value}" for name, value in arguments.items())
    return f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    large = layers.Dense(390, "{activation}"{more})(pixels)
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


def behind_logits(behind: str) -> str:
    """A model in which something comes between the last layer with weights and the softmax."""
    return f"""{KERAS}
def build_challenge_model():
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(390, "relu"), layers.Dense(10)])
    for layer in [{behind}]:
        model.add(layer)
    model.add(layers.Softmax())
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
    "asleep": beside_a_linear_classifier(activation="elu", bias_initializer="initializers.Constant(-30)"),
    "always dropped": beside_a_linear_classifier("layers.Dropout(0.999)"),
    "one unit used": beside_a_linear_classifier(
        "layers.Reshape((390, 1)), layers.Cropping1D((0, 389)), layers.Flatten()"
    ),
    "frozen": beside_a_linear_classifier(trainable="False"),
    "of copies that are next to nothing": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    many = layers.Concatenate()([pixels, *(layers.Rescaling(1e-3)(pixels) for _ in range(39))])
    return keras.Model(image, layers.Dense(10, activation="softmax")(many))
""",
    "divided by a huge epsilon": stack(f"{DENSE}, layers.LayerNormalization(epsilon=1e3)"),
    "softened when it is measured": stack(
        DENSE,
        "layers.BatchNormalization(momentum=1.0, moving_variance_initializer=initializers.Constant(6.0)), "
        "layers.Softmax()",
    ),
    "softened by a normalization that begins far away": stack(
        f"{DENSE}, layers.BatchNormalization(moving_variance_initializer=initializers.Constant(1e30))"
    ),
    "softened by a constant from before the weights": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    found = layers.Dense(10)(layers.Dense(390, "relu")(pixels))
    tenth = layers.Cropping1D((0, 774))(layers.Reshape((784, 1))(layers.Rescaling(0.0, 0.1)(pixels)))
    return keras.Model(image, layers.Softmax()(layers.Multiply()([found, layers.Flatten()(tenth)])))
""",
    "softened by a mean with zeros": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    found = layers.Dense(10)(layers.Dense(390, "relu")(layers.Flatten()(image)))
    nothing = layers.Subtract()([found, found])
    return keras.Model(image, layers.Softmax()(layers.Average()([found] + [nothing] * 9)))
""",
    "softened by a mean with zeros from before the weights": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    found = layers.Dense(10)(layers.Dense(390, "relu")(pixels))
    zeros = [layers.Rescaling(0.0)(layers.Cropping1D((0, 774))(layers.Reshape((784, 1))(pixels))) for _ in range(9)]
    return keras.Model(image, layers.Softmax()(layers.Average()([found, *(layers.Flatten()(z) for z in zeros)])))
""",
    "softened by a mean with what is small": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    found = layers.Dense(10)(layers.Dense(390, "relu")(layers.Flatten()(image)))
    small = [layers.Activation("tanh")(found) for _ in range(9)]
    return keras.Model(image, layers.Softmax()(layers.Average()([found, *small])))
""",
    "softened by padded zeros": behind_logits(
        "layers.Reshape((1, 10)), layers.ZeroPadding1D((0, 4)), layers.GlobalAveragePooling1D()"
    ),
    "softened by the slope of a unit that is never on": behind_logits("layers.ReLU(None, 0.2, 1000)"),
    "made smaller on the way by padded zeros": stack(
        f"{DENSE}, layers.Reshape((1, 256)), layers.ZeroPadding1D((0, 4)), layers.GlobalAveragePooling1D()"
    ),
    "softened within a model": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    found = layers.Dense(10)(layers.Dense(390, "relu")(layers.Flatten()(image)))
    given = keras.Input((10,))
    row = layers.ZeroPadding1D((0, 4))(layers.Reshape((1, 10))(given))
    calm = keras.Model(given, layers.GlobalAveragePooling1D()(row))
    return keras.Model(image, layers.Softmax()(calm(found)))
""",
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
    assert results[0].message is not None
    assert "far larger" not in results[0].message.text  # what is refused before it is looked at proves nothing here


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
    "with a softmax of its own": behind_logits(""),
    "normalized before its softmax": behind_logits("layers.BatchNormalization()"),
    "a mean of three": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    several = [layers.Dense(10, activation="softmax")(layers.Dense(160, "relu")(pixels)) for _ in range(3)]
    return keras.Model(image, layers.Average()(several))
""",
    "around": f"""{KERAS}
def build_challenge_model():
    image = keras.Input((28, 28))
    hidden = layers.Dense(256, "relu")(layers.Flatten()(image))
    for _ in range(2):
        hidden = layers.LayerNormalization()(layers.Add()([hidden, layers.Dense(256, "relu")(hidden)]))
    return keras.Model(image, layers.Dense(10, activation="softmax")(hidden))
""",
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
    assert use.weights_in_use(config_of_given(model)) >= max(NEARLY_ALL * LEAST_PARAMETERS, 0.96 * _trainable(model))
    assert not gain.rescales_behind_weights(model)
    assert not gain.softens(model)
    rebuild.allowed_config(ModelData(model.to_json(), (), (), "", ()))


def _trainable(model: Any) -> int:
    return sum(int(v.value.shape.num_elements()) for v in model.trainable_variables)


@pytest.mark.parametrize(
    ("effect", "left"), [("kernel_regularizer=regularizers.L2(10)", 1174 * 10), ("bias_regularizer='l2'", 317_900)]
)
def test_what_training_drove_to_nothing_does_not_matter(effect: str, left: int) -> None:
    space: dict[str, Any] = {}
    keras.utils.set_random_seed(1)
    name, _equals, value = effect.partition("=")
    exec(compile(beside_a_linear_classifier(**{name: value}), "<answer>", "exec"), space)
    model = space["build_challenge_model"]()
    rng = np.random.default_rng(0)
    x, y = rng.random((600, 28, 28), "float32"), rng.integers(0, 10, 600)
    train(model, (x, y), (x[:10], y[:10]), epochs=40, learning_rate=2e-3)
    assert use.weights_that_matter(model, x[:256]) == pytest.approx(left, rel=0.05)


@pytest.mark.slow
def test_a_part_that_is_without_effect_when_trained_does_not_count() -> None:
    code = beside_a_linear_classifier(kernel_regularizer="regularizers.L2(10)")
    results = grade("4_challenge", "challenge", code)
    assert [r.earned for r in results] == [0, 0]
    assert results[0].message is not None
    assert results[0].message.text.startswith("Trained by us, your model answers with")
