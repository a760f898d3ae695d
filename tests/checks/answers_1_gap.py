"""Answers to the tasks of notebook 1_gap."""

from autograder.units.regularization.gap.curves import CURVES
from tests.checks.harness import Wrong

NUMPY = "import numpy as np\n"
LOADED = f"import json, pathlib\nimport numpy as np\ncurves = json.loads(pathlib.Path({str(CURVES)!r}).read_text())\n"
BEST = "best_epoch = {k: int(np.argmin(c['val_crossentropy'])) for k, c in curves.items()}\n"
LABELS = "diagnosis = {'A': 'underfit', 'B': 'overfit', 'C': 'good', 'D': 'underfit', 'E': 'overfit'}\n"


def _gap(expression: str) -> str:
    return NUMPY + (
        "def validation_gap(history):\n"
        "    h = {k: np.array(v) for k, v in history.history.items()}\n"
        f"    return {expression}"
    )


KERAS = "import keras\nfrom keras import layers\n"


def _small(*body: str, output: str = "layers.Dense(10, activation='softmax')") -> str:
    stack = ", ".join(["keras.Input((28, 28))", *body, output])
    return KERAS + f"def build_small_model():\n    return keras.Sequential([{stack}])"


def _modes(*lines: str) -> str:
    start = "import keras\nimport numpy as np\nce = keras.losses.SparseCategoricalCrossentropy()\n"
    return start + "\n    ".join(["def compare_modes(model, x, y):", *lines])


RIGHT = {
    "gap": {
        "arrays": _gap("h['val_crossentropy'] - h['crossentropy']"),
        "list": """
def validation_gap(history):
    pairs = zip(history.history["crossentropy"], history.history["val_crossentropy"])
    return [v - t for t, v in pairs]
""",
        "float32 scalars in a tuple": NUMPY
        + """
def validation_gap(history):
    gaps = []
    for epoch in history.epoch:
        gaps.append(np.float32(history.history["val_crossentropy"][epoch] - history.history["crossentropy"][epoch]))
    return tuple(gaps)
""",
        "a History or its dict": """
import keras, numpy as np
def validation_gap(history):
    logs = history.history if isinstance(history, keras.callbacks.History) else history
    return np.subtract(logs["val_crossentropy"], logs["crossentropy"])
""",
        "by its parameters": """
def validation_gap(history):
    h, n = history.history, history.params["epochs"]
    assert history.model is not None and len(history.epoch) == n
    return [h["val_crossentropy"][i] - h["crossentropy"][i] for i in range(n)]
""",
        "tensor": """
import keras
def validation_gap(history):
    return keras.ops.subtract(history.history["val_crossentropy"], history.history["crossentropy"])
""",
    },
    "diagnose": {
        "argmin": LOADED + LABELS + BEST,
        "read off, an epoch beside": LOADED
        + LABELS
        + "best_epoch = {}\nfor i, k in enumerate('ABCDE'):\n"
        + "    best_epoch[k] = float(np.argmin(curves[k]['val_crossentropy'])) + (i % 3 - 1)",
        "numpy integers": LOADED
        + "diagnosis = dict(zip('ABCDE', ['underfit', 'overfit', 'good', 'underfit', 'overfit']))\n"
        + "best_epoch = {k: np.argmin(c['val_crossentropy']) for k, c in curves.items()}",
    },
    "capacity": {
        "few units": _small("layers.Flatten()", "layers.Dense(16, activation='relu')"),
        "no hidden layer, functional, trained and compiled": KERAS
        + """
def build_small_model():
    inputs = keras.Input((28, 28))
    outputs = layers.Activation("softmax")(layers.Dense(10)(layers.Flatten()(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
""",
        "pooled": _small(
            "layers.Reshape((28, 28, 1))",
            "layers.AveragePooling2D(2)",
            "layers.Flatten()",
            "layers.Dense(24, activation='relu')",
        ),
        "rows in turn": _small("layers.LSTM(32)"),
        "operations": KERAS
        + """
def build_small_model():
    image = keras.Input((28, 28))
    x = keras.ops.expand_dims(image, -1) / 255 * 255
    x = layers.MaxPooling2D(3)(layers.Conv2D(8, 3, activation="relu")(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))
""",
        "two layers, L2": _small(
            "layers.Flatten()",
            "layers.Dense(20, activation='relu', kernel_regularizer='l2')",
            "layers.Dense(20)",
            "layers.ReLU()",
        ),
    },
    "eval_mode": {
        "keras loss": _modes("return float(ce(y, model(x, training=True))), float(ce(y, model(x, training=False)))"),
        "numpy, mean of passes": _modes(
            "def one(training):",
            "    p = np.asarray(model(x, training=training))",
            "    return -np.log(p[np.arange(len(y)), y] + 1e-7).mean()",
            "return np.array([np.mean([one(True) for _ in range(5)]), one(False)])",
        ),
        "tensors, predict": _modes(
            "function = keras.losses.sparse_categorical_crossentropy",
            "training = keras.ops.mean(function(y, model(x, training=True)))",
            "return [training, keras.ops.mean(function(y, model.predict(x, verbose=0)))]",
        ),
        "from logits, which Keras finds behind softmax": _modes(
            "ce = keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
            "return float(ce(y, model(x, training=True))), float(ce(y, model(x)))",
        ),
        "evaluate with a metric": _modes(
            "model.compile(loss=ce, metrics=[keras.metrics.SparseCategoricalCrossentropy(name='crossentropy')])",
            "result = model.evaluate(x, y, verbose=0, return_dict=True)",
            "return float(ce(y, model(x, training=True))), result['crossentropy']",
        ),
    },
}
WRONG = {
    "gap": {
        "stub": Wrong(
            "def validation_gap(history): raise NotImplementedError", "one_value_per_epoch", "`validation_gap` is not"
        ),
        "last epoch only": Wrong(
            _gap("h['val_crossentropy'][-1] - h['crossentropy'][-1]"), "one_value_per_epoch", "`validation_gap` returns"
        ),
        "mean": Wrong(
            _gap("float(np.mean(h['val_crossentropy'] - h['crossentropy']))"),
            "one_value_per_epoch",
            "`validation_gap` returns one number for a whole history",
        ),
        "nothing returned": Wrong(
            "def validation_gap(history): pass", "one_value_per_epoch", "`validation_gap` should"
        ),
        "zeros": Wrong(
            _gap("np.zeros(len(h['loss']))"),
            "one_value_per_epoch",
            "`validation_gap` returns the same number for every epoch",
        ),
        "squared": Wrong(
            _gap("(h['val_crossentropy'] - h['crossentropy']) ** 2"),
            "comparable_quantities",
            "The values of `validation_gap` are not the gap",
        ),
        "epoch before": Wrong(
            _gap("np.diff(h['val_crossentropy'], prepend=0)"),
            "comparable_quantities",
            "The values of `validation_gap` are not the gap",
        ),
        "relative": Wrong(
            _gap("(h['val_crossentropy'] - h['crossentropy']) / h['crossentropy']"),
            "comparable_quantities",
            "You divide the gap",
        ),
        "penalised": Wrong(_gap("h['val_loss'] - h['loss']"), "comparable_quantities", "You compare what Keras"),
        "mixed": Wrong(_gap("h['val_crossentropy'] - h['loss']"), "comparable_quantities", "The two terms"),
        "mixed the other way": Wrong(
            _gap("h['val_loss'] - h['crossentropy']"), "comparable_quantities", "A penalty is still inside"
        ),
        "accuracies": Wrong(_gap("h['val_accuracy'] - h['accuracy']"), "comparable_quantities", "You subtract acc"),
        "ratio": Wrong(_gap("h['val_crossentropy'] / h['crossentropy']"), "comparable_quantities", "You divide"),
        "negated": Wrong(_gap("h['crossentropy'] - h['val_crossentropy']"), "sign_of_the_gap", "The sign is the opp"),
        "absolute": Wrong(
            _gap("abs(h['val_crossentropy'] - h['crossentropy'])"), "sign_of_the_gap", "The sign of the gap is lost"
        ),
    },
    "diagnose": {
        "lowest training crossentropy": Wrong(
            LOADED + LABELS + "best_epoch = {k: int(np.argmin(c['crossentropy'])) for k, c in curves.items()}",
            "best_epochs",
            "You took the epoch where the training curve is lowest",
        ),
        "lowest training loss": Wrong(
            LOADED + LABELS + "best_epoch = {k: int(np.argmin(c['loss'])) for k, c in curves.items()}",
            "best_epochs",
            "You took the epoch where",
        ),
        "counted from 1": Wrong(
            LOADED + LABELS + "best_epoch = {k: int(np.argmin(c['val_crossentropy'])) + 1 for k, c in curves.items()}",
            "best_epochs",
            "All your epochs come one too late",
        ),
        "penalised loss": Wrong(
            LOADED + LABELS + "best_epoch = {k: int(np.argmin(c['val_loss'])) for k, c in curves.items()}",
            "best_epochs",
            "The penalty is inside",
        ),
        "accuracy": Wrong(
            LOADED + LABELS + "best_epoch = {k: int(np.argmax(c['val_accuracy'])) for k, c in curves.items()}",
            "best_epochs",
            "You took the epoch of the highest accuracy",
        ),
        "value for epoch": Wrong(
            LOADED + LABELS + "best_epoch = {k: min(c['val_crossentropy']) for k, c in curves.items()}",
            "best_epochs",
            "`best_epoch` holds values that are not whole",
        ),
        "empty": Wrong(LOADED + LABELS + "best_epoch = {}", "best_epochs", "`best_epoch` is not filled in yet."),
        "small gap called good": Wrong(
            LOADED + BEST + LABELS.replace("'D': 'underfit'", "'D': 'good'"),
            "what_the_curves_show",
            "A small gap alone is not enough",
        ),
        "overfitting called good": Wrong(
            LOADED + BEST + LABELS.replace("'E': 'overfit'", "'E': 'good'"),
            "what_the_curves_show",
            "One of the curves that you call good",
        ),
        "good called overfitting": Wrong(
            LOADED + BEST + LABELS.replace("'good'", "'overfit'"), "what_the_curves_show", "A gap alone is not"
        ),
        "swapped": Wrong(
            LOADED
            + BEST
            + "diagnosis = {'A': 'overfit', 'B': 'underfit', 'C': 'good', 'D': 'overfit', 'E': 'underfit'}",
            "what_the_curves_show",
            "Underfitting and overfitting are swapped",
        ),
        "translated": Wrong(
            LOADED + BEST + LABELS.replace("'overfit'", "'surapprentissage'"),
            "what_the_curves_show",
            "The labels are",
        ),
    },
    "capacity": {
        "too small": Wrong(
            _small("layers.Flatten()", "layers.Dense(2, activation='relu')"), "learns", "Your model has few parameters"
        ),
        "too many parameters": Wrong(
            _small("layers.Flatten()", "layers.Dense(64, activation='relu')"), "few_parameters", "Your model has 50,890"
        ),
        "no softmax": Wrong(
            _small("layers.Flatten()", "layers.Dense(16, activation='relu')", output="layers.Dense(10)"),
            "few_parameters",
            "The outputs of the model of `build_small_model` are not probabilities",
        ),
        "one output": Wrong(
            _small("layers.Flatten()", "layers.Dense(16)", output="layers.Dense(1, activation='sigmoid')"),
            "few_parameters",
            "The model of `build_small_model` gives an output of shape (1,)",
        ),
        "dropout on the output": Wrong(
            _small("layers.Flatten()", "layers.Dense(10, activation='softmax')", output="layers.Dropout(0.5)"),
            "few_parameters",
            "In training mode the outputs",
        ),
        "flat images": Wrong(
            KERAS + "def build_small_model():\n    return keras.Sequential([keras.Input((784,)), "
            "layers.Dense(10, activation='softmax')])",
            "few_parameters",
            "The model of `build_small_model` does not take images",
        ),
        "trained history": Wrong(
            "def build_small_model(): return {'accuracy': 0.99}", "few_parameters", "`build_small_model` should return"
        ),
    },
    "eval_mode": {
        "both from predict": Wrong(
            _modes("value = float(ce(y, model.predict(x, verbose=0)))", "return value, value"),
            "training_mode",
            "Both numbers are the same, even for a model with Dropout: both",
        ),
        "both from evaluate": Wrong(
            _modes("model.compile(loss=ce)", "value = model.evaluate(x, y, verbose=0)", "return value, value"),
            "inference_mode",
            "Both numbers are the same, even for a model with Dropout, and the penalty",
            ("training_mode",),
        ),
        "loss of a training": Wrong(
            _modes(
                "model.compile('adam', ce)",
                "history = model.fit(x, y, epochs=1, verbose=0)",
                "return history.history['loss'][0], float(ce(y, model(x, training=False)))",
            ),
            "inference_mode",
            "Your function changes the model",
            ("training_mode", "model_unchanged"),
        ),
        "swapped": Wrong(
            _modes("return float(ce(y, model(x, training=False))), float(ce(y, model(x, training=True)))"),
            "inference_mode",
            "The two numbers have changed places",
        ),
        "penalty inside": Wrong(
            _modes(
                "penalty = sum(model.losses)",
                "return float(ce(y, model(x, training=True)) + penalty), float(ce(y, model(x)) + penalty)",
            ),
            "inference_mode",
            "The penalty on the weights is inside your second",
            ("training_mode",),
        ),
        "penalty in the first only": Wrong(
            _modes("return float(ce(y, model(x, training=True)) + sum(model.losses)), float(ce(y, model(x)))"),
            "training_mode",
            "The penalty on the weights is inside your first",
        ),
        "sum": Wrong(
            _modes(
                "total = keras.losses.SparseCategoricalCrossentropy(reduction='sum')",
                "return float(total(y, model(x, training=True))), float(total(y, model(x)))",
            ),
            "inference_mode",
            "Your second number is a sum",
            ("training_mode",),
        ),
        "accuracy": Wrong(
            _modes(
                "def one(t): return float((np.asarray(model(x, training=t)).argmax(-1) == y).mean())",
                "return one(True), one(False)",
            ),
            "inference_mode",
            "Your second number is the accuracy",
            ("training_mode",),
        ),
        "weights changed": Wrong(
            _modes(
                "pair = float(ce(y, model(x, training=True))), float(ce(y, model(x)))",
                "model.set_weights([0 * w for w in model.get_weights()])",
                "return pair",
            ),
            "model_unchanged",
            "After your function",
        ),
        "one number": Wrong(
            _modes("return float(ce(y, model(x)))"),
            "inference_mode",
            "`compare_modes` should return two things",
            ("training_mode", "model_unchanged"),
        ),
        "the same for every model": Wrong(
            _modes("return 0.5, 0.3"),
            "model_unchanged",
            "Your function gives the same numbers",
            ("inference_mode", "training_mode"),
        ),
        "both in training mode": Wrong(
            _modes("return float(ce(y, model(x, training=True))), float(ce(y, model(x, training=True)))"),
            "inference_mode",
            "Your second number comes from training mode",
        ),
        "by test_on_batch": Wrong(
            _modes(
                "model.compile(loss=ce)",
                "return float(ce(y, model(x, training=True))), float(model.test_on_batch(x, y))",
            ),
            "inference_mode",
            "The penalty on the weights is inside your second",
        ),
    },
}
