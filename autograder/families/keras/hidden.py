"""Models of ours as arguments: described for the learner's kernel, built when a check first needs them."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

Draw = Callable[[tuple[int, ...]], NDArray[Any]]


class HiddenModel:
    """A Sequential model with weights that we draw; used like a Keras model, which it then becomes.

    `description`: its JSON, as Keras writes it. `drawn`: its weights, in Keras's order.
    """

    def __init__(self, layers: Callable[[], Sequence[Any]], draw: Draw, *, loss: str = "") -> None:
        """`layers` makes them, the input first; `draw(shape)` is a weight; `loss`: of a model that is compiled."""
        import keras

        with without_memory():
            self._described = keras.Sequential(layers())
        self.drawn = tuple(draw(tuple(w.shape)).astype("float32") for w in self._described.weights)
        described = json.loads(self._described.to_json())
        if loss:  # the optimizer by its name: made here, it would get variables
            described["compile_config"] = {"optimizer": "rmsprop", "loss": loss, "jit_compile": False}
        self.description = json.dumps(described)

    @cached_property
    def _built(self) -> Any:
        for variable, value in zip(self._described.weights, self.drawn, strict=True):
            variable._initializer = lambda *_shape, value=value, **_dtype: value
        for variable in self._described.variables:  # the states of random numbers, too
            variable._deferred_initialize()
        return self._described

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """What the model answers, as Keras's own."""
        return self._built(*inputs, **settings)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._built, name)


@contextmanager
def without_memory() -> Iterator[Any]:
    """Variables made inside have a shape and no value, and get none later unless the scope that it gives is told so."""
    import keras
    from keras.src.backend.common import global_state

    try:
        # outside of this scope Keras gives every variable its memory when it is made
        with keras.StatelessScope(initialize_variables=False) as scope:
            yield scope
    finally:
        # else the end of any later scope would give these their memory
        global_state.set_global_attribute("uninitialized_variables", [])
