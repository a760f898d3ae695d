"""Configs without the names of layers, by which trainings are remembered: equal models have equal configs."""

import json
from collections.abc import Mapping
from typing import Any


def anonymous(config: Mapping[str, Any]) -> Any:
    """The config with each layer's name replaced by its place in its model: equal models have equal configs.

    Names stand where Keras puts them and nowhere else: beside a layer's class, in its config, and in a model's
    references to its layers. All else stays as it is, so that configs of different models stay different.
    """
    return _unnamed(json.loads(json.dumps(config)), 0)


def _unnamed(layer: Any, place: int) -> Any:
    """A layer, or a model, at a place of a model."""
    if not isinstance(layer, dict):
        return layer
    own = layer.get("config")
    if isinstance(own, dict):
        own = {k: place if k == "name" else v for k, v in own.items()}
        layer = {**layer, "config": _placed(own) if isinstance(own.get("layers"), list) else own}
    return {k: place if k == "name" else v for k, v in layer.items()}


def _placed(model: dict[str, Any]) -> dict[str, Any]:
    """A model's config: its layers without names, its references to them by place."""
    layers = model["layers"]
    places = {_name(layer): place for place, layer in reversed(list(enumerate(layers)))}
    found = {**model, "layers": [_unnamed(layer, place) for place, layer in enumerate(layers)]}
    for layer in found["layers"]:
        if isinstance(layer, dict) and "inbound_nodes" in layer:
            layer["inbound_nodes"] = _referred(layer["inbound_nodes"], places)
    for end in ("input_layers", "output_layers"):
        if end in model:
            found[end] = _ends(model[end], places)
    return found


def _name(layer: Any) -> Any:
    own = layer.get("config") if isinstance(layer, dict) else None
    name = layer.get("name") if isinstance(layer, dict) else None
    return name or (own.get("name") if isinstance(own, dict) else None)


def _referred(node: Any, places: Mapping[Any, int]) -> Any:
    """The calls of a layer: a tensor's history begins with the name of the layer that it comes from."""
    if isinstance(node, dict):
        return {k: _ends(v, places) if k == "keras_history" else _referred(v, places) for k, v in node.items()}
    return [_referred(v, places) for v in node] if isinstance(node, list) else node


def _ends(node: Any, places: Mapping[Any, int]) -> Any:
    """One reference, [name, call, tensor], or several in lists and dicts."""
    if isinstance(node, dict):
        return {k: _ends(v, places) for k, v in node.items()}
    if isinstance(node, list) and node and isinstance(node[0], str):
        return [places.get(node[0], node[0]), *node[1:]]
    return [_ends(v, places) for v in node] if isinstance(node, list) else node
