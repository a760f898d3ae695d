"""Which penalties the layers of a learner's model carry, measured by what they add to its loss."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .checking import NotYet, require
from .messages import _, number, say

SHAPES = ((784, 128), (128,), (128, 10), (10,))  # of the weights of chapter 2's model
PLACES = (
    _("the hidden layer's weights"),
    _("the hidden layer's biases"),
    _("the output layer's weights"),
    _("the output layer's biases"),
)
HIDDEN_KERNEL, HIDDEN_BIAS = 0, 1


class Strengths(NamedTuple):
    """λ of L1 and of L2 on one array of weights."""

    l1: float = 0.0
    l2: float = 0.0


def carried(model: Any, name: str) -> list[Strengths]:
    """The strengths on the four arrays of weights of chapter 2's model; other layers raise `NotYet`."""
    shapes = tuple(tuple(w.shape) for w in model.weights)
    require(
        shapes == SHAPES,
        _("The model of {name} has weights of the shapes {found}; the model we start from has {wanted}."),
        name=name,
        found=", ".join(map(str, shapes)),
        wanted=", ".join(map(str, SHAPES)),
    )
    frozen = [layer.name for layer in model.layers if layer.weights and not layer.trainable]
    require(
        not frozen,
        _("A layer of the model of {name} is frozen (`trainable = False`): it does not train, and pays no penalty."),
        name=name,
    )
    require(
        all(getattr(layer, "activity_regularizer", None) is None for layer in model.layers),
        _("A layer of the model of {name} penalises its outputs (`activity_regularizer`): the task is about weights."),
        name=name,
    )
    own = model.get_weights()
    found = [_strengths(model, place) for place in range(len(SHAPES))]
    model.set_weights(own)
    return found


def _strengths(model: Any, place: int) -> Strengths:
    """Those on one array: L1 grows as the weights do, L2 as their square."""
    size = int(np.prod(SHAPES[place]))
    once, twice = (_paid(model, place, value) for value in (0.1, 0.2))
    l1, l2 = (4 * once - twice) / (0.2 * size), (twice - 2 * once) / (0.02 * size)
    noise = 1e-3 * once / size
    return Strengths(l1 if abs(l1) > noise / 0.1 else 0.0, l2 if abs(l2) > noise / 0.01 else 0.0)


def _paid(model: Any, place: int, value: float) -> float:
    model.set_weights([np.full(shape, value * (other == place), "float32") for other, shape in enumerate(SHAPES)])
    return float(sum(float(loss) for loss in model.losses))


def require_carried(model: Any, name: str, wanted: Mapping[int, Strengths]) -> None:
    """The model carries these strengths at these places and nothing elsewhere, else `NotYet` says where it differs."""
    for place, found in enumerate(carried(model, name)):
        right = wanted.get(place, Strengths())
        if not np.allclose(found, right, rtol=5e-3, atol=1e-9):
            require(any(right), _("There is a penalty on {place}, and none is asked for."), place=say(PLACES[place]))
            text = _("The penalty on {place} is L1 with λ = {l1} and L2 with λ = {l2}; asked for are L1 with λ = "
                     "{right1} and L2 with λ = {right2}.")  # fmt: skip
            sentence = say(text, place=say(PLACES[place]), l1=number(found.l1), l2=number(found.l2),
                           right1=number(right.l1), right2=number(right.l2))  # fmt: skip
            raise NotYet(f"{sentence} {_known(model, place, found, right)}".rstrip())


def _known(model: Any, place: int, found: Strengths, right: Strengths) -> str:
    """The sentence for a known mistake, else nothing."""
    layers = [layer for layer in model.layers if layer.weights]
    names = ("kernel_regularizer", "bias_regularizer")
    if not any(found) and any(right) and getattr(layers[place // 2], names[place % 2], None) is not None:
        return say(_("The layer names a regularizer that adds nothing: it was set after the layer had been built."))
    if 0.01 in (round(found.l1, 5), round(found.l2, 5)) and 0.01 not in right:
        return say(_("0.01 is what Keras takes when a regularizer is given by its name alone."))
    return ""
