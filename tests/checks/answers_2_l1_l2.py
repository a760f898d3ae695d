"""Answers to the tasks of notebook 2_l1_l2."""

from tests.checks.harness import Wrong

KERAS = """
import keras
import numpy as np
from keras import layers, regularizers
"""


def sequential(function: str, hidden: str = "", output: str = "", between: str = "", after: str = "") -> str:
    """The seed's model in the usual spelling; more arguments for its two Dense layers, layers between, statements."""
    return f"""{KERAS}
def {function}():
    model = keras.Sequential([
        keras.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(128, activation="relu"{hidden}),
        {between}
        layers.Dense(10, activation="softmax"{output}),
    ])
    {after}
    return model
"""


def functional(function: str, hidden: str) -> str:
    """The same with the functional API, named layers and activations of their own."""
    return f"""{KERAS}
def {function}():
    image = keras.Input(shape=(28, 28), name="image")
    x = layers.Reshape((784,))(image)
    x = layers.Dense(128, name="hidden"{hidden})(x)
    x = layers.Activation("relu")(x)
    x = layers.Dense(10)(x)
    return keras.Model(image, layers.Softmax(name="probabilities")(x), name="my_model")
"""


def added(function: str, hidden: str) -> str:
    """The same with add(), tf.keras and an InputLayer."""
    return f"""
import tensorflow as tf
from tensorflow.keras import regularizers
def {function}():
    model = tf.keras.models.Sequential()
    model.add(tf.keras.layers.InputLayer(shape=(28, 28)))
    model.add(tf.keras.layers.Flatten(name="flat"))
    model.add(tf.keras.layers.Dense(units=128{hidden}))
    model.add(tf.keras.layers.ReLU())
    model.add(tf.keras.layers.Dense(10, tf.nn.softmax))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def config_dict(function: str, kind: str, coefficients: str) -> str:
    """A regularizer as a config dict, a model that was trained before it was cloned."""
    return f"""{KERAS}
def {function}():
    regularizer = {{"class_name": "{kind}", "config": {coefficients}}}
    model = keras.Sequential([
        layers.Input(shape=(28, 28)), layers.Flatten(),
        layers.Dense(128, "relu", kernel_regularizer=regularizer), layers.Dense(10, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.random.random((32, 28, 28)), np.arange(32) % 10, verbose=0)
    return keras.models.clone_model(model)
"""


def late(function: str, regularizer: str) -> str:
    """A regularizer set after the layer was built, then a clone that is built with it."""
    return sequential(
        function, after=f"model.layers[1].kernel_regularizer = {regularizer}; model = keras.models.clone_model(model)"
    )


def penalty(l1: str = "np.sum(np.abs(w))", l2: str = "np.sum(w ** 2)", both: str = "") -> str:
    """The three functions of the task `penalty`, as expressions that are multiplied by λ."""
    return f"""
import numpy as np
def l1_penalty(w, lam): return lam * {l1}
def l2_penalty(w, lam): return lam * {l2}
def l1_l2_penalty(w, l1, l2): return {both or "l1 * np.abs(w).sum() + l2 * np.square(w).sum()"}
"""


L1, L2 = ", kernel_regularizer=regularizers.L1(0.0001)", ", kernel_regularizer=regularizers.L2(0.001)"
ELASTIC = ", kernel_regularizer=regularizers.L1L2(l1=1e-4, l2=1e-3)"
BIAS = ", bias_regularizer=regularizers.L2(0.001)"

SPLIT = f"""{KERAS}
def split_loss(model, x, y):
    p = model(x, training=False)
    data = keras.losses.SparseCategoricalCrossentropy()(y, p)
    penalty = sum(model.losses)
    return """
SPARSITY = f"""{KERAS}
sparser = "l1"
def near_zero_fraction(model, eps):
    kernels = np.concatenate([layer.kernel.numpy().ravel() for layer in model.layers])
    biases = np.concatenate([layer.bias.numpy() for layer in model.layers])
    return """
BOTH_LAYERS = "val_losses = {0.00001: 0.63, 0.0001: 0.59, 0.001: 0.54, 0.01: 0.58}\nbest_lambda = 0.001\n"
COLLAPSED = "val_losses = {0.001: 0.57, 0.01: 0.56, 0.1: 0.63, 1.0: 0.91}\nbest_lambda = 0.01\n"
PENALISED = "val_losses = {1e-4: 0.64, 1e-3: 0.67, 1e-2: 0.71, 1e-1: 0.9}\nbest_lambda = 1e-4\n"
STILL = "The values in `val_losses` still contain the penalty"
SWEEP = "val_losses = {0.0001: 0.61, 0.001: 0.57, 0.01: 0.63, 0.1: 0.68}\nbest_lambda = 0.001\n"


def fitted(
    metric: str = "keras.metrics.SparseCategoricalCrossentropy(name='crossentropy')",
    given: str = "x, y",
    validation: str = "validation_data=(x_val, y_val)",
    epochs: str = "epochs",
    returned: str = "history",
    model: str = "model",
) -> str:
    """The task `own_fit` in its parts."""
    return f"""{KERAS}
def compile_and_fit(model, x, y, x_val, y_val, epochs):
    model = {model}
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=[{metric}])
    history = model.fit({given}, {validation}, epochs={epochs}, verbose=0)
    return {returned}
"""


def swept(hidden: str, sweep: str = SWEEP, output: str = "", between: str = "", after: str = "") -> str:
    """The task `choose_lambda`: a model and a sweep."""
    return sequential("build_regularized_model", hidden, output, between, after) + sweep


RIGHT = {
    "penalty": {
        "numpy": penalty(),
        "built from one another": penalty(both="l1_penalty(w, l1) + l2_penalty(w, l2)"),
        "Keras's own": f"""{KERAS}
def l1_penalty(w, lam): return regularizers.L1(lam)(keras.ops.convert_to_tensor(w))
def l2_penalty(w, lam): return regularizers.L2(lam)(keras.ops.convert_to_tensor(w))
def l1_l2_penalty(w, l1, l2): return regularizers.L1L2(l1=l1, l2=l2)(keras.ops.convert_to_tensor(w, "float32"))
""",
        "norms and loops": penalty(
            l1="np.float32(sum(abs(v) for v in w.ravel()))",
            l2="np.linalg.norm(w) ** 2",
            both="np.array([l1 * np.linalg.norm(w.ravel(), 1) + l2 * np.vdot(w, w)])",
        ),
    },
    "l2_layer": {
        "sequential": sequential("build_l2_model", L2),
        "functional": functional("build_l2_model", ", kernel_regularizer=regularizers.L1L2(l2=0.001)"),
        "add": added("build_l2_model", ", kernel_regularizer=regularizers.l2(0.001)"),
        "config dict": config_dict("build_l2_model", "L2", '{"l2": 0.001}'),
        "set late and cloned": late("build_l2_model", "regularizers.L2(1e-3)"),
        "other initial weights": sequential(
            "build_l2_model", L2 + ", kernel_initializer='he_normal', bias_initializer='ones'"
        ),
        "a clone of the given model": f"""{KERAS}
def build_l2_model():
    given = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(128, activation="relu"),
                              layers.Dense(10, activation="softmax")])
    def penalised(layer):
        config = layer.get_config()
        if config.get("units") == 128:
            config["kernel_regularizer"] = regularizers.L2(0.001)
        return type(layer).from_config(config)
    return keras.models.clone_model(given, clone_function=penalised)
""",
    },
    "own_fit": {
        "the usual way": fitted(),
        "SGD": fitted().replace("adam", "sgd"),
        "its dict": fitted(returned="history.history"),
        "another optimizer object, accuracy too": f"""{KERAS}
def compile_and_fit(model, x, y, x_val, y_val, epochs):
    model.compile(
        keras.optimizers.Adam(learning_rate=0.001),
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", keras.metrics.SparseCategoricalCrossentropy("crossentropy")],
    )
    model.fit(x=x, y=y, batch_size=128, epochs=epochs, validation_data=[x_val, y_val], verbose=2)
    return model.history
""",
        "the same metric under its name, renamed": fitted(
            metric="'sparse_categorical_crossentropy'",
            returned="{k.replace('sparse_categorical_', ''): v for k, v in history.history.items()}",
        ),
        "RMSprop, small batches, in a wrapper": fitted(
            validation="validation_data=(x_val, y_val), batch_size=16"
        ).replace('"adam"', '"rmsprop"'),
        "a metric that is a function": fitted(
            metric="""keras.metrics.MeanMetricWrapper(
        keras.losses.sparse_categorical_crossentropy, name="crossentropy")"""
        ),
    },
    "l1_layer": {
        "sequential": sequential("build_l1_model", L1),
        "functional": functional("build_l1_model", ", kernel_regularizer=regularizers.L1L2(l1=1e-4, l2=0)"),
        "add": added("build_l1_model", ", kernel_regularizer=regularizers.l1(1e-4)"),
        "config dict": config_dict("build_l1_model", "L1", '{"l1": 0.0001}'),
    },
    "elastic": {
        "sequential": sequential("build_elastic_model", ELASTIC + BIAS),
        "functional": functional(
            "build_elastic_model",
            ", kernel_regularizer=regularizers.l1_l2(0.0001, 0.001), bias_regularizer=regularizers.L1L2(0.0, 1e-3)",
        ),
        "add": added("build_elastic_model", ELASTIC + BIAS),
    },
    "split_loss": {
        "floats": SPLIT + "float(data), float(penalty)",
        "tensors": SPLIT + "[data, keras.ops.convert_to_tensor(penalty)]",
        "array": SPLIT + "np.array([data, penalty])",
        "evaluate": """
def split_loss(model, x, y):
    model.compile(loss="sparse_categorical_crossentropy")
    total, penalty = model.evaluate(x, y, verbose=0), float(sum(model.losses))
    return total - penalty, penalty
""",
        "numpy": f"""{KERAS}
def split_loss(model, x, y):
    p = model.predict(x, verbose=0)
    return np.mean(-np.log(p[np.arange(len(y)), y])), np.sum([float(l) for l in model.losses])
""",
    },
    "sparsity": {
        "concatenated": SPARSITY + "float(np.mean(np.abs(kernels) < eps))",
        "counted": f"""{KERAS}
sparser = "L1"
def near_zero_fraction(model, eps):
    small = total = 0
    for w in model.get_weights():
        if w.ndim > 1:
            small, total = small + (abs(w) <= eps).sum(), total + w.size
    return small / total
""",
        "by name": f"""{KERAS}
sparser = "l1"
def near_zero_fraction(model, eps):
    kernels = [keras.ops.reshape(v, (-1,)) for v in model.trainable_variables if v.name == "kernel"]
    return keras.ops.mean(keras.ops.cast(keras.ops.abs(keras.ops.concatenate(kernels)) < eps, "float32"))
""",
    },
    "choose_lambda": {
        "L2": swept(L2),
        "L2 on both layers": swept(L2, BOTH_LAYERS, output=L2),
        "L1": functional("build_regularized_model", L1)
        + "val_losses = {1e-6: 0.62, 1e-5: 0.61, 1e-4: 0.56, 1e-3: 0.58}\n"
        "best_lambda = min(val_losses, key=val_losses.get)\n",
        "both, by NumPy": swept(
            ELASTIC,
            "val_losses = {np.float32(l): float(v) for l, v in zip(np.logspace(-5, -2, 4), [.62, .6, .55, .6])}\n"
            "best_lambda = np.array(1e-3)\n",
        ),
    },
}

HALF, SUM = "Your penalty is half", "Your sum leaves out"
NO_SWEEP = ("lambda_losses_found_again",)  # a sweep over λ of a model that has no penalty, or another λ
NOT_ONLY_L2, NOT_ONLY_L1 = ("l2_nowhere_else",), ("l1_nowhere_else",)  # something else is penalised
NO_L2, NO_L1 = ("l2_architecture", *NOT_ONLY_L2), ("l1_architecture", *NOT_ONLY_L1)  # nothing is: no answer
CHANGED = "The weights of the model of"
OWN = "Your model holds a function of your own"
WRONG = {
    "penalty": {
        "half": Wrong(penalty(l2="np.sum(w ** 2) / 2"), "l2_penalty", HALF),
        "mean": Wrong(penalty(l2="np.mean(w ** 2)"), "l2_penalty", "Your penalty does not grow with"),
        "mean of L1": Wrong(penalty(l1="np.mean(np.abs(w))"), "l1_penalty", "Your penalty does not grow with"),
        "square root": Wrong(penalty(l2="np.sqrt(np.sum(w ** 2))"), "l2_penalty", "Your penalty is the square root"),
        "no abs": Wrong(penalty(l1="np.sum(w)"), "l1_penalty", "Weights of opposite signs"),
        "abs of the sum": Wrong(penalty(l1="abs(np.sum(w))"), "l1_penalty", "You take the absolute value after"),
        "λ/2m": Wrong(
            penalty(l2="np.sum(w ** 2) / (2 * w.shape[0])"), "l2_penalty", "Your penalty is divided by twice"
        ),
        "row as bias": Wrong(penalty(l2="np.sum(w[1:] ** 2)"), "l2_penalty", "Your sum leaves out the first row"),
        "bias counted": Wrong(penalty(l2="np.sum(np.append(w, 1) ** 2)"), "l2_penalty", "Your penalty counts more"),
        "exchanged": Wrong(
            penalty(both="l2 * np.abs(w).sum() + l1 * (w ** 2).sum()"), "l1_l2_penalty", "The two coefficients"
        ),
        "half of one part": Wrong(
            penalty(both="l1 * np.abs(w).sum() + l2 / 2 * (w ** 2).sum()"), "l1_l2_penalty", "The L2 part"
        ),
        "one vector": Wrong(
            penalty(l2="np.sum(w ** 2, axis=0)"), "l2_penalty", "`l2_penalty` should return one number"
        ),
        "other": Wrong(penalty(l2="np.max(w ** 2)"), "l2_penalty", "`l2_penalty` returned"),
        "stub": Wrong(
            penalty() + "def l2_penalty(w, lam): raise NotImplementedError", "l2_penalty", "`l2_penalty` is not written"
        ),
    },
    "l2_layer": {
        "L1": Wrong(sequential("build_l2_model", L1), "l2_kernel", "When the weights double, your penalty only"),
        "by name": Wrong(
            sequential("build_l2_model", ', kernel_regularizer="l2"'), "l2_kernel", "Your penalty has λ = 0.01: this"
        ),
        "halved": Wrong(
            sequential("build_l2_model", ", kernel_regularizer=regularizers.L2(0.0005)"),
            "l2_kernel",
            "Your penalty and the one asked for differ by a factor of 2",
        ),
        "other λ": Wrong(
            sequential("build_l2_model", ", kernel_regularizer=regularizers.L2(0.1)"),
            "l2_kernel",
            "Your penalty has λ = 0.1: compare",
        ),
        "elastic": Wrong(sequential("build_l2_model", ELASTIC), "l2_kernel", "Your hidden layer carries an L1 and"),
        "activity": Wrong(
            sequential("build_l2_model", ", activity_regularizer=regularizers.L2(0.001)"),
            "l2_kernel",
            "What your model penalises is the outputs",
            NOT_ONLY_L2,
        ),
        "bias": Wrong(
            sequential("build_l2_model", BIAS), "l2_kernel", "Your hidden layer penalises its bias", NOT_ONLY_L2
        ),
        "none": Wrong(sequential("build_l2_model"), "l2_kernel", "The kernel of your hidden layer carries no", NO_L2),
        "set after build": Wrong(
            sequential("build_l2_model", after="model.layers[1].kernel_regularizer = regularizers.L2(0.001)"),
            "l2_kernel",
            "The layer names a regularizer",
            NO_L2,
        ),
        "frozen": Wrong(
            sequential("build_l2_model", L2 + ", trainable=False"), "l2_kernel", "The layer has its penalty, but", NO_L2
        ),
        "on the output": Wrong(
            sequential("build_l2_model", output=L2), "l2_kernel", "Your penalty acts on the output", NOT_ONLY_L2
        ),
        "on both": Wrong(
            sequential("build_l2_model", L2, L2), "l2_nowhere_else", "Your model also penalises the output"
        ),
        "on the bias too": Wrong(
            sequential("build_l2_model", L2 + BIAS),
            "l2_nowhere_else",
            "Your model also penalises the hidden layer's bias",
        ),
        "on the outputs too": Wrong(
            sequential("build_l2_model", L2 + ", activity_regularizer='l2'"), "l2_nowhere_else", "Besides the weights"
        ),
        "one layer more": Wrong(
            sequential("build_l2_model", L2, between="layers.Dense(64, activation='relu'),"), "l2_architecture", CHANGED
        ),
        "no bias": Wrong(
            sequential("build_l2_model", L2 + ", use_bias=False"),
            "l2_architecture",
            CHANGED,
            ("l2_kernel", "l2_nowhere_else"),
        ),
        "convolution": Wrong(
            sequential("build_l2_model", L2).replace(
                "layers.Flatten(),",
                "layers.Reshape((28, 28, 1)), "
                "layers.Conv2D(4, 3, kernel_regularizer=regularizers.L2(0.001)), layers.Flatten(),",
            ),
            "l2_architecture",
            CHANGED,
            ("l2_kernel", "l2_nowhere_else"),
        ),
        "output frozen": Wrong(
            sequential("build_l2_model", L2, ", trainable=False"), "l2_architecture", "A layer of the model of"
        ),
        "MaxNorm besides": Wrong(
            sequential("build_l2_model", L2 + ", kernel_constraint='max_norm'"),
            "l2_architecture",
            "A layer of the model of `build_l2_model` has a constraint",
        ),
        "no softmax": Wrong(
            sequential("build_l2_model", L2).replace('"softmax"', '"linear"'),
            "l2_architecture",
            "With the same weights",
        ),
        "sigmoid": Wrong(
            sequential("build_l2_model", L2).replace('"softmax"', '"sigmoid"'),
            "l2_architecture",
            "With the same weights",
        ),
        "one hidden layer more, penalised too": Wrong(
            sequential("build_l2_model", L2, between=f"layers.Dense(64{L2}),"),
            "l2_nowhere_else",
            "Your model also penalises a layer that the given",
            ("l2_architecture",),
        ),
        "a function of its own": Wrong(
            sequential("build_l2_model", ", kernel_regularizer=lambda w: 0.001 * keras.ops.sum(w**2)"),
            "l2_kernel",
            OWN,
            NOT_ONLY_L2,
        ),
        "other activation": Wrong(
            sequential("build_l2_model", L2).replace('"relu"', '"tanh"'), "l2_architecture", "With the same weights"
        ),
        "Dropout": Wrong(
            sequential("build_l2_model", L2, between="layers.Dropout(0.5),"),
            "l2_architecture",
            "The model of `build_l2_model` answers differently in training",
        ),
        "no input": Wrong(
            f"{KERAS}\ndef build_l2_model(): return keras.Sequential([layers.Flatten(), layers.Dense(10)])",
            "l2_architecture",
            "Your model does not know the shape",
            ("l2_kernel", "l2_nowhere_else"),
        ),
        "other input": Wrong(
            f"{KERAS}\ndef build_l2_model(): return keras.Sequential([keras.Input((784,)), "
            "layers.Dense(128, 'relu', kernel_regularizer=regularizers.L2(0.001)), layers.Dense(10, 'softmax')])",
            "l2_architecture",
            "The model of `build_l2_model` does not take",
        ),
        "a layer": Wrong(
            f"{KERAS}\ndef build_l2_model(): return layers.Dense(10)",
            "l2_architecture",
            "`build_l2_model` should return a",
            ("l2_kernel", "l2_nowhere_else"),
        ),
    },
    "own_fit": {
        "no metric": Wrong(fitted(metric=""), "fit_unpenalised", "The history has no `crossentropy`: which metric"),
        "accuracy only": Wrong(
            fitted(metric="'accuracy'"), "fit_unpenalised", "The history has no `crossentropy`: which metric"
        ),
        "Keras's name": Wrong(
            fitted(metric="keras.metrics.SparseCategoricalCrossentropy()"),
            "fit_unpenalised",
            "The history has no `crossentropy`: the metric is there",
        ),
        "the loss under another name": Wrong(
            fitted(returned="history.history | {'crossentropy': history.history['loss']}"),
            "fit_unpenalised",
            "`crossentropy` is not lower than the loss",
        ),
        "no validation": Wrong(
            fitted(validation="shuffle=True"),
            "fit_validates",
            "The history has no `val_loss`: nothing was",
            ("fit_unpenalised",),
        ),
        "validated at every other epoch": Wrong(
            fitted(validation="validation_data=(x_val, y_val), validation_freq=2"),
            "fit_validates",
            "`val_loss` has fewer values (2) than there were epochs (4)",
            ("fit_unpenalised",),
        ),
        "validated on the training images": Wrong(
            fitted(validation="validation_data=(x, y)"), "fit_validates", "`val_loss` is as low as `loss`"
        ),
        "validation split off": Wrong(
            fitted(validation="validation_split=0.2"), "fit_validates", "`val_loss` is as low as `loss`"
        ),
        "trained on the validation images": Wrong(
            fitted(given="x_val, y_val"), "fit_trains", "After 4 epochs the training loss", ("fit_validates",)
        ),
        "one epoch": Wrong(
            fitted(epochs="1"),
            "fit_trains",
            "We asked for 4 epochs, and the training had 1",
            ("fit_validates", "fit_unpenalised"),
        ),
        "always five epochs": Wrong(fitted(epochs="5"), "fit_trains", "We asked for 4 epochs, and the training had 5"),
        "the sides exchanged": Wrong(
            fitted(given="x_val, y_val", validation="validation_data=(x, y)"),
            "fit_trains",
            "After 4 epochs the training loss",
            ("fit_validates",),
        ),
        "accuracy under another name": Wrong(
            fitted(metric="keras.metrics.SparseCategoricalAccuracy(name='crossentropy')"),
            "fit_unpenalised",
            "`crossentropy` is not lower than the loss",
        ),
        "not compiled anew": Wrong(
            """
def compile_and_fit(model, x, y, x_val, y_val, epochs):
    return model.fit(x, y, validation_data=(x_val, y_val), epochs=epochs, verbose=0)
""",
            "fit_trains",
            "`compile_and_fit` stopped with ValueError: You must call `compile()`",
            ("fit_validates", "fit_unpenalised"),
        ),
        "another model": Wrong(
            fitted(model="[c := keras.models.clone_model(model), c.set_weights(model.get_weights())][0]"),
            "fit_trains",
            "The model that was handed in has the same",
        ),
        "returns the model": Wrong(
            fitted(returned="model"),
            "fit_trains",
            "`compile_and_fit` should return what `model.fit` returns",
            ("fit_validates", "fit_unpenalised"),
        ),
    },
    "l1_layer": {
        "L2": Wrong(sequential("build_l1_model", L2), "l1_kernel", "When the weights double, your penalty becomes"),
        "by name": Wrong(
            sequential("build_l1_model", ', kernel_regularizer="l1"'), "l1_kernel", "Your penalty has λ = 0.01: this"
        ),
        "λ of the last task": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "0.001")),
            "l1_kernel",
            "With the λ of L2 your penalty pulls",
        ),
        "values compared": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "0.001 * 0.05")),
            "l1_kernel",
            "With λ = 0.00005 both penalties cost the same",
        ),
        "twice as hard": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "0.0002")),
            "l1_kernel",
            "With λ = 0.0002 your penalty pulls twice",
        ),
        "the slope without the λ": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "2 * 0.05")), "l1_kernel", "Your penalty has λ = 0.1: com"
        ),
        "activity": Wrong(
            sequential("build_l1_model", L1.replace("kernel", "activity")),
            "l1_kernel",
            "What your model penalises",
            NOT_ONLY_L1,
        ),
        "bias": Wrong(
            sequential("build_l1_model", L1.replace("kernel", "bias")),
            "l1_kernel",
            "Your hidden layer penal",
            NOT_ONLY_L1,
        ),
        "set after build": Wrong(
            sequential("build_l1_model", after="model.layers[1].kernel_regularizer = regularizers.L1(0.0001)"),
            "l1_kernel",
            "The layer names a regularizer",
            NO_L1,
        ),
        "frozen": Wrong(
            sequential("build_l1_model", L1, after="model.layers[1].trainable = False"),
            "l1_kernel",
            "The layer has its",
            NO_L1,
        ),
        "on the output": Wrong(
            sequential("build_l1_model", output=L1), "l1_kernel", "Your penalty acts on the output", NOT_ONLY_L1
        ),
        "on both": Wrong(
            sequential("build_l1_model", L1, L1), "l1_nowhere_else", "Your model also penalises the output"
        ),
        "other units": Wrong(sequential("build_l1_model", L1).replace("128", "64"), "l1_architecture", CHANGED),
        "none": Wrong(sequential("build_l1_model"), "l1_kernel", "The kernel of your hidden layer carries no", NO_L1),
        "the slope without the 2": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "0.001 * 0.05")),
            "l1_kernel",
            "With λ = 0.00005 both penalties cost the same",
        ),
        "the value of L2": Wrong(
            sequential("build_l1_model", L1.replace("0.0001", "0.001 * 0.05**2")),
            "l1_kernel",
            "Your penalty has λ = 2.5e-06: compare",
        ),
        "both": Wrong(sequential("build_l1_model", ELASTIC), "l1_kernel", "Your hidden layer carries an L1 and"),
        "on the bias too": Wrong(
            sequential("build_l1_model", L1 + BIAS), "l1_nowhere_else", "Your model also penalises the hidden layer's b"
        ),
        "Dropout besides": Wrong(
            sequential("build_l1_model", L1, between="layers.Dropout(0.5),"),
            "l1_architecture",
            "The model of `build_l1_model` answers differently",
        ),
    },
    "elastic": {
        "exchanged": Wrong(
            sequential("build_elastic_model", ", kernel_regularizer=regularizers.L1L2(0.001, 0.0001)" + BIAS),
            "elastic_kernel",
            "The two coefficients have changed places",
        ),
        "L1 only": Wrong(
            sequential("build_elastic_model", L1 + BIAS), "elastic_kernel", "Your hidden layer has only one"
        ),
        "L2 only": Wrong(
            sequential("build_elastic_model", L2 + BIAS), "elastic_kernel", "Your hidden layer has only one"
        ),
        "by name": Wrong(
            sequential("build_elastic_model", ", kernel_regularizer='l1l2'" + BIAS),
            "elastic_kernel",
            "The kernel of your hidden layer carries no",
        ),
        "no bias": Wrong(sequential("build_elastic_model", ELASTIC), "elastic_bias", "The bias of your hidden layer"),
        "bias by name": Wrong(
            sequential("build_elastic_model", ELASTIC + ", bias_regularizer='l2'"),
            "elastic_bias",
            "The penalty of your hidden layer's bias has λ = 0.01: this is what Keras takes",
        ),
        "both on the bias": Wrong(
            sequential("build_elastic_model", ELASTIC + ELASTIC.replace("kernel", "bias")),
            "elastic_bias",
            "The penalty of your hidden layer's bias is not L2",
        ),
        "Dropout": Wrong(
            sequential("build_elastic_model", ELASTIC + BIAS, between="layers.Dropout(0.2),"),
            "elastic_architecture",
            "The model of `build_elastic_model` answers differently",
        ),
        "on the output too": Wrong(
            sequential("build_elastic_model", ELASTIC + BIAS, L2), "elastic_nowhere_else", "Your model also penalises"
        ),
        "frozen": Wrong(
            sequential("build_elastic_model", ELASTIC + BIAS + ", trainable=False"),
            "elastic_kernel",
            "The layer has its",
            ("elastic_architecture", "elastic_bias", "elastic_nowhere_else"),
        ),
        "bias set after build": Wrong(
            sequential(
                "build_elastic_model", ELASTIC, after="model.layers[1].bias_regularizer = regularizers.L2(0.001)"
            ),
            "elastic_bias",
            "The layer names a regularizer",
        ),
        "functions of its own": Wrong(
            sequential(
                "build_elastic_model",
                ", kernel_regularizer=lambda w: regularizers.L1(1e-4)(w) + regularizers.L2(1e-3)(w)" + BIAS,
            ),
            "elastic_kernel",
            OWN,
            ("elastic_nowhere_else",),
        ),
        "nothing mended": Wrong(
            sequential("build_elastic_model"),
            "elastic_kernel",
            "The kernel of your hidden layer carries no",
            ("elastic_architecture", "elastic_bias", "elastic_nowhere_else"),
        ),
        "kernel set after build": Wrong(
            sequential(
                "build_elastic_model",
                BIAS,
                after="model.layers[1].kernel_regularizer = regularizers.L1L2(l1=0.0001, l2=0.001)",
            ),
            "elastic_kernel",
            "The layer names a regularizer",
            ("elastic_nowhere_else",),
        ),
        "bias as activity": Wrong(
            sequential("build_elastic_model", ELASTIC + BIAS.replace("bias", "activity")),
            "elastic_bias",
            "The bias of your hidden layer carries no",
            ("elastic_nowhere_else",),
        ),
        "on the output's bias": Wrong(
            sequential("build_elastic_model", ELASTIC, BIAS),
            "elastic_bias",
            "The bias of your hidden layer carries no",
            ("elastic_nowhere_else",),
        ),
        "λ ten times as large": Wrong(
            sequential("build_elastic_model", ", kernel_regularizer=regularizers.L1L2(l1=0.001, l2=0.01)" + BIAS),
            "elastic_kernel",
            "Your hidden layer has both, with λ = 0.001 for L1 and λ = 0.01",
        ),
        "as posted": Wrong(
            sequential(
                "build_elastic_model",
                ", kernel_regularizer=regularizers.L1L2(0.001, 0.0001)",
                ", kernel_regularizer='l2'",
                after="model.layers[1].bias_regularizer = regularizers.L2(0.001)",
            ),
            "elastic_kernel",
            "The two coefficients have changed places",
            ("elastic_bias", "elastic_nowhere_else"),
        ),
    },
    "split_loss": {
        "penalised": Wrong(
            SPLIT + "data + penalty, penalty", "data_loss", "Your first number still contains", ("not_compiled",)
        ),
        "penalty twice": Wrong(
            SPLIT + "data, 2 * penalty",
            "penalty_part",
            "Your second number counts the penalty twice",
            ("not_compiled",),
        ),
        "twice in the loss": Wrong(
            SPLIT + "data + 2 * penalty, penalty", "data_loss", "Your first number contains", ("not_compiled",)
        ),
        "the whole loss": Wrong(
            SPLIT + "data, data + penalty",
            "penalty_part",
            "Your second number is the whole",
            ("no_penalty", *("not_compiled",)),
        ),
        "first penalty": Wrong(
            SPLIT + "data, model.losses[0] if model.losses else 0.0", "penalty_part", "Your second number holds one"
        ),
        "without the bias": Wrong(
            SPLIT + "data, sum(float(l.kernel_regularizer(l.kernel)) for l in model.layers "
            "if getattr(l, 'kernel_regularizer', None))",
            "penalty_part",
            "Your second number leaves out the penalty of a bias",
        ),
        "sum over examples": Wrong(
            SPLIT + "data * len(y), penalty", "data_loss", "Your first number is a sum", ("not_compiled",)
        ),
        "add_n": Wrong(
            SPLIT.replace("sum(model.losses)", "tf.add_n(model.losses)").replace(
                "import keras", "import keras\nimport tensorflow as tf"
            )
            + "data, penalty",
            "no_penalty",
            "`split_loss` stopped with",
        ),
        "training mode": Wrong(
            SPLIT.replace("training=False", "training=True") + "data, penalty",
            "data_loss",
            "Your first number is that of training mode",
        ),
        "as it was compiled": Wrong(
            """
def split_loss(model, x, y):
    total, penalty = model.evaluate(x, y, verbose=0), float(sum(model.losses))
    return total - penalty, penalty
""",
            "not_compiled",
            "`split_loss` stopped with ValueError: You must call `compile()`",
        ),
        "exchanged": Wrong(
            SPLIT + "penalty, data",
            "data_loss",
            "Your first number is the penalty",
            ("penalty_part", "no_penalty", "not_compiled"),
        ),
        "made up": Wrong(
            SPLIT + "0.0, 0.0",
            "data_loss",
            "`split_loss` returned 0",
            ("penalty_part", "no_penalty", "not_compiled"),
        ),
        "mean of the penalties": Wrong(
            SPLIT.replace("sum(model.losses)", "np.mean([float(l) for l in model.losses] or [0])") + "data, penalty",
            "penalty_part",
            "Your second number is a mean",
        ),
        "one number": Wrong(
            SPLIT + "data + penalty",
            "data_loss",
            "`split_loss` should return two things",
            ("penalty_part", "no_penalty", "not_compiled"),
        ),
    },
    "sparsity": {
        "biases": Wrong(
            SPARSITY + "np.mean(np.abs(np.concatenate([kernels, biases])) < eps)",
            "near_zero",
            "Your share counts the biases",
        ),
        "exact zeros": Wrong(SPARSITY + "np.mean(kernels == 0)", "near_zero", "Your share counts only"),
        "signed": Wrong(SPARSITY + "np.mean(kernels < eps)", "near_zero", "Your share counts large negative"),
        "percent": Wrong(
            SPARSITY + "100 * np.mean(abs(kernels) < eps)", "near_zero", "Your function returns a percentage"
        ),
        "count": Wrong(SPARSITY + "np.sum(abs(kernels) < eps)", "near_zero", "Your function returns a count"),
        "mean of layers": Wrong(
            SPARSITY + "np.mean([np.mean(abs(l.kernel.numpy()) < eps) for l in model.layers])",
            "near_zero",
            "Your function averages",
        ),
        "L2": Wrong(SPARSITY.replace('"l1"', '"l2"') + "np.mean(abs(kernels) < eps)", "sparser", "Measure again"),
        "not said": Wrong(
            SPARSITY.replace('"l1"', "None") + "np.mean(abs(kernels) < eps)", "sparser", "`sparser` is not filled in"
        ),
    },
    "choose_lambda": {
        "collapse": Wrong(
            swept(L2.replace("0.001", "1.0"), COLLAPSED),
            "lambda_gap",
            "Your model has a smaller gap because it learns less",
            ("lambda_minimum",),
        ),
        "smaller gap by learning less": Wrong(
            swept(L2.replace("0.001", "0.1")),
            "lambda_gap",
            "Your model has a smaller gap because it learns less",
            ("lambda_minimum",),
        ),
        "collapse of L1": Wrong(
            swept(L1.replace("0.0001", "0.1")), "lambda_gap", "Your model has a smaller gap because", NO_SWEEP
        ),
        "too weak": Wrong(
            swept(L2.replace("0.001", "1e-5")), "lambda_penalised", "The penalty of your model is so weak", NO_SWEEP
        ),
        "none": Wrong(swept(""), "lambda_penalised", "No kernel of your model carries a penalty", NO_SWEEP),
        "set after build": Wrong(
            swept("", after="model.layers[1].kernel_regularizer = regularizers.L2(0.001)"),
            "lambda_penalised",
            "The layer names a regularizer",
        ),
        "bias only": Wrong(swept(BIAS), "lambda_penalised", "No kernel of your model", NO_SWEEP),
        "Dropout": Wrong(
            swept("", between="layers.Dropout(0.5),"),
            "lambda_penalised",
            "The model of `build_regularized_model` answers",
            NO_SWEEP,
        ),
        "Dropout besides": Wrong(
            swept(L2, between="layers.Dropout(0.5),"),
            "lambda_penalised",
            "The model of `build_regularized_model` answ",
        ),
        "MaxNorm besides": Wrong(
            swept(L2 + ", kernel_constraint=keras.constraints.MaxNorm(1)"),
            "lambda_penalised",
            "A layer of the model of `build_regularized_model` has a constraint",
        ),
        "by the training loss": Wrong(
            swept(L2.replace("0.001", "0.0001"), SWEEP.replace("lambda = 0.001", "lambda = 0.0001")),
            "lambda_minimum",
            "`best_lambda` is a weaker",
            ("lambda_gap",),
        ),
        "too strong a choice": Wrong(
            swept(L2.replace("0.001", "0.1"), SWEEP.replace("lambda = 0.001", "lambda = 0.1")),
            "lambda_minimum",
            "`best_lambda` = 0.1 is not where",
            ("lambda_gap",),
        ),
        "another model than the chosen one": Wrong(
            swept(L2.replace("0.001", "0.01")),
            "lambda_minimum",
            "Your model carries λ = 0.01, but `best_lambda` is 0.001",
        ),
        "a λ that was not tried": Wrong(
            swept(L2.replace("0.001", "0.003")),
            "lambda_losses_found_again",
            "Your model carries λ = 0.003, which is not",
        ),
        "sweep that ends at the best": Wrong(
            swept(L2, "val_losses = {1e-6: 0.62, 1e-5: 0.61, 1e-4: 0.6, 1e-3: 0.55}\nbest_lambda = 1e-3\n"),
            "lambda_minimum",
            "`best_lambda` = 0.001 is the largest value of your sweep",
        ),
        "sweep that begins at the best": Wrong(
            swept(L2, "val_losses = {1e-3: 0.55, 1e-2: 0.57, 1e-1: 0.7, 1.0: 0.95}\nbest_lambda = 1e-3\n"),
            "lambda_minimum",
            "`best_lambda` = 0.001 is the smallest value of your sweep",
        ),
        "the loss instead of λ": Wrong(
            swept(L2, SWEEP.replace("lambda = 0.001", "lambda = 0.57")),
            "lambda_minimum",
            "`best_lambda` is 0.57, which",
        ),
        "made up": Wrong(
            swept(L2, "val_losses = {1e-4: 0.9, 1e-3: 0.3, 1e-2: 0.8, 1e-1: 0.85}\nbest_lambda = 1e-3\n"),
            "lambda_losses_found_again",
            "With λ = 0.0001, training the model again",
        ),
        "by the penalised loss": Wrong(
            swept(L2.replace("0.001", "1e-4"), PENALISED), "lambda_losses_found_again", STILL, ("lambda_gap",)
        ),
        "training losses": Wrong(
            swept(L2, "val_losses = {1e-5: 0.06, 1e-4: 0.07, 1e-3: 0.14, 1e-2: 0.35}\nbest_lambda = 1e-5\n"),
            "lambda_losses_found_again",
            "The values in `val_losses` are losses on the training images",
        ),
        "two values": Wrong(
            swept(L2, "val_losses = {1e-3: 0.526, 1e-2: 0.583}\nbest_lambda = 1e-3\n"),
            "lambda_losses_found_again",
            "Entries of `val_losses`: 2",
        ),
    },
}
