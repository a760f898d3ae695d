"""Runs in the learner's kernel, sent there as text. What it reports is untrusted data; it holds no secret.

It uses nothing of this project and only what Keras learners have. `report` asks each probe's question and
publishes one display message with the answers.
"""


def report(spec, namespace, nonce, mime):
    """Publish {"nonce", "evidence"} under `mime`; the evidence is JSON text, see `answers`."""
    import json

    from IPython.display import publish_display_data

    text = json.dumps(answers(spec, namespace))
    publish_display_data({mime: {"nonce": nonce, "evidence": text}, "text/plain": ""})


def answers(spec, namespace):
    """Probe name → {"value"}, {"calls"} or {"problem"}, for the names that a learner defined in `namespace`."""
    found = {}
    for name, probe in spec.items():
        try:
            found[name] = _Kernel().answer(probe, namespace)
        except NotImplementedError:
            found[name] = {"problem": "not written"}
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: the next probe still gets its turn
            found[name] = {"problem": "raised", "type": type(error).__name__, "text": str(error)[:300]}
    return found


class _Kernel:
    MAX_ITEMS, MAX_DEPTH, MAX_ELEMENTS = 10_000, 6, 4_000_000

    def __init__(self):
        self.generators = {}

    def answer(self, probe, namespace):
        if probe["target"] not in namespace:
            return {"problem": "missing"}
        target = namespace[probe["target"]]
        if probe["kind"] == "value":
            return {"value": self.encode(target, [])}
        if not callable(target):
            return {"problem": "not callable", "type": type(target).__name__}
        inputs = [self.decode(i) for i in probe.get("inputs", [])]
        return {"calls": [self.call(target, case, inputs) for case in probe["cases"]]}

    def call(self, target, case, inputs):
        arguments = [self.decode(a) for a in case]
        before = [self.fingerprint(a) for a in arguments]
        value = target(*arguments)
        unchanged = [self.fingerprint(a) == b for a, b in zip(arguments, before, strict=True)]
        return {"value": self.encode(value, inputs), "unchanged": unchanged}

    def fingerprint(self, argument):
        import hashlib

        import numpy as np

        if isinstance(argument, np.ndarray):
            return hashlib.sha256(argument.tobytes()).hexdigest()
        if hasattr(argument, "get_weights"):
            return hashlib.sha256(b"".join(w.tobytes() for w in argument.get_weights())).hexdigest()
        return None

    def decode(self, item):
        """Our arguments, from JSON."""
        import base64

        import numpy as np

        if "array" in item:
            a = item["array"]
            return np.frombuffer(base64.b64decode(a["b64"]), a["dtype"]).reshape(a["shape"]).copy()
        if "rng" in item:
            if item.get("shared"):
                return self.generators.setdefault(item["rng"], np.random.default_rng(item["rng"]))
            return np.random.default_rng(item["rng"])
        if "model" in item:
            import keras

            model = keras.models.model_from_json(item["model"]["config"])
            model.set_weights([self.decode({"array": w}) for w in item["model"]["weights"]])
            return model
        if "history" in item:
            import types

            return types.SimpleNamespace(history=item["history"], epoch=list(range(item["epochs"])), params={})
        return item["json"]

    def array(self, value):
        import base64

        import numpy as np

        value = np.asarray(value, order="C")  # keeps a scalar a scalar
        if value.size > self.MAX_ELEMENTS:
            return {"other": "array too large"}
        if value.dtype.kind not in "fiub":
            return {"other": "array of " + str(value.dtype)}
        b64 = base64.b64encode(value.tobytes()).decode()
        return {"array": {"shape": list(value.shape), "dtype": value.dtype.name, "b64": b64}}

    def encode(self, value, inputs, depth=0):
        """Learner's values, to JSON."""
        import numpy as np

        if value is None or type(value) in (bool, int, str):
            return {"json": value if not isinstance(value, str) else value[:20_000]}
        if isinstance(value, float):
            return {"float": repr(float(value))}
        if depth > self.MAX_DEPTH:
            return {"other": "nested too deep"}
        if isinstance(value, (list, tuple)):
            return {"list": [self.encode(v, inputs, depth + 1) for v in value[: self.MAX_ITEMS]]}
        if isinstance(value, dict):
            pairs = list(value.items())[: self.MAX_ITEMS]
            return {"dict": [[self.encode(k, [], depth + 1), self.encode(v, inputs, depth + 1)] for k, v in pairs]}
        if hasattr(value, "get_weights") and hasattr(value, "layers"):
            return {"model": self.model(value, inputs)}
        if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
            return self.array(value)
        return {"object": self.thing(value, depth)}

    def thing(self, value, depth):
        """An object of Keras (a callback, a regularizer) by its class and its plain attributes."""
        found = {}
        if hasattr(value, "get_config"):
            try:
                found.update(value.get_config())
            except Exception:
                found = {}
        found.update(
            {k: v for k, v in vars(value).items() if not k.startswith("_")} if hasattr(value, "__dict__") else {}
        )
        names = [c.__module__ + "." + c.__qualname__ for c in type(value).__mro__]
        return {"classes": names[:20], "attributes": self.encode(found, [], self.MAX_DEPTH - 1)["dict"]}

    def model(self, model, inputs):
        """Config and weights, the penalties it adds to the loss here, and what it answers to `inputs`."""
        import numpy as np

        if not model.built:  # it has no variables yet; the config alone says so
            return {
                "class": type(model).__name__,
                "config": model.to_json(),
                "weights": [],
                "losses": [],
                "outputs": [],
            }
        out = {
            "weights": [self.array(w)["array"] for w in model.get_weights()] if model.count_params() < 5_000_000 else []
        }
        try:
            out["config"] = model.to_json()
        except Exception as error:
            out["unserializable"] = type(error).__name__ + ": " + str(error)[:200]
        out["class"] = type(model).__name__
        out["losses"] = [repr(float(v)) for v in model.losses]
        out["outputs"] = [
            {
                "inference": self.array(np.asarray(model(x, training=False))),
                "training": [self.array(np.asarray(model(x, training=True))) for _ in range(2)],
            }
            for x in inputs
        ]
        return out
