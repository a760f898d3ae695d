"""Structured mutation of JSON: what is JSON stays JSON, and its names come from lists of interesting ones."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import atheris

NUMBERS = (0, 1, -1, 2, 7, 28, 40, 784, 100_000, 10**8, 1 << 63, 0.5, -0.0, 1e308, float("nan"), float("inf"))
PLAIN = (None, True, False, "", "x", [], {}, "relu", "l2", [None, 784], "9" * 30, "\ud800")
Edit = Callable[[random.Random, Any, Any], None]


class JsonMutator:
    """libFuzzer's custom mutator: one to four edits of the tree, or now and then of the bytes."""

    def __init__(self, keys: Sequence[str], values: Sequence[Any]) -> None:
        """`keys` and `values`: what the code under test looks for."""
        self.keys, self.values = list(keys), [*values, *NUMBERS, *PLAIN]

    def __call__(self, data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        try:
            tree = json.loads(data)
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, (dict, list)) or rng.random() < 0.1:
            return bytes(atheris.Mutate(data, max_size))
        for _ in range(rng.randint(1, 4)):
            self._edit(rng, tree)
        changed = json.dumps(tree).encode()
        return changed if len(changed) <= max_size else data

    def _edit(self, rng: random.Random, tree: Any) -> None:
        parent = rng.choice(_containers(tree))
        place = self._place(rng, parent)
        kind = rng.choice(("value", "value", "add", "remove", "graft", "wrap", "repeat"))
        if kind == "add" and isinstance(parent, dict):
            parent[rng.choice(self.keys)] = self._value(rng, tree)
        elif place is None:
            return
        elif kind == "remove":
            del parent[place]
        elif kind == "graft":
            parent[place] = _copy(rng.choice(_containers(tree)))
        elif kind == "wrap":
            parent[place] = rng.choice(([parent[place]], {rng.choice(self.keys): parent[place]}))
        elif kind == "repeat" and isinstance(parent, list):
            parent[place:place] = [_copy(parent[place]) for _ in range(rng.choice((1, 2, 30)))]
        else:
            parent[place] = self._value(rng, tree)

    def _value(self, rng: random.Random, tree: Any) -> Any:
        return _copy(rng.choice(self.values if rng.random() < 0.8 else _containers(tree)))

    @staticmethod
    def _place(rng: random.Random, parent: Any) -> Any:
        places = list(parent) if isinstance(parent, dict) else range(len(parent))
        return rng.choice(places) if places else None


def _containers(tree: Any) -> list[Any]:
    """Every list and object of the tree."""
    found, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (dict, list)):
            found.append(node)
            stack.extend(node.values() if isinstance(node, dict) else node)
    return found


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))
