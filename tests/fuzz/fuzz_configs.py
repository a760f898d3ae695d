"""Mutated model configs to the walker and the safe rebuild: only what is on the allow-list is ever built.

    python -m tests.fuzz.fuzz_configs [libFuzzer's options] FOLDER

A corpus folder that is empty gets the configs of real models to begin from.
"""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import atheris

with atheris.instrument_imports(include=["autograder.families", "keras.src.saving", "keras.src.models"]):
    import keras

    from autograder.families.keras import allowed, costs, rebuild

from autograder.errors import EvidenceRefused
from autograder.families.keras.evidence import ModelData
from tests.fuzz.bounds import fuzz
from tests.fuzz.mutate import JsonMutator

# everything of Keras that a config can name and that does something
FAMILIES = (
    keras.Operation, keras.initializers.Initializer, keras.regularizers.Regularizer, keras.constraints.Constraint,
    keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric, keras.DTypePolicy, keras.quantizers.Quantizer,
)  # fmt: skip
NAMES = frozenset().union(*allowed.ALLOWED.values())
HOLDERS = {importlib.import_module(module): names for module, names in allowed.ALLOWED.items()}
ALLOWED = frozenset(getattr(h, name) for h, names in HOLDERS.items() for name in names if hasattr(h, name))
ACTIVATIONS = frozenset(getattr(keras.activations, name) for name in allowed.ACTIVATIONS)

KEYS = """class_name module registered_name config name dtype layers build_config compile_config shared_object_id
input_layers output_layers inbound_nodes args kwargs keras_history shape batch_shape input_shape shapes_dict units
filters activation function kernel_initializer bias_initializer kernel_regularizer bias_regularizer
activity_regularizer kernel_constraint recurrent_activation layer cell return_sequences unroll power_iterations
num_heads key_dim newshape equation height_factor lora_rank lora_alpha quantization_config rate value trainable
optimizer loss metrics axis target_shape""".split()
VALUES = [
    *sorted(NAMES), *sorted(allowed.ALLOWED), *sorted(allowed.ACTIVATIONS),
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "StringLookup", "StopGradient", "Map", "Full", "function",
    "__lambda__",
    "__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__", "__keras_tensor__", "__typespec__", "os",
    "system", "builtins", "eval", "keras.src.utils.python_utils", "func_load", "keras.saving", "load_model",
    "keras.utils", "get_file", "keras.activations", "identity", "stft", "adam", "mse", "int8_from_float32",
    "mixed_float16", "float64", {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}},
    {"input_shape": [None, 784]}, {"optimizer": "adam", "loss": "mse"},
    {"class_name": "function", "module": "keras.activations", "config": "relu", "registered_name": "relu"},
    {"class_name": "Lambda", "module": "keras.layers", "config": {"function": "x"}, "registered_name": None},
]  # fmt: skip


def target(data: bytes) -> None:
    """Walk and build with fresh weights, or refuse with a sentence."""
    config = data.decode("utf-8", errors="replace")
    try:
        model = rebuild.build(rebuild.allowed_config(ModelData(config, (), (), "", ())))
    except EvidenceRefused:
        return
    finally:
        keras.utils.clear_session(free_memory=False)
    assert model.count_params() <= costs.MAX_PARAMETERS
    for part in _parts(model):
        if isinstance(part, FAMILIES):
            assert type(part) in ALLOWED, f"built {type(part)}"
        else:
            assert part in ACTIVATIONS, f"taken {part}"


def _parts(model: Any) -> Iterator[Any]:
    """Everything of Keras's families and every function in attributes that can be reached from the model."""
    seen: set[int] = set()
    stack = [model]
    while stack:
        thing = stack.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, FAMILIES):
            yield thing
            for name, value in vars(thing).items():
                if inspect.isfunction(value) and "activation" in name:
                    yield value
                stack.append(value)
        elif isinstance(thing, dict):
            stack.extend(thing.values())
        elif isinstance(thing, (list, tuple, set)):
            stack.extend(thing)


def seeds() -> list[bytes]:
    """Models as learners write them, and every layer on the allow-list that can stand alone."""
    layers = keras.layers
    image = keras.Input((8, 8))
    dense = layers.Dense(6, "relu", kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3))(layers.Flatten()(image))
    both = layers.Concatenate()([dense, layers.Dropout(0.5)(dense)])
    start = [keras.Input((8, 8)), layers.Reshape((8, 8, 1))]
    convolution = [layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D(), layers.BatchNormalization()]
    limited = layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(2), kernel_initializer="he_normal")
    models = [
        keras.Model(image, layers.Dense(10, "softmax")(both)),
        keras.Sequential([*start, *convolution, layers.Flatten(), layers.Dense(10, "softmax")]),
        keras.Sequential([keras.Input((8,)), limited, keras.Sequential([layers.Dense(3)]), layers.GaussianNoise(0.1)]),
        keras.Sequential([keras.Input((8, 8)), layers.Conv1D(2, 3), layers.SpatialDropout1D(0.2), layers.PReLU()]),
        keras.Sequential([keras.Input((8, 8)), layers.Bidirectional(layers.GRU(3)), layers.Dense(4)]),
        keras.Sequential([*start, layers.RandomTranslation(0.1, 0.1), layers.RandomFlip(), layers.Flatten()]),
        keras.Model(image, layers.MultiHeadAttention(2, 3)(image, image)),
        keras.Model(image, keras.ops.mean(keras.ops.expand_dims(image[:, ::2], -1) / 255, axis=1)),
        keras.Sequential([*start, layers.CenterCrop(4, 4), layers.SeparableConv2D(3, 2, depth_multiplier=2)]),
    ]
    return [model.to_json().encode() for model in models]


if __name__ == "__main__":
    fuzz(target, seeds, JsonMutator(KEYS, VALUES))
