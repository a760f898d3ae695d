"""Rebuild a Keras model from a stranger's JSON, so that Keras resolves only names that are on a list.

Keras's own safe mode is not enough: it still loads what an allowed layer names (docs/security.md). The config
is walked first; whatever names a class or a function must be on the allow-list, and sizes are bounded before
a single variable gets memory. Archives (.keras, .h5, SavedModel) and pickles are never opened.
"""

import copy
import json
import math
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.errors import EvidenceRefused
from autograder.families.keras.evidence import ModelData
from autograder.i18n import _

MAX_CONFIG = 1 << 20  # characters
MAX_DEPTH = 60
MAX_NODES = 20_000
LARGEST = 1e38  # of the numbers in a config: float32 ends at 3.4e38
MAX_LAYERS = 100  # a layer that is used twice counts twice
MAX_PARAMETERS = 5_000_000
MAX_STEPS = 2_500_000  # multiply-adds to answer one example
MAX_VALUES = 200_000  # that one layer hands on for one example

_LAYERS = """Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D
BatchNormalization CenterCrop Concatenate Conv1D Conv2D Cropping1D Cropping2D Dense DepthwiseConv2D Dropout ELU
Flatten GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D
GlobalMaxPooling2D GroupNormalization Identity InputLayer LayerNormalization LeakyReLU MaxPooling1D MaxPooling2D
Maximum Minimum Multiply PReLU Permute ReLU Rescaling Reshape SeparableConv2D Softmax SpatialDropout1D
SpatialDropout2D Subtract UnitNormalization ZeroPadding1D ZeroPadding2D""".split()
_INITIALIZERS = """Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal
RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros""".split()
ALLOWED: Mapping[str, frozenset[str]] = {
    "keras": frozenset({"Sequential", "Model", "Functional", "DTypePolicy"}),
    "keras.models": frozenset({"Sequential", "Model", "Functional"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.layers": frozenset(_LAYERS),
    "keras.regularizers": frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.initializers": frozenset(_INITIALIZERS),
}
ACTIVATIONS = frozenset(
    """elu exponential gelu hard_sigmoid hard_tanh leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu
    softmax softplus softsign swish tanh""".split()
)
# a policy of another name computes in quantized numbers, with classes of its own
DTYPES = frozenset("bool bfloat16 float16 float32 float64 int32 int64 mixed_bfloat16 mixed_float16 uint8".split())
_FLOATS = frozenset("bfloat16 float16 float32 float64 mixed_bfloat16 mixed_float16".split())
_ALIASES = {"softmax_v2": "softmax", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}  # tf.nn's own names
_DATA = {"Constant": ("value",), "Rescaling": ("scale", "offset")}  # where numbers could be handed in as data
_OF_GENERATORS = "seed_generator_state"  # Keras's name of the state of Dropout's random numbers, no layer's
_FORBIDDEN_KEYS = frozenset({"vocabulary", "filepath", "cache_dir", "call_spec", "lambda", "function", "code"})
# Keras writes what they hold as an object and would read a mere name, too: it then takes any class of the kind
_OBJECT_ENDINGS = ("initializer", "regularizer", "constraint")
_SIZE_KEYS = frozenset({"units", "filters", "depth_multiplier", "kernel_size", "pool_size", "padding"})


def rebuild(data: ModelData) -> Any:
    """The Keras model described by `data`, with its weights.

    Raises:
        EvidenceRefused: with a sentence for the learner, when it cannot or must not be built.
    """
    config = allowed_config(data)
    model = build(config)
    shapes = [tuple(v.shape) for v in model.weights]
    if [w.shape for w in data.weights] != shapes:
        raise EvidenceRefused(_("The weights of your model do not fit its layers: build it again from the top."))
    if not all(np.isfinite(w).all() for w in data.weights):
        raise EvidenceRefused(_("Your model's weights hold values that are not numbers (NaN or infinity)."))
    model.set_weights(list(data.weights))
    return model


def build(config: Mapping[str, Any]) -> Any:
    """A model from a config that `allowed_config` returned, with fresh weights, and not larger than allowed."""
    import keras

    try:
        with _memory_at_the_end():
            # Functional.from_config empties the config that it is given
            model = keras.saving.deserialize_keras_object(copy.deepcopy(dict(config)), safe_mode=True)
            _check_built(model, max(_uses(config), default=1))
    except EvidenceRefused:
        raise
    except Exception as error:  # Keras raises nearly everything here, and all of it is about the learner's config
        raise EvidenceRefused(_("Keras cannot build your model again from its description.")) from error
    return model


@contextmanager
def _memory_at_the_end() -> Iterator[None]:
    """Variables made inside have a shape and no value; they get one at the end, and never after an error."""
    import keras
    from keras.src.backend.common import global_state

    try:
        # outside of this scope Keras gives every variable its memory when it is made; at its end, all of them
        with keras.StatelessScope(initialize_variables=False) as scope:
            yield
            scope.initialize_variables = True
    finally:
        # else the end of any later scope would give these their memory
        global_state.set_global_attribute("uninitialized_variables", [])


def _check_built(model: Any, uses: int) -> None:
    """Raise EvidenceRefused for a model that is not built or too large; `uses` of the layer that is used most."""
    if not model.built:
        raise EvidenceRefused(
            _("Your model does not know the shape of its input: begin it with keras.Input(shape=...).")
        )
    if (
        model.count_params() > MAX_PARAMETERS
        or multiply_adds(model) * uses > MAX_STEPS
        or most_values(model) > MAX_VALUES
    ):
        raise EvidenceRefused(_("Your model is far larger than this task needs, so it was not trained."))


def allowed_config(data: ModelData) -> dict[str, Any]:
    """The model's config, parsed and walked; raises EvidenceRefused."""
    if data.config is None or len(data.config) > MAX_CONFIG:
        raise EvidenceRefused(
            _("Your model cannot be described as data. Use Sequential or the functional API with Keras's own layers.")
        )
    try:
        config = json.loads(data.config)
    except (ValueError, RecursionError) as error:
        raise EvidenceRefused(_("Your model's description came back damaged.")) from error
    if not isinstance(config, dict):
        raise EvidenceRefused(_("Your model's description came back damaged."))
    _check_nodes(_normalized(config))
    if config.get("class_name") not in ("Sequential", "Functional", "Model"):
        raise EvidenceRefused(
            _("Your model is a {name}. Use Sequential or the functional API with Keras's own layers."),
            name=str(config.get("class_name"))[:60],
        )
    _check_sizes(config)
    return config


def _nodes(root: Any) -> Iterator[tuple[Any, int]]:
    """Every value of a JSON tree with its depth; no recursion, so that depth cannot hurt."""
    stack: list[tuple[Any, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        if isinstance(node, dict):
            stack.extend((v, depth + 1) for v in node.values())
        elif isinstance(node, list):
            stack.extend((v, depth + 1) for v in node)


def _normalized(config: dict[str, Any]) -> dict[str, Any]:
    """Without what a compiled model adds, in float32, and with Keras's names for tf.nn's functions; in place.

    In which precision a learner's machine computes is not what is taught, and everything here is measured in float32.
    """
    for node, _depth in _nodes(config):
        if not isinstance(node, dict):
            continue
        node.pop("compile_config", None)  # Keras would make its optimizer, loss and metrics
        if _among(_FLOATS, node.get("dtype")):
            node["dtype"] = "float32"
        if node.get("class_name") == "DTypePolicy" and isinstance(own := node.get("config"), dict):
            own["name"] = "float32" if _among(_FLOATS, own.get("name")) else own.get("name")
        function = node.get("activation")
        if isinstance(function, dict) and function.get("class_name") == "function":
            node["activation"] = _ALIASES.get(str(function.get("config")), function)
    return config


def _check_nodes(config: Any) -> None:
    for count, (node, depth) in enumerate(_nodes(config)):
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise EvidenceRefused(_("Your model's description is too deep or too long."))
        if isinstance(node, dict):
            _check_names(node)
        elif isinstance(node, str) and len(node) > 2000:
            raise EvidenceRefused(_("Your model's description is too deep or too long."))
        elif isinstance(node, (int, float)) and not abs(node) <= LARGEST:
            raise EvidenceRefused(_("Your model's description holds a value that is not a number."))


def _check_names(node: Mapping[str, Any]) -> None:
    """Whatever Keras would resolve in this node is on the list."""
    if _FORBIDDEN_KEYS & node.keys():
        raise _refused(next(iter(_FORBIDDEN_KEYS & node.keys())))
    _check_texts(node)
    if "class_name" not in node:
        if "module" in node or "registered_name" in node:
            raise _refused("module")
        return
    module, name, registered = node.get("module"), node["class_name"], node.get("registered_name")
    own = node.get("config")
    _check_rule(name, own)
    if name == "__keras_tensor__":
        if set(node) != {"class_name", "config"} or not _is_tensor_config(own):
            raise _refused(name)
    elif name == "function":
        if module != "keras.activations" or not _among(ACTIVATIONS, own):
            raise _refused(str(own))
    elif not _is_allowed(module, name) or registered not in (None, name):
        raise _refused(str(name))
    elif name == "DTypePolicy" and not (isinstance(own, dict) and _among(DTYPES, own.get("name"))):
        raise _refused(str(name))


def _check_rule(name: Any, own: Any) -> None:
    """An initializer, or a layer without weights, holds a rule and no data, such as weights trained beforehand."""
    known = isinstance(name, str) and isinstance(own, dict)
    held = [own[key] for key in _DATA.get(name, ()) if key in own] if known else []
    if not all(value is None or isinstance(value, (int, float)) for value in held):
        text = _("A {name} of your model holds a list of numbers: only a single number is taken there.")
        raise EvidenceRefused(text, name=name)


def _check_texts(node: Mapping[str, Any]) -> None:
    """What is resolved by a mere name."""
    for key, value in node.items():
        if not isinstance(value, str):
            continue
        refused = (
            (key == "activation" and value not in ACTIVATIONS)
            or (key == "dtype" and value not in DTYPES)
            or key.endswith(_OBJECT_ENDINGS)
            or (key == "name" and _OF_GENERATORS in value)
        )
        if refused:
            raise _refused(value)


def _is_allowed(module: Any, name: Any) -> bool:
    return isinstance(module, str) and _among(ALLOWED.get(module, ()), name)


def _among(names: Container[str], value: Any) -> bool:
    """Whether it is one of these names; a list or an object is none."""
    return isinstance(value, str) and value in names


def _is_tensor_config(config: Any) -> bool:
    return isinstance(config, dict) and set(config) <= {"shape", "dtype", "keras_history", "sparse", "ragged", "name"}


def _refused(name: Any) -> EvidenceRefused:
    return EvidenceRefused(
        _("Your model uses “{name}”, which is not taken here. Use other layers and regularizers of Keras's."),
        name=str(name)[:80],
    )


def _check_sizes(config: Mapping[str, Any]) -> None:
    """An upper bound on the number of parameters from the sizes named, before anything is built."""
    inputs, filters, widest, widths = 1, 1, 1, 0
    for node, _depth in _nodes(config):
        if not isinstance(node, dict):
            continue
        for key in _SIZE_KEYS & node.keys():
            size = _product(node[key])
            widths, widest = widths + size, max(widest, size)
        filters = max(filters, _product(node.get("filters")))
        inputs = max(inputs, *(_largest(node.get(k)) for k in ("batch_shape", "batch_input_shape", "input_shape")))
    # a convolution can hand on as many values as its input has positions, for every filter
    if sum(_uses(config)) > MAX_LAYERS or widths * max(widest, inputs * filters) > 20 * MAX_PARAMETERS:
        raise EvidenceRefused(_("Your model is far larger than this task needs, so it was not trained."))


def _uses(node: Mapping[str, Any], times: int = 1) -> Iterator[int]:
    """For each layer, how often it is used to answer once; models inside models multiply."""
    own = node.get("config")
    layers = own.get("layers") if isinstance(own, dict) else None
    if not isinstance(layers, list):
        yield times
        return
    for layer in layers:
        if isinstance(layer, dict):
            calls = layer.get("inbound_nodes")
            yield from _uses(layer, times * max(1, len(calls) if isinstance(calls, list) else 1))


def _largest(shapes: Any) -> int:
    """The most values in a shape, or in one of several, as a layer with several inputs has them."""
    if isinstance(shapes, list) and any(isinstance(shape, list) for shape in shapes):
        return max(map(_product, shapes))
    return _product(shapes)


def _product(sizes: Any) -> int:
    """Product of the positive whole numbers in a size, however nested; 1 without any."""
    product = 1
    for node, _depth in _nodes(sizes):
        if isinstance(node, (int, float)) and not isinstance(node, bool) and node > 1:
            product = min(product * int(node), 1 << 60)
    return product


def multiply_adds(model: Any) -> int:
    """Multiply-adds to answer one example: each weight of a kernel times the positions it is used at."""
    total = 0
    for layer in model._flatten_layers(include_self=False, recursive=True):
        kernels = [math.prod(w.shape) for w in layer.weights if len(w.shape) > 1]
        output = getattr(layer, "output", None)
        positions = math.prod(n or 1 for n in output.shape[1:-1]) if kernels and output is not None else 1
        total += sum(kernels) * positions
    return total


def most_values(model: Any) -> int:
    """The most numbers that one layer hands on for one example."""
    most = 0
    for layer in model._flatten_layers(include_self=False, recursive=True):
        for node in layer._inbound_nodes:
            most = max([most, *(math.prod(n or 1 for n in tensor.shape[1:]) for tensor in node.outputs)])
    return most
