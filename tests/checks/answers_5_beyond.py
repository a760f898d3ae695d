"""Answers to the tasks of notebook 5_beyond."""

from tests.checks.harness import Wrong

IMPORTS = """
import json, tempfile
from pathlib import Path
import keras
import numpy as np
from keras import layers, ops
"""
# the locked cell `custom_given` of the notebook
GIVEN = """
def penalty_value(w, strength):
    import keras  # whatever the name means above

    return float(GroupLasso(strength)(keras.ops.convert_to_tensor(w, dtype="float32")))


def restored_value(w, strength):
    import keras

    config = json.loads(json.dumps(GroupLasso(strength).get_config()))
    return float(GroupLasso.from_config(config)(keras.ops.convert_to_tensor(w, dtype="float32")))


def penalized_model(w, strength):
    import keras

    inputs, units = np.shape(w)
    layer = keras.layers.Dense(units, use_bias=False, kernel_regularizer=GroupLasso(strength))
    model = keras.Sequential([keras.Input((inputs,)), layer])
    layer.set_weights([np.asarray(w, "float32")])
    return model


def saved_and_loaded_value(w, strength):
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        penalized_model(w, strength).save(path)
        loaded = keras.saving.load_model(path)
    return float(sum(loaded.losses))


def gradient_in_fit(w, strength):
    model = penalized_model(w, strength)
    inputs, units = np.shape(w)
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 1.0
    model.fit(np.zeros((1, inputs)), np.zeros((1, units)), verbose=0)
    return w - model.get_weights()[0]


def registered_name():
    import keras

    return keras.saving.get_registered_name(GroupLasso)
"""
REGISTER = '@keras.saving.register_keras_serializable(package="beyond")\n'
CONFIG = '{"strength": self.strength}'


def _lasso(value: str, config: str = CONFIG, register: str = REGISTER, init: str = "strength") -> str:
    return (
        f"{IMPORTS}\n{register}class GroupLasso(keras.regularizers.Regularizer):\n"
        f"    def __init__(self, strength=0.01):\n        self.strength = {init}\n"
        f"    def __call__(self, w):\n        return {value}\n"
        f"    def get_config(self):\n        return {config}\n{GIVEN}"
    )


GROUPS = "self.strength * ops.sum(ops.sqrt(ops.sum(w * w, axis=tuple(range(len(w.shape) - 1))) + 1e-12))"


def _model(name: str, *stack: str, output: str = "layers.Dense(10, activation='softmax')") -> str:
    layers = ", ".join(["keras.Input((28, 28))", *stack, output])
    return f"{IMPORTS}\ndef {name}():\n    return keras.Sequential([{layers}])\n"


FLAT = "layers.Flatten()"


def _orthogonal(regularizer: str = "", output: str = "", more: str = "") -> str:
    hidden = (
        f"layers.Dense(128, activation='relu', {f'kernel_regularizer={regularizer},' if regularizer else ''} {more})"
    )
    last = f"layers.Dense(10, activation='softmax', {f'kernel_regularizer={output}' if output else ''})"
    return _model("build_orthogonal_model", FLAT, hidden, output=last)


REG = "keras.regularizers.OrthogonalRegularizer"


def _conv(noise: str, behind: str = "") -> str:
    stack = ["layers.Reshape((28, 28, 1))", "layers.Conv2D(16, 3, activation='relu')", noise]
    return _model("build_conv_model", *filter(None, [*stack, "layers.MaxPooling2D()", behind]), FLAT)


def _selu(first: str, second: str) -> str:
    dense = "layers.Dense(64, activation='selu', kernel_initializer='lecun_normal')"
    return _model("build_selu_model", *filter(None, [FLAT, dense, first, dense, second]))


def _noisy(noise: str, output: str = "layers.Dense(10, activation='softmax')") -> str:
    stack = [FLAT, "layers.Dense(64, activation='relu')", noise]
    return _model("build_noisy_model", *filter(None, stack), output=output)


MAPS, ALPHA, FACTOR = "layers.SpatialDropout2D(0.2)", "layers.AlphaDropout(0.1)", "layers.GaussianDropout(0.3)"


def _noises(conv: str = MAPS, selu: tuple[str, str] = (ALPHA, ALPHA), noisy: str = FACTOR) -> str:
    return _conv(conv) + _selu(*selu) + _noisy(noisy)


RIGHT = {
    "custom": {
        "axes": _lasso(GROUPS),
        "reshaped, no epsilon": _lasso(
            "self.strength * ops.sum(ops.norm(ops.reshape(w, (-1, w.shape[-1])), axis=0))", init="float(strength)"
        ),
        "keras of tensorflow": _lasso(GROUPS.replace("ops.s", "keras.ops.s"))
        .replace("keras.saving.register", "keras.utils.register")
        .replace("import keras\n", "from tensorflow import keras\n", 1),
        "functions of TensorFlow": _lasso(
            "self.strength * tf.reduce_sum(tf.sqrt(tf.reduce_sum(tf.square(w), axis=list(range(len(w.shape) - 1))) "
            "+ 1e-12))"
        )
        .replace("keras.saving.register", "keras.utils.register")
        .replace("import keras\n", "import tensorflow as tf\nfrom tensorflow import keras\n", 1),
        "moved axis, registered later": _lasso(
            "ops.sum(self.strength * ops.sqrt(1e-12 + ops.sum(ops.reshape(ops.moveaxis(w, -1, 0), "
            "(w.shape[-1], -1)) ** 2, axis=1)))",
            config="dict(strength=float(self.strength))",
            register="",
        )
        + "\nGroupLasso = keras.saving.register_keras_serializable('beyond', 'group_lasso')(GroupLasso)\n",
    },
    "orthogonal": {
        "added one by one": IMPORTS
        + f"""
def build_orthogonal_model():
    model = keras.models.Sequential()
    model.add(layers.InputLayer(shape=(28, 28)))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, "relu", kernel_regularizer={REG}(10., "columns")))
    model.add(layers.Dense(10, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
""",
        "named": _orthogonal(f"{REG}(factor=10.0, mode='columns')"),
        "functional": IMPORTS
        + f"""
def build_orthogonal_model():
    inputs = keras.Input((28, 28))
    x = layers.Dense(128, kernel_regularizer={REG}(10.0, "columns"))(layers.Flatten()(inputs))
    x = layers.Activation("relu")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
""",
        "with an initializer": _orthogonal(f"{REG}(10.0, mode='columns')", more="kernel_initializer='orthogonal'"),
    },
    "noise_layers": {
        "named": _noises(),
        "layers of tensorflow": _noises().replace("from keras import", "from tensorflow.keras import"),
        "noise shape, behind the pooling": _conv("", behind="layers.SpatialDropout2D(0.2)")
        + _selu(ALPHA, ALPHA)
        + _noisy(FACTOR),
        "one dropped shape, functional": _noises(conv="layers.Dropout(0.2, noise_shape=(None, 1, 1, 16))")
        + """
def build_selu_model():
    noise, lecun = layers.AlphaDropout(0.1), keras.initializers.VarianceScaling(1.0, "fan_in", "truncated_normal")
    inputs = keras.Input((28, 28))
    x = layers.Flatten()(inputs)
    for _ in range(2):
        x = noise(layers.Activation("selu")(layers.Dense(64, kernel_initializer=lecun)(x)))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
""",
    },
}
WRONG = {
    "custom": {
        "stub": Wrong(
            f"{IMPORTS}\nclass GroupLasso(keras.regularizers.Regularizer):\n"
            f"    def __init__(self, strength=0.01): raise NotImplementedError()\n{GIVEN}",
            "dense_penalty",
            "A method of `GroupLasso` is not written yet",
            ("built_again",),
        ),
        "rows": Wrong(
            _lasso("self.strength * ops.sum(ops.sqrt(ops.sum(w * w, axis=-1) + 1e-12))"),
            "dense_penalty",
            "You made a group of each row",
        ),
        "no root": Wrong(_lasso("self.strength * ops.sum(w * w)"), "dense_penalty", "Without a square root"),
        "one norm": Wrong(
            _lasso("self.strength * ops.sqrt(ops.sum(w * w) + 1e-12)"), "dense_penalty", "Your penalty is one norm"
        ),
        "mean": Wrong(
            _lasso(GROUPS.replace("ops.sum(ops.sqrt", "ops.mean(ops.sqrt")), "dense_penalty", "Your penalty is a"
        ),
        "mean inside": Wrong(
            _lasso(GROUPS.replace("ops.sum(w * w", "ops.mean(w * w")),
            "dense_penalty",
            "Inside the root of your penalty",
        ),
        "absolute values": Wrong(_lasso("self.strength * ops.sum(ops.abs(w))"), "dense_penalty", "Your penalty is L1"),
        "no strength": Wrong(
            _lasso(GROUPS[16:]), "dense_penalty", "Your penalty does not depend on `strength`", ("built_again",)
        ),
        "strength not kept": Wrong(
            _lasso(GROUPS, init="0.01"), "dense_penalty", "Your penalty always has the default", ("built_again",)
        ),
        "half": Wrong(_lasso("0.5 * " + GROUPS), "dense_penalty", "Your penalty is half of the expected one"),
        "nothing": Wrong(_lasso("0.0 * ops.sum(w)"), "dense_penalty", "`penalty_value` returned", ("built_again",)),
        "NumPy": Wrong(
            _lasso(
                "self.strength * np.sum(np.sqrt(np.sum(np.square(w), axis=tuple(range(len(w.shape) - 1))) + 1e-12))"
            ),
            "trains",
            "With `GroupLasso`, `fit` stops",
        ),
        "NumPy by name": Wrong(
            _lasso(
                "self.strength * np.sum(np.linalg.norm(keras.ops.convert_to_numpy(w).reshape(-1, w.shape[-1]), axis=0))"
            ),
            "trains",
            "With `GroupLasso`, `fit` stops",
        ),
        "without its package": Wrong(
            _lasso(GROUPS, register="@keras.saving.register_keras_serializable()\n"),
            "saved_and_loaded",
            "Your class is registered as “Custom>GroupLasso”",
        ),
        "another package": Wrong(
            _lasso(GROUPS, register="@keras.saving.register_keras_serializable('lasso')\n"),
            "saved_and_loaded",
            "Your class is registered as “lasso>GroupLasso”",
        ),
        "get_config left out": Wrong(
            _lasso(GROUPS).replace('    def get_config(self):\n        return {"strength": self.strength}\n', ""),
            "built_again",
            "For `GroupLasso`, Keras's own `get_config` is called",
        ),
        "first axis": Wrong(
            _lasso("self.strength * ops.sum(ops.sqrt(ops.sum(w * w, axis=0) + 1e-12))"),
            "conv_penalty",
            "For the kernel of a convolution your inner sum goes over the first axis",
        ),
        "parts of filters": Wrong(
            _lasso("self.strength * ops.sum(ops.sqrt(ops.sum(w * w, axis=(0, 1) if len(w.shape) > 2 else 0) + 1e-12))"),
            "conv_penalty",
            "For the kernel of a convolution your groups are parts of a filter",
        ),
        "config without strength": Wrong(
            _lasso(GROUPS, config="{}"),
            "built_again",
            "Built again from its configuration, your penalty has the default",
        ),
        "no get_config": Wrong(
            _lasso(GROUPS, config="super().get_config()"), "built_again", "For `GroupLasso`, Keras's own `get_config`"
        ),
        "another name": Wrong(
            _lasso(GROUPS, config='{"lam": self.strength}'),
            "built_again",
            "From its configuration, `GroupLasso` cannot",
        ),
        "tensor": Wrong(
            _lasso(GROUPS, init="ops.convert_to_tensor(strength)"), "built_again", "The configuration of `GroupLasso`"
        ),
        "not registered": Wrong(
            _lasso(GROUPS, register=""), "saved_and_loaded", "Keras does not find your class when it reads the model"
        ),
    },
    "orthogonal": {
        "rows": Wrong(_orthogonal(f"{REG}(10.0)"), "units_kept_apart", "Your penalty makes the 784 rows"),
        "initializer": Wrong(
            _orthogonal(more="kernel_initializer='orthogonal'"), "hidden_layer_penalised", "An orthogonal initializer"
        ),
        "nothing": Wrong(_orthogonal(), "hidden_layer_penalised", "The kernel of the hidden layer carries no penalty"),
        "set after build": Wrong(
            _orthogonal()
            + f"""
built = build_orthogonal_model
def build_orthogonal_model():
    model = built()
    model.layers[1].kernel_regularizer = {REG}(10.0, mode="columns")
    return model
""",
            "hidden_layer_penalised",
            "The layer names a regularizer, but in your notebook",
        ),
        "frozen": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", more="trainable=False"),
            "hidden_layer_penalised",
            "The layer has its penalty, but it is frozen",
        ),
        "output layer": Wrong(
            _orthogonal(output=f"{REG}(10.0, mode='columns')"),
            "hidden_layer_penalised",
            "Your penalty acts on the output",
        ),
        "default factor": Wrong(
            _orthogonal(f"{REG}(mode='columns')"), "units_kept_apart", "Your penalty has the factor that Keras takes"
        ),
        "another factor": Wrong(
            _orthogonal(f"{REG}(1.0, mode='columns')"), "units_kept_apart", "Your penalty has the factor 1:"
        ),
        "on both layers": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", output=f"{REG}(10.0, mode='columns')"),
            "nothing_else",
            "Your model also penalises the output layer's kernel",
        ),
        "L2 of the bias besides": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", more="bias_regularizer='l2'"),
            "nothing_else",
            "Your model also penalises the hidden layer's bias",
        ),
        "L2 of the output besides": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", output="'l2'"),
            "nothing_else",
            "Your model also penalises the output layer's kernel",
        ),
        "activity besides": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", more="activity_regularizer='l2'"),
            "nothing_else",
            "Besides the weights, your model also penalises the outputs",
        ),
        "MaxNorm besides": Wrong(
            _orthogonal(f"{REG}(10.0, mode='columns')", more="kernel_constraint='max_norm'"),
            "nothing_else",
            "A layer of the model of `build_orthogonal_model` has a constraint",
        ),
        "L2": Wrong(_orthogonal("keras.regularizers.L2(10.0)"), "units_kept_apart", "Your penalty grows with the size"),
        "Dropout as well": Wrong(
            _model(
                "build_orthogonal_model",
                FLAT,
                f"layers.Dense(128, activation='relu', kernel_regularizer={REG}(10.0, 'columns'))",
                "layers.Dropout(0.5)",
            ),
            "nothing_else",
            "The model of `build_orthogonal_model` answers differently in training mode",
        ),
    },
    "noise_layers": {
        "pixels": Wrong(_noises(conv="layers.Dropout(0.2)"), "whole_maps", "Single pixels of a map are dropped"),
        "rows of pixels": Wrong(
            _noises(conv="layers.Dropout(0.2, noise_shape=(None, 1, None, 1))"),
            "whole_maps",
            "Your noise does not drop",
        ),
        "all maps at once": Wrong(
            _noises(conv="layers.Dropout(0.2, noise_shape=(None, 1, 1, 1))"), "whole_maps", "Your noise does not drop"
        ),
        "maps at another rate": Wrong(
            _noises(conv="layers.SpatialDropout2D(0.5)"), "whole_maps", "The rate of your noise"
        ),
        "no noise on maps": Wrong(_noises(conv=""), "whole_maps", "In training mode the model of `build_conv_model`"),
        "noise before the maps": Wrong(
            _model(
                "build_conv_model",
                "layers.Reshape((28, 28, 1))",
                MAPS,
                "layers.Conv2D(16, 3, activation='relu')",
                "layers.MaxPooling2D()",
                FLAT,
            )
            + _selu(ALPHA, ALPHA)
            + _noisy(FACTOR),
            "whole_maps",
            "In the model of `build_conv_model`, noise acts on the input",
        ),
        "zeros behind selu": Wrong(
            _noises(selu=("layers.Dropout(0.1)", "layers.Dropout(0.1)")),
            "mean_and_variance_kept",
            "Values are set to 0",
        ),
        "factor behind selu": Wrong(
            _noises(selu=("layers.GaussianDropout(0.1)", "layers.GaussianDropout(0.1)")),
            "mean_and_variance_kept",
            "Your noise does not keep mean and variance",
        ),
        "L2 besides": Wrong(
            _noises().replace("Dense(64, activation='relu'", "Dense(64, activation='relu', kernel_regularizer='l2'"),
            "factor_of_mean_one",
            "The model of `build_noisy_model` carries a penalty",
        ),
        "MaxNorm besides": Wrong(
            _noises().replace("Conv2D(16, 3,", "Conv2D(16, 3, kernel_constraint='max_norm',"),
            "whole_maps",
            "A layer of the model of `build_conv_model` has a constraint",
        ),
        "another initializer": Wrong(
            _noises().replace(", kernel_initializer='lecun_normal'", ""),
            "selu_start",
            "Without `lecun_normal` as `kernel_initializer`",
        ),
        "uniform numbers": Wrong(
            _noises().replace("lecun_normal", "lecun_uniform"),
            "selu_start",
            "Without `lecun_normal` as `kernel_initializer`",
        ),
        "padded": Wrong(
            _noises().replace("Conv2D(16, 3,", "Conv2D(16, 3, padding='same',"),
            "whole_maps",
            "The weights of the model of `build_conv_model`",
        ),
        "no noise on SELU": Wrong(
            _noises(selu=("", "")),
            "mean_and_variance_kept",
            "In training mode the model of `build_selu_model`",
            ("selu_start",),
        ),
        "one of two": Wrong(_noises(selu=("", ALPHA)), "mean_and_variance_kept", "The noise belongs behind each"),
        "keep rate": Wrong(
            _noises(selu=("layers.AlphaDropout(0.9)", "layers.AlphaDropout(0.9)")),
            "mean_and_variance_kept",
            "The rate of your noise is 0.90",
        ),
        "zeros for a factor": Wrong(
            _noises(noisy="layers.Dropout(0.3)"), "factor_of_mean_one", "Your layer sets activations to 0"
        ),
        "added": Wrong(_noises(noisy="layers.GaussianNoise(0.3)"), "factor_of_mean_one", "Your noise is added"),
        "alpha": Wrong(_noises(noisy="layers.AlphaDropout(0.3)"), "factor_of_mean_one", "Your noise is not one random"),
        "standard deviation for rate": Wrong(
            _noises(noisy="layers.GaussianDropout(0.08)"), "factor_of_mean_one", "The rate of your noise is 0.08"
        ),
        "on the output": Wrong(
            _conv(MAPS)
            + _selu(ALPHA, ALPHA)
            + _noisy("", output="layers.Dense(10, activation='softmax'), layers.GaussianDropout(0.3)"),
            "factor_of_mean_one",
            "In the model of `build_noisy_model`, noise acts on the input or on the output",
        ),
    },
}
