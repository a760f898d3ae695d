"""What a stranger's config may name: the parts of Keras that are data alone.

A layer is on the list when its config and its weights are all that it is: it runs no code of the learner's, opens no
file, and holds no table that was handed in. Operations of `keras.ops` in a functional model are named in the same way.
"""

from collections.abc import Callable, Container, Mapping
from typing import Any

from autograder.errors import EvidenceRefused
from autograder.families.keras import names
from autograder.i18n import _

ALLOWED: Mapping[str, frozenset[str]] = {
    "keras": frozenset({"Sequential", "Model", "Functional", "DTypePolicy"}),
    "keras.models": frozenset({"Sequential", "Model", "Functional"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.layers": frozenset(names.LAYERS),
    "keras.regularizers": frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset(names.CONSTRAINTS),
    "keras.initializers": frozenset(names.INITIALIZERS),
    "keras.src.ops.core": frozenset({"Cast"}),
    "keras.src.ops.math": frozenset(names.OF_MATH),
    "keras.src.ops.nn": frozenset(names.OF_NETWORKS),
    "keras.src.ops.numpy": frozenset(names.OF_NUMPY),
}
ACTIVATIONS = frozenset(
    """elu exponential gelu hard_sigmoid hard_tanh leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu
    softmax softplus softsign swish tanh""".split()
)
# a policy of another name computes in quantized numbers, with classes of its own
DTYPES = frozenset("bool bfloat16 float16 float32 float64 int32 int64 mixed_bfloat16 mixed_float16 uint8".split())
_ALIASES = {"softmax_v2": "softmax", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}  # tf.nn's own names
_LEGACY = ("keras._legacy.layers", "AlphaDropout")  # the only class of tensorflow.keras that is not Keras's own
_FLOATS = frozenset("bfloat16 float16 float32 float64 mixed_bfloat16 mixed_float16".split())
# where numbers could be handed in as data
_DATA = {"Constant": ("value",), "Rescaling": ("scale", "offset"), "RandomErasing": ("fill_value",)}
_HOLDS_DATA = _("A {name} of your model holds a list of numbers: only a single number is taken there.")
_OWN_FUNCTION = _(
    "Your model holds a function of your own: models are built again from their description, which has no code. Use "
    "regularizers, activations and layers that Keras has."
)
_LONGEST = 8  # numbers in a row that an operation may be given: axes, a shape, no data
_OF_GENERATORS = "seed_generator_state"  # Keras's name of the state of Dropout's random numbers, no layer's
_FORBIDDEN_KEYS = frozenset({"vocabulary", "filepath", "cache_dir", "call_spec", "lambda", "function", "code"})
# Keras writes what they hold as an object and would read a mere name, too: it then takes any class of the kind
_OBJECT_ENDINGS = ("initializer", "regularizer", "constraint", "layer", "cell")


def normalize(node: Any) -> None:
    """Take from a node what a compiled model adds, and put it in float32 and Keras's names; in place.

    In which precision a learner's machine computes, and whether it unrolls a loop, is not what is taught.
    """
    if not isinstance(node, dict):
        return
    node.pop("compile_config", None)  # Keras would make its optimizer, loss and metrics
    if (node.get("module"), node.get("class_name")) == _LEGACY:
        node["module"] = "keras.layers"
    if node.get("unroll") is True:
        node["unroll"] = False
    if among(_FLOATS, node.get("dtype")):
        node["dtype"] = "float32"
    if node.get("class_name") == "DTypePolicy" and isinstance(own := node.get("config"), dict):
        own["name"] = "float32" if among(_FLOATS, own.get("name")) else own.get("name")
    for key in [key for key in node if _is_activation(key)]:
        function = node[key]
        if isinstance(function, dict) and function.get("class_name") == "function":
            node[key] = _ALIASES.get(str(function.get("config")), function)


def check_names(node: Mapping[str, Any]) -> None:
    """Whatever Keras would resolve in this node is on the list, else EvidenceRefused is raised."""
    if _FORBIDDEN_KEYS & node.keys():
        raise refused(next(iter(_FORBIDDEN_KEYS & node.keys())))
    _check_texts(node)
    if "class_name" not in node:
        if "module" in node or "registered_name" in node:
            raise refused("module")
        return
    _check_rule(node["class_name"], node.get("config"))
    _check_class(node)
    if _is_operation(node.get("module")):
        _check_no_data(node["class_name"], node)


def _check_class(node: Mapping[str, Any]) -> None:
    module, name, registered = node.get("module"), node["class_name"], node.get("registered_name")
    own = node.get("config")
    if among(_PLAIN, name):
        if set(node) != {"class_name", "config"} or not _PLAIN[name](own):
            raise refused(name)
    elif name == "function":
        if module != "keras.activations":
            raise EvidenceRefused(_OWN_FUNCTION)
        if not among(ACTIVATIONS, own):
            raise refused(str(own))
    elif not _is_allowed(module, name) or registered not in (None, name):
        raise refused(str(name))
    elif name == "DTypePolicy" and not (isinstance(own, dict) and among(DTYPES, own.get("name"))):
        raise refused(str(name))


def _check_rule(name: Any, own: Any) -> None:
    """An initializer, or a layer without weights, holds a rule and no data, such as weights trained beforehand."""
    known = isinstance(name, str) and isinstance(own, dict)
    held = [own[key] for key in _DATA.get(name, ()) if key in own] if known else []
    if not all(value is None or isinstance(value, (int, float)) for value in held):
        raise EvidenceRefused(_HOLDS_DATA, name=name)
    if name == "SpectralNormalization" and not (known and own.get("power_iterations") in range(1, 11)):
        raise refused("power_iterations")


def _check_no_data(name: Any, operation: Any) -> None:
    """An operation is given tensors, single numbers, axes and shapes, and no table of numbers."""
    stack = [operation]
    while stack:
        node = stack.pop()
        if isinstance(node, list) and sum(isinstance(part, (int, float)) for part in node) > _LONGEST:
            raise EvidenceRefused(_HOLDS_DATA, name=str(name)[:80])
        stack += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _check_texts(node: Mapping[str, Any]) -> None:
    """What is resolved by a mere name."""
    for key, value in node.items():
        if not isinstance(value, str):
            continue
        unknown = (
            (_is_activation(key) and value not in ACTIVATIONS)
            or (key == "dtype" and value not in DTYPES)
            or key.endswith(_OBJECT_ENDINGS)
            or (key == "name" and _OF_GENERATORS in value)
        )
        if unknown:
            raise refused(value)


def _is_activation(key: str) -> bool:
    return key.endswith("activation")  # recurrent layers have two


def _is_allowed(module: Any, name: Any) -> bool:
    return isinstance(module, str) and among(ALLOWED.get(module, ()), name)


def _is_operation(module: Any) -> bool:
    return isinstance(module, str) and module.startswith("keras.src.ops.")


def among(known: Container[str], value: Any) -> bool:
    """Whether it is one of these names; a list or an object is none."""
    return isinstance(value, str) and value in known


def _is_tensor_config(config: Any) -> bool:
    return isinstance(config, dict) and set(config) <= {"shape", "dtype", "keras_history", "sparse", "ragged", "name"}


def _is_slice_config(config: Any) -> bool:
    if not isinstance(config, dict) or set(config) != {"start", "stop", "step"}:
        return False
    return all(value is None or type(value) is int for value in config.values())


def _is_single_number(config: Any) -> bool:
    if not isinstance(config, dict) or set(config) != {"value", "dtype"} or not among(DTYPES, config["dtype"]):
        return False
    return isinstance(config["value"], (int, float))


# what Keras writes without a module
_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "__keras_tensor__": _is_tensor_config,
    "__numpy__": _is_single_number,
    "__tensor__": _is_single_number,
    "__slice__": _is_slice_config,
    "__ellipsis__": lambda config: config == {},
}


def refused(name: Any) -> EvidenceRefused:
    """What is raised for a part that is not on the list."""
    return EvidenceRefused(
        _("Your model uses “{name}”, which is not taken here. Use other layers and regularizers of Keras's."),
        name=str(name)[:80],
    )
