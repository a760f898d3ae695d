"""How much of what a model's weights say comes out of it.

A layer without weights can shrink what passes it, by a number of its config, or by a mean with zeros. That makes
losses smaller and regularizes nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.families.keras import names

SURE = 20.0  # what a last layer says for one class: the others then have a probability of 2e-9
TINY = 1e-30
LEAST_GAIN = 0.5
SLOWEST = 0.999  # momentum with which moving statistics still follow within a training of 2,480 steps
LARGEST_EPSILON = 0.01  # beside a variance; Keras takes 0.001
# what squashes or normalizes by a rule, which is no gain
_RULES = frozenset(
    "Activation ELU GroupNormalization LayerNormalization LeakyReLU ReLU Softmax Tanh UnitNormalization".split()
) | frozenset(names.OF_NETWORKS) - {"AveragePool", "MaxPool"}
# operations of `keras.ops` that scale; of two tensors too, as two equal ones give a constant
_SCALING = frozenset("Clip Divide DivideNoNan Multiply Power Subtract TrueDivide".split())
Say = Callable[[Any, Any], Any]


def softens(model: Any) -> bool:
    """Whether something behind the last layers with weights keeps sure ones from giving a probability near 1."""

    def sure(layer: Any, shape: Any) -> Any:
        said = _array(np.where(np.arange(np.prod(shape)) % 10 == 0, SURE, 0.0), shape)
        return layer.activation(said) if hasattr(layer, "activation") else said

    found = np.log(np.maximum(np.asarray(_through(model, _nothing(model), sure)), TINY))
    return not np.ptp(found) >= LEAST_GAIN * SURE


def rescales_behind_weights(model: Any) -> bool:
    """Whether something rescales, or is frozen, behind a layer with weights."""
    named = any(
        weighted and (_rescales(layer) or (getattr(layer, "_trainable_variables", ()) and not layer.trainable))
        for layer, weighted in _operations(model, weighted=False)
    )
    told, in_silence = (_told(model, value) for value in (1.0, 0.0))
    changes = (float(np.abs(t - s).max(initial=0.0)) for t, s in zip(told, in_silence, strict=True))
    # nothing changes for a layer that has none with weights before it
    return named or any(0 < change < LEAST_GAIN for change in changes)


def _told(model: Any, value: float) -> list[NDArray[Any]]:
    """What each layer with weights is given when all those before it say `value` and nothing squashes it."""
    told: list[NDArray[Any]] = []
    _through(model, _nothing(model), lambda _layer, shape: _array(np.full(np.prod(shape), value), shape), told)
    return told


def _through(model: Any, x: Any, say: Say, told: list[NDArray[Any]] | None = None) -> Any:
    """The answer to x when the layers with weights say `say(layer, shape)`.

    `told`: gets what each of these layers is given; layers that squash or normalize then do nothing.
    """

    import keras

    def at_inference(layer: Any) -> Any:  # augmentation trains by default
        return lambda *given, **named: layer(*given, **{**named, "training": False})

    def called(layer: Any) -> Any:
        if _graph(layer):
            return lambda given, *_more, **_named: _through(layer, given, say, told)
        if not getattr(layer, "weights", None):
            if told is not None and type(layer).__name__ in _RULES:
                return lambda given, *_more, **_named: given
            return at_inference(layer) if getattr(layer, "_call_has_training_arg", False) else layer

        def said(*given: Any, **named: Any) -> Any:
            if told is not None:
                told.extend(np.asarray(one) for one in given)
            return keras.tree.map_structure(lambda made: say(layer, made.shape), layer(*given, **named))

        return said

    return _graph(model)._run_through_graph(x, operation_fn=called)


def _graph(layer: Any) -> Any:
    """The graph of a model; None for any other layer."""
    return getattr(layer, "_functional", None) or (layer if hasattr(layer, "_nodes_by_depth") else None)


def _nothing(model: Any) -> Any:
    return _array(0.0, (1, *model.input_shape[1:]))


def _array(values: Any, shape: Any) -> Any:
    import keras

    return keras.ops.convert_to_tensor(np.broadcast_to(np.asarray(values, "float32"), np.prod(shape)).reshape(shape))


def _rescales(layer: Any) -> bool:
    """Whether a layer multiplies what it is given by a number out of its config, or by a constant beside it."""
    if not hasattr(layer, "_trainable_variables"):  # an operation of `keras.ops`
        return type(layer).__name__ in _SCALING
    config = layer.get_config()
    return (
        type(layer).__name__ in ("Rescaling", "Multiply", "Subtract")  # two equal tensors give 0, which is a constant
        or bool(config.get("threshold"))  # a ReLU that is never on is as good as its slope
        or _normalizes_by_rule(config)
    )


def _normalizes_by_rule(config: Mapping[str, Any]) -> bool:
    """Whether a layer divides by a number out of its config, and not by what it sees."""
    begins = [(config.get(f"moving_{name}_initializer") or {}).get("class_name") for name in ("mean", "variance")]
    follows = begins in (["Zeros", "Ones"], [None, None]) and config.get("momentum", 0.0) <= SLOWEST
    return not (follows and config.get("epsilon", 0.0) <= LARGEST_EPSILON)


def _operations(model: Any, *, weighted: bool) -> Iterator[tuple[Any, bool]]:
    """The layers in the order in which they are applied, each with whether weights lie before it.

    `weighted`: whether they do before the model itself.
    """
    functional = _graph(model)
    by_depth = functional._nodes_by_depth
    behind = {id(tensor) for tensor in functional.inputs} if weighted else set()
    for node in (node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
        layer = node.operation
        before = any(id(tensor) in behind for tensor in node.input_tensors)
        if _graph(layer):
            yield from _operations(layer, weighted=before)
        elif node.input_tensors:
            yield layer, before
        if before or getattr(layer, "weights", None):
            behind |= {id(tensor) for tensor in node.outputs}
