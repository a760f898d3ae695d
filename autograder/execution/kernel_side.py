"""Runs in the learner's kernel, sent there as text. What it reports is untrusted data; it holds no secret.

It uses nothing of this project and, beside NumPy, nothing but what IPython has. `report` asks each probe's question
and publishes one display message with the answers.

Objects of a library are described and made by its family's module, which is sent along as text, too, with

    DECODE: kind → function (body, kernel) → the argument of ours that {kind: body} describes
    encode(value, inputs, kernel) → {kind: body} for an object of the library, None for anything else
    fingerprint(argument) → text that changes when the argument does, None when that cannot be told
"""


def report(spec, namespace, nonce, mime, family=None):
    """Publish {"nonce", "evidence"} under `mime`; the evidence is JSON text, see `answers`."""
    import json

    from IPython.display import publish_display_data

    text = json.dumps(answers(spec, namespace, family))
    publish_display_data({mime: {"nonce": nonce, "evidence": text}, "text/plain": ""})


def answers(spec, namespace, family=None):
    """Probe name → {"value"}, {"calls"} or {"problem"}, for the names that a learner defined in `namespace`."""
    found = {}
    for name, probe in spec.items():
        try:
            found[name] = _Kernel(family).answer(probe, namespace)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: the next probe still gets its turn
            if _is_the_stubs(error, namespace):
                found[name] = {"problem": "not written"}
            else:
                found[name] = {"problem": "raised", "type": type(error).__name__, "text": str(error)[:300]}
    return found


def _is_the_stubs(error, namespace):
    """Whether it is `raise NotImplementedError()` as it was handed out: without a word, out of the notebook itself."""
    if type(error) is not NotImplementedError or error.args:
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_globals is namespace


def _are_one(value, argument):
    """Whether a result is the argument itself, or an array on the same memory."""
    import numpy as np

    arrays = isinstance(value, np.ndarray) and isinstance(argument, np.ndarray)
    return np.may_share_memory(value, argument) if arrays else value is argument and type(value) not in _PLAIN


_PLAIN = (bool, int, float, str, type(None))


class _Kernel:
    MAX_ITEMS, MAX_DEPTH, MAX_ELEMENTS = 10_000, 6, 4_000_000

    def __init__(self, family=None):
        self.family = family
        self.generators = {}
        self.fresh = False  # whether what is encoded counts as just made: of a model, its weights then say nothing

    def answer(self, probe, namespace):
        if probe["target"] not in namespace:
            return {"problem": "missing"}
        target = namespace[probe["target"]]
        if probe["kind"] == "value":
            return {"value": self.encode(target, [])}
        if not callable(target):
            return {"problem": "not callable", "type": type(target).__name__}
        self.fresh = bool(probe.get("fresh"))
        inputs = [self.decode(i) for i in probe.get("inputs", [])]
        return {"calls": [self.call(target, case, inputs) for case in probe["cases"]]}

    def call(self, target, case, inputs):
        arguments = [self.decode(a) for a in case]
        before = [self.fingerprint(a) for a in arguments]
        value = target(*arguments)
        unchanged = [self.fingerprint(a) == b for a, b in zip(arguments, before, strict=True)]
        encoded = self.encode(value, inputs)
        return {"value": encoded, "unchanged": unchanged, "separate": not any(_are_one(value, a) for a in arguments)}

    def fingerprint(self, argument):
        import hashlib

        import numpy as np

        if isinstance(argument, np.ndarray):
            return hashlib.sha256(argument.tobytes()).hexdigest()
        return self.family.fingerprint(argument) if self.family else None

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
        for kind in item if self.family else ():
            if kind in self.family.DECODE:
                return self.family.DECODE[kind](item[kind], self)
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
        own = self.family.encode(value, inputs, self) if self.family else None
        if own is not None:
            return own
        if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
            return self.array(value)
        return {"object": self.thing(value, depth)}

    def thing(self, value, depth):
        """Any other object, by its class, its plain attributes and what its `get_config` tells."""
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
