"""The layers of a model that are random in training mode: where they stand and what they do, found by effects."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.families.keras.models import answers

Floats = NDArray[np.floating[Any]]
UNITS, MAPS, PARTS, GAUSSIAN, ADDED, ALPHA = "units", "maps", "parts", "gaussian", "added", "alpha"
ROWS, MAP_ROWS = 2000, 400  # examples from which a rate is estimated: standard error below 0.01


class Noise(NamedTuple):
    """A random layer: the number of layers with weights before it, what it does, and its rate.

    `kind`: zeros for single units, for whole maps, for other parts; a Gaussian factor; something added; values
    replaced as AlphaDropout does. `rate`: the share that is replaced, or the rate that belongs to the Gaussian factor.
    """

    site: int
    kind: str
    rate: float


def noises(model: Any) -> list[Noise]:
    """The random layers of a chain of layers, in their order."""
    found, site = [], 0
    for layer, shape in _operations(model):
        site += bool(layer.weights)
        rows = ROWS if len(shape) == 1 else MAP_ROWS
        ones = np.ones((rows, *shape), "float32")
        if not layer.weights and _is_random(layer, ones):
            found.append(Noise(site, *_measure(layer, ones)))
    return found


def _operations(model: Any) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """The layers in the order in which they are applied, each time with the shape of one example that they take."""
    functional = getattr(model, "_functional", None) or model
    by_depth = functional._nodes_by_depth
    for node in (node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
        if hasattr(node.operation, "_nodes_by_depth") or hasattr(node.operation, "_functional"):
            yield from _operations(node.operation)
        elif node.input_tensors:
            yield node.operation, tuple(node.input_tensors[0].shape[1:])


def _is_random(layer: Any, ones: Floats) -> bool:
    few = ones[:8] if ones[:8].size > 200 else ones
    first, second = (answers(layer, few, training=True) for _pass in range(2))
    return not np.array_equal(first, second)


def _measure(layer: Any, ones: Floats) -> tuple[str, float]:
    """What a random layer does to inputs of 1 and of 0."""
    of_one, of_zero = answers(layer, ones, training=True), answers(layer, 0 * ones, training=True)
    if of_zero.any():
        values = np.unique(of_zero.round(4))
        return (ALPHA, float(np.mean(of_zero < values.mean()))) if len(values) == 2 else (ADDED, float(of_zero.std()))
    dropped = of_one == 0
    if not dropped.any():
        variance = float(of_one.var())
        return GAUSSIAN, variance / (1 + variance)
    return _pattern(dropped), float(dropped.mean())


def _pattern(dropped: NDArray[np.bool_]) -> str:
    """Whether the zeros of each example are single units, whole maps (all but the last axis) or something else."""
    if dropped.ndim == 4:
        maps = dropped.all(axis=(1, 2)) | ~dropped.any(axis=(1, 2))
        if maps.all():
            return MAPS if not _whole(dropped) else PARTS
    neighbours = [np.mean(np.take(dropped, 0, axis) == np.take(dropped, 1, axis)) for axis in range(1, dropped.ndim)]
    return PARTS if max(neighbours) == 1.0 or _whole(dropped) else UNITS


def _whole(dropped: NDArray[np.bool_]) -> bool:
    """All of an example at once."""
    flat = dropped.reshape(len(dropped), -1)
    return bool((flat.all(axis=1) | ~flat.any(axis=1)).all())


def dense_layers(model: Any) -> list[Any]:
    """The layers with a kernel, in the order in which they are applied."""
    return [layer for layer, _shape in _operations(model) if getattr(layer, "kernel_initializer", None) is not None]


def begins_as_lecun(layer: Any) -> bool:
    """Whether its initializer draws from a normal distribution of variance 1 / inputs, as `lecun_normal` does."""
    shape = tuple(layer.kernel.shape)
    kernel = np.asarray(layer.kernel_initializer(shape))
    spread = 1 / np.sqrt(shape[0])
    # 4096 numbers at least: their deviation scatters by 1 %; uniform ones end at 1.73 deviations
    return bool(abs(kernel.std() / spread - 1) < 0.06 and np.abs(kernel).max() > 2 * spread)


def at(found: Sequence[Noise], site: int) -> list[Noise]:
    """Those behind the layer with weights number `site`, counted from 1."""
    return [noise for noise in found if noise.site == site]
