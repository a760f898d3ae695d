"""Answers to the tasks of notebook 4_challenge."""

from tests.checks.harness import Wrong

KERAS = "import keras\nfrom keras import layers, regularizers\n"


def _stop(arguments: str) -> str:
    return KERAS + f"def early_stopping():\n    return keras.callbacks.EarlyStopping({arguments})"


def _steps(loss: str, decoupled: str, same: str = "False") -> str:
    return (
        "import numpy as np\n"
        "def one_step(w, g, lr, lam, decoupled):\n"
        f"    return {decoupled} if decoupled else {loss}\n"
        f"same_for_adam = {same}"
    )


LOSS, DECOUPLED = "w - lr * (g + 2 * lam * w)", "w - lr * g - lr * lam * w"


def _model(behind: str = "", units: int = 256, dense: str = "", output: str = "", end: str = "") -> str:
    """Three Dense layers with arguments `dense`, each with the layers `behind`; `end` is done to the model."""
    return KERAS + (
        "def build_challenge_model():\n"
        "    stack = [keras.Input((28, 28)), layers.Flatten()]\n"
        "    for _ in range(3):\n"
        f"        stack += [layers.Dense({units}, activation='relu', {dense}), {behind}]\n"
        f"    model = keras.Sequential([*stack, layers.Dense(10, activation='softmax'), {output}])\n"
        f"    {end or 'pass'}\n"
        "    return model"
    )


def _images(*before: str) -> str:
    """Three Dense layers behind layers that take images with one channel."""
    return KERAS + (
        "def build_challenge_model():\n"
        f"    stack = [keras.Input((28, 28)), layers.Reshape((28, 28, 1)), {', '.join(before)}, layers.Flatten()]\n"
        "    stack += [layers.Dense(256, activation='relu') for _ in range(3)]\n"
        "    return keras.Sequential([*stack, layers.Dense(10, activation='softmax')])"
    )


RIGHT = {
    "stop_early": {
        "named": _stop("monitor='val_crossentropy', mode='min', patience=5, restore_best_weights=True"),
        "as a number": _stop("'val_crossentropy', patience=4, restore_best_weights=1"),
        "mode auto": _stop("'val_crossentropy', patience=10, restore_best_weights=True"),
        "later start, small difference": _stop(
            "monitor='val_crossentropy', patience=3, restore_best_weights=True, min_delta=0.005, start_from_epoch=3"
        ),
        "truth values": _stop("'val_crossentropy', patience=np.int64(4), restore_best_weights=np.bool_(True)").replace(
            "import keras", "import keras, numpy as np", 1
        ),
        "1 for True": _stop("'val_crossentropy', patience=5.0, restore_best_weights=1"),
        "subclass": KERAS
        + """
class Stop(keras.callbacks.EarlyStopping):
    pass
def early_stopping():
    callback = Stop("val_crossentropy", patience=7)
    callback.restore_best_weights = True
    return callback
""",
    },
    "adamw": {
        "formula": _steps(LOSS, DECOUPLED),
        "shrunk first": _steps("(1 - 2 * lr * lam) * w - lr * g", "w * (1 - lr * lam) - lr * g", "np.bool_(False)"),
        "keras": KERAS
        + """
import numpy as np
def one_step(w, g, lr, lam, decoupled):
    v = keras.Variable(w, dtype="float32")
    if decoupled:
        keras.optimizers.SGD(lr, weight_decay=lam).apply([keras.ops.convert_to_tensor(g, "float32")], [v])
    else:
        keras.optimizers.SGD(lr).apply([keras.ops.convert_to_tensor(g + 2 * lam * w, "float32")], [v])
    return v.numpy()
same_for_adam = not True
""",
    },
    "challenge": {
        "dropout 0.6": _model("layers.Dropout(0.6)"),
        "L2 0.01": _model(dense="kernel_regularizer=regularizers.L2(0.01)"),
        "dropout and L2": _model("layers.Dropout(0.5)", dense="kernel_regularizer=regularizers.L2(0.002)"),
        "shifted images": _images("layers.RandomTranslation(0.1, 0.1, fill_mode='constant')"),
        "convolution": KERAS
        + """
def build_challenge_model():
    image = keras.Input((28, 28))
    x = keras.ops.expand_dims(image, -1)
    x = layers.MaxPooling2D()(layers.Conv2D(16, 3, activation="relu")(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    x = layers.Dropout(0.5)(layers.Dense(128, activation="relu", kernel_constraint="max_norm")(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))
""",
        "functional, compiled, L1 and dropout": KERAS
        + """
def build_challenge_model():
    inputs = keras.Input((28, 28))
    x = layers.Reshape((784,))(inputs)
    for _ in range(3):
        x = layers.Dense(256, kernel_regularizer=regularizers.L1(0.0002))(x)
        x = layers.Dropout(0.55)(layers.ReLU()(x))
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
""",
    },
}
WRONG = {
    "stop_early": {
        "stub": Wrong(
            "def early_stopping(): raise NotImplementedError", "is_early_stopping", "`early_stopping` is not"
        ),
        "class": Wrong(
            KERAS + "def early_stopping(): return keras.callbacks.EarlyStopping",
            "is_early_stopping",
            "`early_stopping` returns a class",
        ),
        "list": Wrong(
            KERAS + "def early_stopping(): return [keras.callbacks.EarlyStopping()]",
            "is_early_stopping",
            "`early_stopping` returns a list or a tuple",
        ),
        "another callback": Wrong(
            KERAS + "def early_stopping(): return keras.callbacks.TerminateOnNaN()",
            "is_early_stopping",
            "`early_stopping` should return a keras.callbacks.EarlyStopping, but it returned: TerminateOnNaN",
        ),
        "nothing returned": Wrong(
            KERAS + "def early_stopping(): keras.callbacks.EarlyStopping()",
            "is_early_stopping",
            "`early_stopping` should",
        ),
        "penalised loss": Wrong(
            _stop("patience=5, restore_best_weights=True"), "quantity_watched", "You watch `val_loss`"
        ),
        "training loss": Wrong(
            _stop("'crossentropy', patience=5, restore_best_weights=True"), "quantity_watched", "You watch a quantity"
        ),
        "accuracy to fall": Wrong(
            _stop("'val_accuracy', mode='min', patience=5, restore_best_weights=True"),
            "quantity_watched",
            "You watch an accuracy as if it were to fall",
        ),
        "accuracy": Wrong(
            _stop("'val_accuracy', patience=5, restore_best_weights=True"),
            "quantity_watched",
            "You watch the accuracy, which moves in steps",
        ),
        "no such quantity": Wrong(
            _stop("'validation', patience=5, restore_best_weights=True"),
            "quantity_watched",
            "The model does not report",
        ),
        "0 for False": Wrong(
            _stop("'val_crossentropy', patience=5, restore_best_weights=0"),
            "best_weights",
            "Your callback stops the train",
        ),
        "last weights": Wrong(_stop("'val_crossentropy', patience=5"), "best_weights", "Your callback stops the train"),
        "impatient": Wrong(
            _stop("'val_crossentropy', patience=1, restore_best_weights=True"),
            "patience",
            "Your patience is 1: a single",
        ),
        "too patient": Wrong(
            _stop("'val_crossentropy', patience=30, restore_best_weights=True"), "patience", "Your patience is 30: that"
        ),
        "wrong direction": Wrong(
            _stop("'val_crossentropy', mode='max', patience=5, restore_best_weights=True"),
            "stops_in_time",
            "Your callback waits for the cross-entropy to rise",
        ),
        "never begins": Wrong(
            _stop("'val_crossentropy', patience=5, restore_best_weights=True, start_from_epoch=100"),
            "stops_in_time",
            "On a history of ours your callback never stops",
        ),
        "unreachable baseline": Wrong(
            _stop("'val_crossentropy', patience=5, restore_best_weights=True, baseline=0.1"),
            "stops_in_time",
            "On a history of ours your callback stops sooner",
        ),
        "large min_delta": Wrong(
            _stop("'val_crossentropy', patience=5, restore_best_weights=True, min_delta=0.3"),
            "stops_in_time",
            "On a history of ours your callback stops, but",
        ),
    },
    "adamw": {
        "half": Wrong(
            _steps("w - lr * (g + lam * w)", DECOUPLED), "penalty_in_the_loss", "With the penalty in the loss"
        ),
        "both decoupled": Wrong(
            _steps(DECOUPLED, DECOUPLED), "penalty_in_the_loss", "With the penalty in the loss, your"
        ),
        "swapped": Wrong(_steps(DECOUPLED, LOSS), "penalty_in_the_loss", "The two ways have changed places"),
        "penalty forgotten": Wrong(
            _steps("w - lr * g", DECOUPLED), "penalty_in_the_loss", "With the penalty in the loss, your step does not"
        ),
        "penalty without lr": Wrong(
            _steps("w - lr * g - 2 * lam * w", DECOUPLED),
            "penalty_in_the_loss",
            "With the penalty in the loss, the lear",
        ),
        "penalty for its gradient": Wrong(
            _steps("w - lr * (g + lam * w ** 2)", DECOUPLED), "penalty_in_the_loss", "You add the penalty itself"
        ),
        "both in the loss": Wrong(
            _steps(LOSS, LOSS), "decoupled_decay", "For the same λ, both ways give the same step"
        ),
        "decay times gradient": Wrong(
            _steps(LOSS, "w - lr * g * (1 + lam * w)"), "decoupled_decay", "Where the gradient is 0 your weights"
        ),
        "decay of the gradient": Wrong(
            _steps(LOSS, "w - lr * (1 + lam) * g"), "decoupled_decay", "Where the gradient is 0 your weights"
        ),
        "decay without lr": Wrong(
            _steps(LOSS, "w - lr * g - lam * w"), "decoupled_decay", "Your decoupled decay lacks the learning rate"
        ),
        "no decay": Wrong(_steps(LOSS, "w - lr * g"), "decoupled_decay", "With decoupled decay your weights do not"),
        "growth": Wrong(
            _steps(LOSS, "w - lr * g + lr * lam * w"), "decoupled_decay", "With decoupled decay your weights grow"
        ),
        "decay afterwards": Wrong(
            _steps(LOSS, "(w - lr * g) * (1 - lr * lam)"), "decoupled_decay", "Your decoupled decay is applied after"
        ),
        "uphill": Wrong(
            _steps("w + lr * (g + 2 * lam * w)", "w + lr * (g + lam * w)"), "plain_step", "Your step goes uphill"
        ),
        "no learning rate": Wrong(
            _steps("w - (g + 2 * lam * w)", "w - g - lam * w"), "plain_step", "The learning rate is missing"
        ),
        "change returned": Wrong(
            _steps("-lr * (g + 2 * lam * w)", "-lr * (g + lam * w)"), "plain_step", "Your function returns the change"
        ),
        "in place": Wrong(
            "def one_step(w, g, lr, lam, decoupled):\n"
            "    w -= lr * (g + (lam if decoupled else 2 * lam) * w)\n"
            "    return w\nsame_for_adam = False",
            "arrays_kept",
            "Your function changes the arrays",
        ),
        "only the choice": Wrong(
            "def one_step(w, g, lr, lam, decoupled):\n    return w\nsame_for_adam = False",
            "plain_step",
            "With λ = 0 your function does not take",
        ),
        "same for Adam": Wrong(_steps(LOSS, DECOUPLED, "True"), "two_ways_with_adam", "Adam divides the gradient"),
        "not answered": Wrong(
            _steps(LOSS, DECOUPLED, "None"), "two_ways_with_adam", "`same_for_adam` is not filled in"
        ),
        "answered in words": Wrong(_steps(LOSS, DECOUPLED, "'no'"), "two_ways_with_adam", "`same_for_adam` should be"),
    },
    "challenge": {
        "given model": Wrong(_model(), "better_than_given", "Your model trains exactly as the given one"),
        "too weak": Wrong(
            _model(dense="kernel_regularizer=regularizers.L2(1e-5)"), "better_than_given", "On new images"
        ),
        "half way by MaxNorm": Wrong(
            _model(dense="kernel_constraint=keras.constraints.MaxNorm(1)"),
            "gap_reduced",
            "Your model reduces the gap by",
        ),
        "Lambda": Wrong(
            _images("layers.Lambda(lambda x: x / 2)"),
            "better_than_given",
            "Your model uses “Lambda”, which is not taken",
        ),
        "scaled answers": Wrong(
            _model("layers.Dropout(0.5)").replace(
                "layers.Dense(10, activation='softmax')", "layers.Dense(10), layers.Rescaling(0.1), layers.Softmax()"
            ),
            "better_than_given",
            "Behind the first layer with weights, something in your model rescales",
        ),
        "half way": Wrong(_model("layers.Dropout(0.3)"), "gap_reduced", "Your model reduces the gap by"),
        "collapse by Dropout": Wrong(_model("layers.Dropout(0.8)"), "better_than_given", "On new images"),
        "collapse by L2": Wrong(
            _model(dense="kernel_regularizer=regularizers.L2(1.0)"), "better_than_given", "On new images"
        ),
        "smaller model": Wrong(
            _model("layers.Dropout(0.5)", units=32), "better_than_given", "Your model has 27,562 trainable"
        ),
        "frozen": Wrong(
            _model("layers.Dropout(0.6)", end="model.layers[1].trainable = False"),
            "better_than_given",
            "Your model has 134,154 trainable parameters",
        ),
        "dropout on the output": Wrong(
            _model("layers.Dropout(0.5)", output="layers.Dropout(0.5)"), "better_than_given", "In training mode"
        ),
        "set after build": Wrong(
            _model(
                "layers.Dropout(0.5)",
                end="for layer in model.layers[1::2]: layer.kernel_regularizer = regularizers.L2(0.002)",
            ),
            "better_than_given",
            "The layer names a regularizer",
        ),
    },
}
