"""Runs in the learner's kernel, sent there as text beside `autograder.execution.kernel_side`, which says what for.

It uses nothing of this project and only what Keras learners have.
"""


def encode(value, inputs, kernel):
    """A Keras model, `inputs` are put to it as well; a History goes as its curves."""
    if hasattr(value, "get_weights") and hasattr(value, "layers"):
        return {"model": _model(value, inputs, kernel)}
    if type(value).__name__ == "History" and isinstance(getattr(value, "history", None), dict):
        return kernel.encode(value.history, [])
    return None


def fingerprint(argument):
    """Of a model's weights and of its config: its layers, and what they were told."""
    import hashlib

    if not hasattr(argument, "get_weights"):
        return None
    weights = b"".join(w.tobytes() for w in argument.get_weights())
    return hashlib.sha256(weights + repr(argument.get_config()).encode()).hexdigest()


def _decode_model(body, kernel):
    model = _from_json(body["config"])
    model.set_weights([kernel.decode({"array": w}) for w in body["weights"]])
    return model


def _from_json(text):
    """As `keras.models.model_from_json`, but a Sequential is built once, not anew with each of its layers."""
    import json

    import keras

    described = json.loads(text)
    layers = described["config"].get("layers", [])
    if described["class_name"] != "Sequential" or [part["class_name"] for part in layers[:1]] != ["InputLayer"]:
        return keras.models.model_from_json(text)
    made = [keras.saving.deserialize_keras_object(part) for part in layers]
    model = keras.Sequential(made, name=described["config"]["name"])
    if described.get("compile_config"):
        model.compile_from_config(described["compile_config"])
        model.compiled = True
    return model


def _decode_history(body, kernel):
    import keras

    history = keras.callbacks.History()
    history.set_params({"verbose": 0, "epochs": body["epochs"], "steps": 63})
    history.set_model(keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]))
    history.history, history.epoch = body["series"], list(range(body["epochs"]))
    return history


DECODE = {"model": _decode_model, "history": _decode_history}


def _numbers(value, kernel):
    """An array, in float32 if it holds fractions: bfloat16 is none of NumPy's, and all is graded in float32."""
    import numpy as np

    value = np.asarray(value)
    return kernel.array(value if value.dtype.kind in "iub" else value.astype("float32"))


def _model(model, inputs, kernel):
    """Config and weights, the penalties that it adds to the loss here, and what it answers to `inputs`."""
    if not model.built:  # it has no variables yet; the config alone says so
        return {
            "class": type(model).__name__,
            "config": model.to_json(),
            "weights": [],
            "losses": [],
            "outputs": [],
        }
    out = {}
    if not kernel.fresh:
        small = model.count_params() < 5_000_000
        out["weights"] = [_numbers(w, kernel)["array"] for w in model.get_weights()] if small else []
    try:
        out["config"] = _described(model)
    except Exception as error:
        out["unserializable"] = type(error).__name__ + ": " + str(error)[:200]
    out["class"] = type(model).__name__
    out["losses"] = _losses(model)
    out["outputs"] = [
        {
            "inference": _numbers(model(x, training=False), kernel),
            "training": [_numbers(model(x, training=True), kernel) for _ in range(2)],
        }
        for x in inputs
    ]
    return out


def _described(model):
    """The model as JSON; a lambda as regularizer, which Keras cannot describe, as a function with a name."""

    def function_of_your_own(weights):
        return 0.0

    places = [
        (layer, place) for layer in model._flatten_layers() for place in ("kernel_regularizer", "bias_regularizer")
    ]
    lambdas = [(*p, getattr(*p, None)) for p in places if getattr(getattr(*p, None), "__name__", "") == "<lambda>"]
    for layer, place, _function in lambdas:
        setattr(layer, place, function_of_your_own)
    try:
        return _canonical(model.to_json())
    finally:
        for layer, place, function in lambdas:
            setattr(layer, place, function)


def _canonical(description):
    """Equal for equal chains of layers: not how they are compiled, and named by place, since Keras counts names on."""
    import json

    found = json.loads(description)
    found.pop("compile_config", None)
    layers = found["config"].get("layers", [])
    if found["class_name"] == "Sequential" and not any("layers" in layer["config"] for layer in layers):
        for name, config in [("model", found), *((f"layer_{n}", layer) for n, layer in enumerate(layers))]:
            if isinstance(config["config"].get("name"), str):
                config["config"]["name"] = name
    return json.dumps(found)


def _losses(model):
    """The penalties it adds to the loss when all of its weights are 0.01: its own may be 0, and then it adds none."""
    import numpy as np

    own = model.get_weights()
    model.set_weights([np.full_like(w, 0.01) for w in own])
    try:
        return [repr(float(v)) for v in model.losses]
    finally:
        model.set_weights(own)
