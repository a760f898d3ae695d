"""Only models whose every name is on the allow-list are built, and none that is too large."""

import json
import resource
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import EvidenceRefused
from autograder.families.keras import costs, rebuild, sizes
from autograder.families.keras.allowed import ALLOWED
from autograder.families.keras.evidence import ModelData


def data_of(model: Any) -> ModelData:
    return ModelData(model.to_json(), tuple(model.get_weights()), (), "Sequential", ())


def seed_model(**hidden: Any) -> Any:
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(128, "relu", **hidden)]
    return keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])


def functional() -> Any:
    inputs = keras.Input((28, 28))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Activation(keras.activations.relu)(keras.layers.Dense(32)(x))
    return keras.Model(inputs, keras.layers.Dense(10, "softmax")(keras.layers.Dropout(0.5)(x)))


def beside() -> Any:
    inputs = keras.Input((28, 28))
    x = keras.layers.Flatten()(inputs)
    both = keras.layers.Concatenate()([x, keras.layers.Dense(390, "relu")(x)])
    return keras.Model(inputs, keras.layers.Dense(10, "softmax")(both))


def convolutional() -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
    )


@pytest.mark.parametrize(
    "model",
    [
        seed_model(kernel_regularizer="l2"),
        seed_model(kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3), bias_regularizer="l1"),
        seed_model(kernel_constraint=keras.constraints.MaxNorm(2), kernel_initializer="he_normal"),
        functional(),
        convolutional(),
        beside(),
    ],
    ids=["l2", "l1l2", "constraint", "functional", "convolutional", "beside"],
)
def test_a_model_comes_back_with_its_weights_and_answers(model: Any) -> None:
    again = rebuild.rebuild(data_of(model))
    x = np.random.default_rng(0).random((3, 28, 28), "float32")
    np.testing.assert_allclose(again(x, training=False), model(x, training=False), rtol=1e-5, atol=1e-6)
    assert float(sum(again.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-5)


def edited(change: Any) -> ModelData:
    """The seed's model with `change(first Dense layer's node)` made in its config."""
    data = data_of(seed_model())
    config = json.loads(data.config or "")
    node = next(n for n in config["config"]["layers"] if n["class_name"] == "Dense")
    change(node)
    return ModelData(json.dumps(config), data.weights, (), "Sequential", ())


def renamed(module: str, name: str, registered: str | None = None) -> Any:
    return lambda node: node.update(module=module, class_name=name, registered_name=registered)


HOSTILE = {
    "lambda layer": renamed("keras.layers", "Lambda"),
    "saved model": renamed("keras.layers", "TFSMLayer"),
    "torch": renamed("keras.layers", "TorchModuleWrapper"),
    "os.system": renamed("os", "system"),
    "builtins": renamed("builtins", "eval"),
    "registered name": renamed("keras.layers", "Dense", "evil>Dense"),
    "file reader": renamed("keras.layers", "StringLookup"),
    "no module": lambda node: node.update(module=None),
    "module is a list": lambda node: node.update(module=["keras.layers"]),
    "function activation": lambda n: n["config"].update(
        activation={"module": "subprocess", "class_name": "function", "config": "run", "registered_name": None}
    ),
    "lambda activation": lambda n: n["config"].update(
        activation={"class_name": "__lambda__", "config": {"value": "4wEAAA=="}}
    ),
    "unknown activation": lambda n: n["config"].update(activation="my_activation"),
    "hidden saved model": lambda n: n["config"].update(
        kernel_initializer={"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp/x"}}
    ),
    "file path": lambda n: n["config"].update(filepath="/etc/passwd"),
    "bytes": lambda n: n["config"].update(name={"class_name": "__bytes__", "config": {"value": "x"}}),
    "numpy object": lambda n: n["config"].update(units={"class_name": "__numpy__", "config": {"value": 1}}),
    "huge": lambda n: n["config"].update(units=10**8),
    "negative": lambda n: n["config"].update(units=-5),
    "units as text": lambda n: n["config"].update(units="128"),
    "not a number": lambda n: n["config"].update(units=float("nan")),
    "class name is an object": lambda n: n.update(class_name={"Dense": 1}),
    "class name is a list": lambda n: n["config"].update(name={"class_name": ["Dense"], "module": "keras.layers"}),
    "function is an object": lambda n: n["config"].update(
        activation={"class_name": "function", "module": "keras.activations", "config": {"relu": 1}}
    ),
    "policy is an object": lambda n: n["config"]["dtype"]["config"].update(name={"float32": 1}),
    "policy of quantized numbers": lambda n: n["config"]["dtype"]["config"].update(name="int8_from_float32"),
    "quantized numbers by name": lambda n: n["config"].update(dtype="float8_from_float32"),
    "initializer by name": lambda n: n["config"].update(kernel_initializer="identity"),
    "regularizer by name": lambda n: n["config"].update(kernel_regularizer="l2"),
    "long text": lambda n: n["config"].update(name="x" * 100_000),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_config_is_refused_with_a_sentence(change: Any) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        rebuild.rebuild(edited(change))
    assert str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", "[" * 100_000, '{"class_name": "Sequential"}', json.dumps({"class_name": "Model"})],
    ids=["empty", "null", "list", "cut", "deep", "bare", "no config"],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(EvidenceRefused):
        rebuild.rebuild(ModelData(text, (), (), "x", ()))


def test_weights_that_do_not_fit_are_refused() -> None:
    data = data_of(seed_model())
    with pytest.raises(EvidenceRefused, match="do not fit"):
        rebuild.rebuild(ModelData(data.config, data.weights[:-1], (), "Sequential", ()))


def test_weights_that_are_not_numbers_are_refused() -> None:
    data = data_of(seed_model())
    broken = tuple(np.full_like(w, np.nan) for w in data.weights)
    with pytest.raises(EvidenceRefused, match="not numbers"):
        rebuild.rebuild(ModelData(data.config, broken, (), "Sequential", ()))


def test_a_model_that_would_take_too_long_to_train_is_refused() -> None:
    layers: list[Any] = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    layers += [keras.layers.Conv2D(48, 3, padding="same", activation="relu") for _ in range(3)]
    model = keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, "softmax")])
    with pytest.raises(EvidenceRefused, match="costs more than what we train"):
        rebuild.rebuild(data_of(model))


def doubled(times: int) -> ModelData:
    """Each Concatenate takes the one before twice: 784 · 2^times inputs of the last layer."""
    inputs = keras.Input((4,))
    x = keras.layers.Concatenate()([inputs, inputs])
    config = json.loads(keras.Model(inputs, x).to_json())
    layers = config["config"]["layers"]
    for number in range(1, times):
        layer = json.loads(json.dumps(layers[1]).replace("input_layer", "layer"))
        text = json.dumps(layers[-1]["inbound_nodes"]).replace(json.dumps(layers[-2]["name"]), "PREVIOUS")
        layer["name"] = layer["config"]["name"] = f"doubled_{number}"
        layer["inbound_nodes"] = json.loads(text.replace("PREVIOUS", json.dumps(layers[-1]["name"])))
        for tensor in layer["inbound_nodes"][0]["args"][0]:
            tensor["config"]["shape"] = [None, 4 << number]
        layers.append(layer)
    config["config"]["output_layers"] = [[layers[-1]["name"], 0, 0]]
    return ModelData(json.dumps(config), (), (), "Functional", ())


def in_stages(*layers: Any) -> ModelData:
    """A model by the layers' configs alone: making it here would take what it must not take."""
    config = json.loads(keras.Sequential([keras.Input((28, 28, 1))]).to_json())
    config["config"]["layers"] += [keras.saving.serialize_keras_object(layer) for layer in layers]
    return ModelData(json.dumps(config), (), (), "Sequential", ())


def shared(depth: int) -> ModelData:
    """A model that uses a model ten times that uses a model ten times."""
    model: Any = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    for _ in range(depth):
        inputs = keras.Input((4,))
        x = inputs
        for _ in range(10):
            x = model(x)
        model = keras.Model(inputs, x)
    return ModelData(model.to_json(), (), (), "Functional", ())


BOMBS = {
    "doubled 30 times": lambda: doubled(30),
    "crop that enlarges": lambda: in_stages(keras.layers.CenterCrop(9000, 9000), keras.layers.Flatten()),
    "crop, then Dense": lambda: in_stages(
        keras.layers.CenterCrop(9000, 9000), keras.layers.Flatten(), keras.layers.Dense(5)
    ),
    "depth multiplied": lambda: in_stages(
        *(keras.layers.DepthwiseConv2D(1, depth_multiplier=900, use_bias=False) for _ in range(3))
    ),
    "models in models": lambda: shared(3),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=list(BOMBS))
def test_a_small_config_of_a_huge_model_is_refused_before_it_takes_memory(bomb: Any) -> None:
    data = bomb()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(EvidenceRefused, match=r"costs more than what we train|cannot build"):
        rebuild.build(rebuild.allowed_config(data))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 300_000  # KiB
    assert rebuild.build(rebuild.allowed_config(data_of(seed_model()))).built  # nothing is left for the next one


def test_a_model_gets_the_same_weights_as_from_keras_itself() -> None:
    config = rebuild.allowed_config(data_of(convolutional()))
    keras.utils.set_random_seed(5)
    expected = keras.saving.deserialize_keras_object(json.loads(json.dumps(config))).get_weights()
    keras.utils.set_random_seed(5)
    for found, wanted in zip(rebuild.build(config).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_an_optimizer_within_a_model_within_is_never_made() -> None:
    inner = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(3)])
    inner.compile("adam", "mse")
    again = rebuild.rebuild(data_of(keras.Sequential([keras.Input((28, 28)), inner])))
    assert not again.layers[0].compiled


def test_multiply_adds_count_each_position_of_a_kernel() -> None:
    values = 2 * 784 + 128 + 10
    assert costs.multiply_adds(seed_model()) == 784 * 128 + 128 * 10 + costs.VALUE * values
    kernels, pooled = 26 * 26 * 9 * 8 + 13 * 13 * 8 * 10, 13 * 13 * 8
    values = 2 * 784 + 26 * 26 * 8 + 3 * pooled + 10
    assert costs.multiply_adds(convolutional()) == kernels + 4 * pooled + costs.VALUE * values


names = st.sampled_from(["Dense", "Lambda", "TFSMLayer", "function", "__keras_tensor__", "Sequential", "system"])
modules = st.sampled_from(["keras.layers", "keras", "os", "builtins", "keras.src.models.sequential", None, 3])
nodes = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=8),
    lambda c: (
        st.lists(c, max_size=3)
        | st.fixed_dictionaries(
            {"class_name": names, "config": c}, optional={"module": modules, "registered_name": st.none() | names}
        )
    ),
    max_leaves=15,
)


@given(nodes)
@settings(max_examples=300)
def test_whatever_passes_the_walk_names_only_what_is_allowed(node: Any) -> None:
    try:
        config = rebuild.allowed_config(ModelData(json.dumps(node), (), (), "x", ()))
    except EvidenceRefused:
        return
    for found, _depth in sizes.nodes(config):
        if isinstance(found, dict) and found.get("class_name") not in (None, "__keras_tensor__", "function"):
            assert found["class_name"] in ALLOWED[found["module"]]
