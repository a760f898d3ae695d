"""Answers to the tasks of notebook 3_dropout."""

from tests.checks.harness import Wrong

KERAS = """
import keras
import numpy as np
from keras import layers
"""


def dropout(*lines: str) -> str:
    """The function of the task `inverted`, whose body is these lines."""
    return "import numpy as np\ndef dropout(x, rate, training, rng):\n" + "".join(f"    {line}\n" for line in lines)


INFERENCE, MASK = "if not training: return x.copy()", "mask = rng.random(x.shape) >= rate"


def model(function: str, *stack: str) -> str:
    """A Sequential model on 784 inputs with these layers."""
    return f"{KERAS}\ndef {function}():\n    return keras.Sequential([keras.Input((784,)), {', '.join(stack)}])\n"


HIDDEN, OUTPUT = "layers.Dense(64, activation='relu')", "layers.Dense(10, activation='softmax')"
HALF = "layers.Dropout(0.5)"


def both(function: str, rate: float) -> str:
    """The seed's model with this rate behind both hidden layers."""
    return model(function, HIDDEN, f"layers.Dropout({rate})", HIDDEN, f"layers.Dropout({rate})", OUTPUT)


def functional(function: str, rate: float, call: str = "") -> str:
    """The same with the functional API, Dropout before a separate activation, which has the same effect."""
    return f"""{KERAS}
def {function}():
    inputs = layers.Input(shape=(784,), name="pixels")
    x = layers.Dense(64, name="a")(inputs)
    x = layers.Activation("relu")(layers.Dropout({rate}, name="half")(x{call}))
    x = layers.Dropout({rate}, seed=3)(layers.Dense(64, activation=layers.ReLU())(x){call})
    return keras.models.Model(inputs=inputs, outputs=layers.Softmax()(layers.Dense(10)(x)))
"""


def added(function: str, rate: float) -> str:
    """The same with add(), tf.keras, compiled, and a layer of its own for the flat input."""
    return f"""
import tensorflow as tf
def {function}():
    model = tf.keras.Sequential(name="dropped")
    model.add(tf.keras.layers.InputLayer(shape=(784,)))
    for _ in range(2):
        model.add(tf.keras.layers.Dense(64, tf.nn.relu))
        model.add(tf.keras.layers.Dropout(rate={rate}))
    model.add(tf.keras.layers.Dense(10, tf.nn.softmax))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
"""


def repaired(rate: str = "1 - layer.rate", first: bool = False, last: bool = False, weights: bool = True) -> str:
    """The task `repair`; `first`, `last`: leave Dropout on the input, on the output."""
    return f"""{KERAS}
def repair(model):
    dense = [i for i, layer in enumerate(model.layers) if isinstance(layer, layers.Dense)]
    new = keras.Sequential([keras.Input(model.input_shape[1:])])
    for i, layer in enumerate(model.layers):
        if isinstance(layer, layers.Dense):
            new.add(layers.Dense.from_config(layer.get_config()))
        elif ({first} or i > dense[0]) and ({last} or i < dense[-1]):
            new.add(layers.Dropout({rate}))
    if {weights}:
        new.set_weights(model.get_weights())
    return new
"""


def predicting(*lines: str) -> str:
    """The task `uncertainty`."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{KERAS}\ndef predict_with_dropout(model, x, n):\n{body}"


PASSES = "p = np.stack([model(x, training=True) for _ in range(n)])"
# measured with lab.train on the validation images
RATE_LOSSES = "val_losses = {0.0: 0.88, 0.2: 0.59, 0.5: 0.51, 0.8: 1.32}\n"

RIGHT = {
    "inverted": {
        "where": dropout(INFERENCE, MASK, "return np.where(mask, x / (1 - rate), 0)"),
        "binomial": dropout(
            "if training:",
            "    return x * rng.binomial(1, 1 - rate, size=x.shape) / (1 - rate)",
            "return np.array(x)",
        ),
        "choice": dropout(
            INFERENCE,
            "keep = rng.choice([0.0, 1.0 / (1.0 - rate)], size=x.shape, p=[rate, 1 - rate])",
            "return keep * x",
        ),
        "written into a copy": dropout(
            "out = np.array(x, dtype='float32')",
            "if training:",
            "    drop = rng.uniform(size=x.shape) < rate",
            "    out[drop] = 0",
            "    out[~drop] /= 1 - rate",
            "return out",
        ),
    },
    "dropout_layers": {
        "sequential": both("build_dropout_model", 0.5),
        "functional": functional("build_dropout_model", 0.5),
        "add": added("build_dropout_model", 0.5),
        "nested": f"""{KERAS}
def build_dropout_model():
    blocks = [keras.Sequential([layers.Dense(64, "relu"), layers.Dropout(0.5)]) for _ in range(2)]
    return keras.Sequential([keras.Input((784,)), *blocks, layers.Dense(10, "softmax")])
""",
    },
    "repair": {
        "copied": repaired(),
        "functional": f"""{KERAS}
def repair(model):
    dense = [layer for layer in model.layers if "dense" in layer.__class__.__name__.lower()]
    rates = [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)][1:-1]
    x = inputs = keras.Input(model.input_shape[1:])
    for i, layer in enumerate(dense):
        new = layers.Dense(layer.units, activation=layer.activation, name=layer.name)
        x = new(x)
        new.set_weights([layer.kernel, layer.bias])
        if i < len(rates):
            x = layers.Dropout(round(1 - rates[i], 6))(x)
    return keras.Model(inputs, x)
""",
        "same layers": f"""{KERAS}
def repair(model):
    stack = [layers.Dropout(1 - l.rate) if isinstance(l, layers.Dropout) else l for l in model.layers[1:-1]]
    return keras.Sequential([keras.Input((784,))] + stack)
""",
    },
    "uncertainty": {
        "stacked": predicting(PASSES, "return p.mean(axis=0), p.std(axis=0)"),
        "sample deviation of tensors": predicting(
            "p = keras.ops.stack([model(x, training=True) for _ in range(n)])",
            "return keras.ops.mean(p, 0), keras.ops.std(p, axis=0)",
        ),
        "repeated rows": predicting(
            "p = np.asarray(model(np.tile(x, (n, 1)), training=True)).reshape(n, len(x), -1)",
            "return [p.mean(0), p.std(0, ddof=1)]",
        ),
        "running sums": predicting(
            "total = squares = 0",
            "for _ in range(n):",
            "    p = model(x, training=True).numpy().astype(float)",
            "    total, squares = total + p, squares + p ** 2",
            "mean = total / n",
            "return mean, np.sqrt(np.maximum(squares / n - mean ** 2, 0))",
        ),
    },
    "choose_rate": {
        "literal": RATE_LOSSES + "best_rate = 0.5",
        "chosen by min": RATE_LOSSES + "best_rate = min(val_losses, key=val_losses.get)",
        "NumPy": "import numpy as np\nval_losses = {r: np.float32(v) for r, v in zip(np.arange(1, 6, 2) / 10, "
        "[.66, .55, .51])}\nbest_rate = np.float64(0.5)",
    },
    "dropout_gap": {
        "0.5": both("build_less_overfit_model", 0.5),
        "0.3": functional("build_less_overfit_model", 0.3),
        "behind the first only": model("build_less_overfit_model", HIDDEN, HALF, HIDDEN, OUTPUT),
        "add": added("build_less_overfit_model", 0.4),
    },
}

CHANGED, PENALTY = "The weights of the model of", ", kernel_regularizer='l2')"
WRONG = {
    "inverted": {
        "keep probability": Wrong(
            dropout(INFERENCE, "return np.where(rng.random(x.shape) < rate, x / max(rate, 1e-9), 0)"),
            "share_of_zeros",
            "With rate 0.3, your function drops 70 % of the units: is the rate",
            ("survivors", "rate_zero"),
        ),
        "no rescaling": Wrong(dropout(INFERENCE, MASK, "return x * mask"), "survivors", "The units that survive keep"),
        "classic": Wrong(
            dropout("if not training: return x * (1 - rate)", MASK, "return x * mask"),
            "survivors",
            "The units that survive keep their values",
            ("inference",),
        ),
        "divided by the rate": Wrong(
            dropout(INFERENCE, MASK, "return x * mask / rate if rate else x"),
            "survivors",
            "The units that survive are divided",
        ),
        "scaled at inference": Wrong(
            dropout("if not training: return x * (1 - rate)", MASK, "return x * mask / (1 - rate)"),
            "inference",
            "At inference your function scales",
        ),
        "dropping at inference": Wrong(
            dropout(MASK, "return x * mask / (1 - rate)"), "inference", "At inference your function still drops"
        ),
        "one mask per batch": Wrong(
            dropout(INFERENCE, "mask = rng.random(x.shape[1:]) >= rate", "return x * mask / (1 - rate)"),
            "own_units",
            "All examples of a batch lose the same units",
        ),
        "whole examples": Wrong(
            dropout(INFERENCE, "mask = rng.random((len(x), 1)) >= rate", "return x * mask / (1 - rate)"),
            "own_units",
            "An example loses all of its units or none",
        ),
        "fixed mask": Wrong(
            dropout(
                INFERENCE, "mask = np.random.default_rng(0).random(x.shape) >= rate", "return x * mask / (1 - rate)"
            ),
            "new_mask",
            "Two calls in a row drop the same units",
        ),
        "written into x": Wrong(
            dropout("if not training: return x", "x[rng.random(x.shape) < rate] = 0", "x /= 1 - rate", "return x"),
            "untouched",
            "Your function writes into `x` itself",
        ),
        "divided by the share that was kept": Wrong(
            dropout(INFERENCE, MASK, "return x * mask / mask.mean()"),
            "survivors",
            "With rate",
        ),
        "nothing": Wrong(
            dropout("return x.copy()"),
            "new_mask",
            "In training your function changes nothing",
            ("inference", "rate_zero", "untouched"),
        ),
        "one draw for the whole array": Wrong(
            dropout(INFERENCE, "return x * (rng.random() >= rate) / (1 - rate)"),
            "new_mask",
            "In one of our calls in training your function drops all units or none",
        ),
        "another generator": Wrong(
            dropout(INFERENCE, "mask = np.random.random(x.shape) >= rate", "return x * mask / (1 - rate)"),
            "from_rng",
            "With two generators that begin alike",
        ),
        "x itself at inference": Wrong(
            dropout("if not training: return x", MASK, "return x * mask / (1 - rate)"),
            "untouched",
            "Your function returns `x` itself",
        ),
        "mask inverted, not scaled": Wrong(
            dropout(INFERENCE, "return x * (rng.random(x.shape) < rate)"),
            "share_of_zeros",
            "With rate 0.3, your function drops 70 %",
            ("survivors", "rate_zero"),
        ),
        "rate 0 refused": Wrong(
            dropout("if rate == 0: return 0 * x", INFERENCE, MASK, "return x * mask / (1 - rate)"),
            "rate_zero",
            "With rate 0 your function should change nothing",
        ),
    },
    "dropout_layers": {
        "on the input too": Wrong(
            model("build_dropout_model", HALF, HIDDEN, HALF, HIDDEN, HALF, OUTPUT),
            "places",
            "Dropout acts on the input",
        ),
        "on the output too": Wrong(
            model("build_dropout_model", HIDDEN, HALF, HIDDEN, HALF, OUTPUT, HALF),
            "places",
            "Dropout acts on the output",
        ),
        "before the output's softmax": Wrong(
            model("build_dropout_model", HIDDEN, HALF, HIDDEN, HALF, "layers.Dense(10)", HALF, "layers.Softmax()"),
            "places",
            "Dropout acts on the output",
        ),
        "before the layers": Wrong(
            model("build_dropout_model", HALF, HIDDEN, HALF, HIDDEN, OUTPUT),
            "places",
            "Each Dropout stands one layer",
            ("rates",),
        ),
        "one of two": Wrong(
            model("build_dropout_model", HIDDEN, HALF, HIDDEN, OUTPUT),
            "places",
            "Of 2 hidden layers, Dropout acts behind 1",
            ("rates",),
        ),
        "none": Wrong(
            model("build_dropout_model", HIDDEN, HIDDEN, OUTPUT),
            "places",
            "In training mode your model answers",
            ("same_inference", "rates"),
        ),
        "rate 50": Wrong(
            both("build_dropout_model", 50), "places", "A rate is a share of units", ("same_inference", "rates")
        ),
        "rate 0.2": Wrong(
            both("build_dropout_model", 0.2), "rates", "Behind your hidden layers, training is as random"
        ),
        "two on one layer": Wrong(
            model("build_dropout_model", HIDDEN, HALF, HALF, HIDDEN, HALF, OUTPUT),
            "rates",
            "Behind your hidden layers, training",
        ),
        "training=True": Wrong(
            functional("build_dropout_model", 0.5, ", training=True"), "same_inference", "At inference, the model of"
        ),
        "other units": Wrong(both("build_dropout_model", 0.5).replace("64", "128"), "same_inference", CHANGED),
        "a layer too many": Wrong(
            model("build_dropout_model", HIDDEN, HALF, HIDDEN, HALF, HIDDEN, OUTPUT),
            "same_inference",
            CHANGED,
            ("places", "rates"),
        ),
        "whole rows": Wrong(
            both("build_dropout_model", 0.5).replace("Dropout(0.5)", "Dropout(0.5, noise_shape=(None, 1))"),
            "places",
            "Your Dropout drops all units of an example at once",
            ("rates",),
        ),
        "GaussianDropout": Wrong(
            both("build_dropout_model", 0.5).replace("layers.Dropout", "layers.GaussianDropout"),
            "places",
            "In training something is random in your model",
            ("rates",),
        ),
        "SpatialDropout": Wrong(
            model(
                "build_dropout_model",
                HIDDEN,
                "layers.Reshape((8, 8))",
                "layers.SpatialDropout1D(0.5)",
                "layers.Flatten()",
                HIDDEN,
                HALF,
                OUTPUT,
            ),
            "places",
            "In training something is random in your model",
            ("rates",),
        ),
        "MaxNorm besides": Wrong(
            both("build_dropout_model", 0.5).replace("activation=", "kernel_constraint='max_norm', activation="),
            "same_inference",
            "A layer of the model of `build_dropout_model` has a constraint",
        ),
        "L2 besides": Wrong(
            both("build_dropout_model", 0.5).replace("activation=", "kernel_regularizer='l2', activation="),
            "same_inference",
            "Your model carries a penalty",
        ),
        "other activation": Wrong(
            both("build_dropout_model", 0.5).replace("relu", "tanh"), "same_inference", "With the same weights"
        ),
    },
    "repair": {
        "new weights": Wrong(repaired(weights=False), "kept_weights", "The repaired model has new weights"),
        "rates only": Wrong(repaired(first=True, last=True), "repaired_places", "Dropout acts on the input"),
        "input left": Wrong(repaired(first=True), "repaired_places", "Dropout acts on the input"),
        "output left": Wrong(repaired(last=True), "repaired_places", "Dropout acts on the output"),
        "places only": Wrong(repaired(rate="layer.rate"), "repaired_rates", "Your Dropout still drops the share"),
        "one rate for all": Wrong(repaired(rate="0.5"), "repaired_rates", "Behind your hidden layers, training"),
        "all Dropout gone": Wrong(
            f"{KERAS}\ndef repair(model):\n    return keras.Sequential([keras.Input((784,))] + "
            "[l for l in model.layers if isinstance(l, layers.Dense)])",
            "repaired_places",
            "In training mode your model answers",
            ("repaired_rates",),
        ),
        "a mere copy": Wrong(
            f"{KERAS}\ndef repair(model):\n    new = keras.models.clone_model(model)\n"
            "    new.set_weights(model.get_weights())\n    return new",
            "repaired_places",
            "Dropout acts on the input",
            ("repaired_rates", "kept_weights", "original_kept"),
        ),
        "rates of the original changed": Wrong(
            f"{KERAS}\ndef repair(model):\n    for layer in model.layers:\n"
            "        if isinstance(layer, layers.Dropout): layer.rate = 1 - layer.rate\n"
            "    return keras.Sequential([keras.Input((784,))] + model.layers[1:-1])",
            "original_kept",
            "The model that was handed in is not the same",
        ),
        "rates of the original changed, and copied": Wrong(
            repaired().replace(
                "    return new",
                "    for layer in model.layers:\n        if hasattr(layer, 'rate'): layer.rate = 0.1\n    return new",
            ),
            "original_kept",
            "The model that was handed in is not the same",
        ),
        "other weights in the original": Wrong(
            repaired().replace("return new", "model.set_weights([0 * w for w in model.get_weights()])\n    return new"),
            "original_kept",
            "The model that was handed in",
        ),
        "nothing returned": Wrong(
            repaired().replace("return new", ""),
            "kept_weights",
            "`repair` should return a Keras",
            ("original_kept", "repaired_places", "repaired_rates"),
        ),
    },
    "uncertainty": {
        "predict": Wrong(
            predicting("p = np.stack([model.predict(x, verbose=0) for _ in range(n)])", "return p.mean(0), p.std(0)"),
            "deviation",
            "Your deviation is 0 although the model has Dropout: all passes",
            ("mean_answer", "no_deviation"),
        ),
        "mean of predict": Wrong(
            predicting(PASSES, "return model.predict(x, verbose=0), p.std(0)"),
            "mean_answer",
            "Your first array is what the model answers at inference",
        ),
        "swapped": Wrong(
            predicting(PASSES, "return p.std(0), p.mean(0)"),
            "deviation",
            "The two arrays have changed places",
            ("mean_answer", "no_deviation"),
        ),
        "five passes": Wrong(
            predicting(PASSES.replace("range(n)", "range(5)"), "return p.mean(0), p.std(0)"),
            "mean_answer",
            "Your first array scatters more than the mean of so many passes",
            ("deviation",),
        ),
        "one pass n times": Wrong(
            predicting("p = np.stack([np.asarray(model(x, training=True))] * n)", "return p.mean(0), p.std(0)"),
            "deviation",
            "Your deviation is 0 although the model has Dropout: it looks like one pass",
            ("mean_answer", "no_deviation"),
        ),
        "variance": Wrong(
            predicting(PASSES, "return p.mean(0), p.var(0)"), "deviation", "What you return is the variance"
        ),
        "standard error": Wrong(
            predicting(PASSES, "return p.mean(0), p.std(0) / np.sqrt(n)"),
            "deviation",
            "What you return is the standard",
        ),
        "sum divided by one less": Wrong(
            predicting(PASSES, "return p.sum(0) / (n - 1), p.std(0)"),
            "mean_answer",
            "Your first array is not the mean",
        ),
        "over the images": Wrong(
            predicting(PASSES, "return p.mean(axis=1), p.std(axis=1)"),
            "two_arrays",
            "`predict_with_dropout` should return an",
        ),
        "sum divided by another number": Wrong(
            predicting(PASSES, "return p.sum(0) / (n - 20), p.std(0)"),
            "mean_answer",
            "Your first array is not the mean",
        ),
        "noise of its own": Wrong(
            predicting(
                PASSES,
                "p += (p.std(0) < 1e-7) * np.random.default_rng(0).normal(scale=0.05, size=p.shape)",
                "return p.mean(0), p.std(0)",
            ),
            "no_deviation",
            "For a model without Dropout your deviation",
        ),
    },
    "choose_rate": {
        "by the training loss": Wrong(RATE_LOSSES + "best_rate = 0.0", "rate_minimum", "`best_rate` is a lower rate"),
        "too high": Wrong(RATE_LOSSES + "best_rate = 0.8", "rate_minimum", "`best_rate` = 0.8 is not where"),
        "not tried": Wrong(RATE_LOSSES + "best_rate = 0.4", "rate_minimum", "`best_rate` is 0.4, which is not one"),
        "per cent": Wrong(
            "val_losses = {20: 0.57, 50: 0.52, 80: 0.74}\nbest_rate = 50",
            "rate_losses_found_again",
            "A rate is a share of units",
        ),
        "keep": Wrong(
            "val_losses = {0.9: 0.65, 0.8: 0.59, 0.5: 0.51}\nbest_rate = 0.5",
            "rate_losses_found_again",
            "Your values are those of models in which the rate is the share",
        ),
        "training losses": Wrong(
            "val_losses = {0.0: 0.03, 0.2: 0.11, 0.5: 0.27}\nbest_rate = 0.0",
            "rate_losses_found_again",
            "Your values are losses on the training images",
        ),
        "invented": Wrong(
            "val_losses = {0.1: 1.2, 0.3: 0.9, 0.5: 0.05}\nbest_rate = 0.5", "rate_losses_found_again", "With rate"
        ),
    },
    "dropout_gap": {
        "collapse": Wrong(
            both("build_less_overfit_model", 0.9), "smaller_gap", "Your model has a smaller gap because it learns less"
        ),
        "too weak": Wrong(both("build_less_overfit_model", 0.01), "dropout_only", "Your Dropout drops so few units"),
        "GaussianDropout": Wrong(
            both("build_less_overfit_model", 0.5).replace("layers.Dropout", "layers.GaussianDropout"),
            "dropout_only",
            "In training something is random in your model",
        ),
        "GaussianNoise": Wrong(
            both("build_less_overfit_model", 0.5).replace("layers.Dropout", "layers.GaussianNoise"),
            "dropout_only",
            "In training something is random in your model",
        ),
        "AlphaDropout": Wrong(
            both("build_less_overfit_model", 0.5).replace("layers.Dropout", "layers.AlphaDropout"),
            "dropout_only",
            "In training something is random in your model",
        ),
        "MaxNorm besides": Wrong(
            both("build_less_overfit_model", 0.5).replace("activation=", "kernel_constraint='max_norm', activation="),
            "dropout_only",
            "A layer of the model of `build_less_overfit_model` has a constraint",
        ),
        "on the output layer": Wrong(
            model("build_less_overfit_model", HIDDEN, HIDDEN, OUTPUT, HALF),
            "dropout_only",
            "Dropout acts on the output",
        ),
        "L2 instead": Wrong(
            model("build_less_overfit_model", HIDDEN.replace(")", PENALTY), HIDDEN, OUTPUT),
            "dropout_only",
            "Your model carries a penalty",
        ),
        "L2 besides": Wrong(
            model("build_less_overfit_model", HIDDEN.replace(")", PENALTY), HALF, HIDDEN, HALF, OUTPUT),
            "dropout_only",
            "Your model carries a penalty",
        ),
        "nothing": Wrong(
            model("build_less_overfit_model", HIDDEN, HIDDEN, OUTPUT),
            "dropout_only",
            "In training mode your model answers",
        ),
        "smaller layers": Wrong(both("build_less_overfit_model", 0.3).replace("64", "16"), "dropout_only", CHANGED),
    },
}
