"""The visible checks of 5_beyond: right answers pass, each structural problem has its sentence, in both languages."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from tests.lab.visible import NOT_WRITTEN, NOTHING, assert_told, dense, notebook_names

Regularizer = keras.regularizers.Regularizer
NEGATIVE = "{name} gives a negative number: a penalty never is."
NOT_REBUILT = (
    "The class cannot be built again from its configuration {config}: get_config must give "
    "the constructor's arguments, by name, as ordinary numbers."
)
NO_NOISE = "The model of {name} does the same in training mode and in inference mode: add the noise layer."


@keras.saving.register_keras_serializable(package="beyond")  # type: ignore[untyped-decorator]
class Groups(Regularizer):  # type: ignore[misc]
    """A right answer, with NumPy-like calls and a transposed norm."""

    def __init__(self, strength: float = 0.01) -> None:
        self.strength = strength

    def __call__(self, w: Any) -> Any:
        rows = keras.ops.reshape(w, (-1, w.shape[-1]))
        return self.strength * keras.ops.sum(keras.ops.norm(rows, axis=0))

    def get_config(self) -> dict[str, Any]:
        return {"strength": float(self.strength)}


def noisy(layer: Any) -> Any:
    hidden = keras.layers.Dense(16, activation="relu")
    output = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), hidden, layer, output])


def test_the_notebooks_answers_pass(labkit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    lab, right = labkit.public, notebook_names(labkit, "5_beyond")
    lab["check_custom"](right["GroupLasso"])
    lab["check_orthogonal"](right["build_orthogonal_model"])
    models = ("build_conv_model", "build_selu_model", "build_noisy_model")
    lab["check_noise_layers"](*[right[name] for name in models])
    assert capsys.readouterr().out.count("✓") == 3


# Keras's own saving converts variables in a way that NumPy 2 deprecates
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_given_functions_measure_the_reference(labkit: ModuleType) -> None:
    right, kernel = notebook_names(labkit, "5_beyond"), np.array([[3.0, 0.0], [4.0, 1.0]])
    for name in ("penalty_value", "restored_value", "saved_and_loaded_value"):
        assert right[name](kernel, 0.5) == pytest.approx(0.5 * (5 + 1), rel=1e-5)


def test_answers_written_otherwise_pass(labkit: ModuleType) -> None:
    lab = labkit.public
    lab["check_custom"](Groups)
    lab["check_noise_layers"](*[lambda: noisy(keras.layers.GaussianDropout(0.3))] * 3)


def test_stubs_get_the_words_not_written_yet(labkit: ModuleType) -> None:
    lab, stubs = labkit.public, notebook_names(labkit, "5_beyond", stub=True)
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_custom"](stubs["GroupLasso"]))
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_orthogonal"](stubs["build_orthogonal_model"]))
    models = ("build_conv_model", "build_selu_model", "build_noisy_model")
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_noise_layers"](*[stubs[name] for name in models]))


def with_methods(**methods: Callable[..., Any]) -> type:
    return type("GroupLasso", (Groups,), methods)


def unwritten(self: Any, *arguments: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Groups(0.1), "GroupLasso must be a class, a subclass of keras.regularizers.Regularizer."),
        (dict, "GroupLasso must be a class, a subclass of keras.regularizers.Regularizer."),
        (with_methods(__call__=unwritten), NOT_WRITTEN),
        (with_methods(__call__=lambda self, w: None), NOTHING),
        (with_methods(__call__=lambda self, w: w), "{name} must give one number; it gives {kind}."),
        (with_methods(__call__=lambda self, w: -1.0), NEGATIVE),
        (with_methods(get_config=unwritten), NOT_WRITTEN),
        (with_methods(get_config=lambda self: [0.1]), "get_config must return a dict; it returns {kind}."),
        (with_methods(get_config=lambda self: {"lam": 0.1}), NOT_REBUILT),
        (with_methods(get_config=lambda self: {"strength": keras.ops.ones(())}), NOT_REBUILT),
    ],
)
def test_a_regularizer_of_the_wrong_form_is_named(labkit: ModuleType, answer: Any, sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_custom"](answer))


def groups(power: float = 1.0, factor: float = 1.0) -> Callable[..., Any]:
    """`__call__` of a penalty of columns' norms, done otherwise."""

    def penalty(self: Any, w: Any) -> Any:
        squares = keras.ops.sum(keras.ops.reshape(w, (-1, w.shape[-1])) ** 2, axis=0)
        return self.strength * factor * keras.ops.sum(squares ** (power / 2))

    return penalty


def in_numpy(self: Any, w: Any) -> Any:
    return self.strength * np.sum(np.sqrt(np.sum(np.asarray(w) ** 2, axis=tuple(range(np.ndim(w) - 1)))))


def in_rows(self: Any, w: Any) -> Any:
    return self.strength * keras.ops.sum(keras.ops.sqrt(keras.ops.sum(w**2, axis=-1)))


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ({"__call__": groups(power=2.0)}, "Without a square root it is L2."),
        ({"__call__": groups(factor=0.5)}, "That is half of it: a mean over the units, or a factor before the sum?"),
        ({"__call__": in_rows}, "Rows are no groups: the weights of a unit are a column."),
        ({"get_config": lambda self: {}}, "It has the default strength: what does get_config return?"),
        (
            {"__call__": in_numpy},
            "With GroupLasso, fit stops ({kind}). There, kernels are symbols without values: compute with keras.ops, "
            "not with NumPy.",
        ),
        ({}, "GroupLasso is not registered: load_model would not find it."),
    ],
)
def test_a_penalty_with_other_values_is_told_which_mistake_it_is(
    labkit: ModuleType, methods: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AssertionError) as told:
        labkit.public["check_custom"](with_methods(**methods))
    assert str(told.value).endswith(labkit.messages.say(sentence).split("({kind})")[-1])


def test_a_class_of_another_package_is_told_so(labkit: ModuleType) -> None:
    other = keras.saving.register_keras_serializable(package="mine")(with_methods())
    sentence = "GroupLasso is registered as {found}: register it in the package {wanted}."
    assert_told(labkit, sentence, lambda: labkit.public["check_custom"](other))


def test_an_orthogonal_model_without_a_penalty_is_named(labkit: ModuleType) -> None:
    sentence = (
        "No layer of the model of {name} adds a penalty: `model.losses` is empty or 0. "
        "A regularizer is an argument of the layer, given when the layer is made."
    )
    assert_told(labkit, sentence, lambda: labkit.public["check_orthogonal"](lambda: dense(128)))


def test_a_model_without_noise_is_named(labkit: ModuleType) -> None:
    def with_noise() -> Any:
        return noisy(keras.layers.Dropout(0.2))

    assert_told(
        labkit,
        NO_NOISE,
        lambda: labkit.public["check_noise_layers"](with_noise, with_noise, lambda: dense(16)),
    )
