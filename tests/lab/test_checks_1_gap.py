"""The visible checks of 1_gap: right answers pass, each structural problem has its sentence, in both languages."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from tests.lab.visible import NO_MODEL, NOT_WRITTEN, NOTHING, assert_told, dense, notebook_names

CURVES = "ABCDE"
EPOCHS = {name: 3 for name in CURVES}
LABELS = {name: "good" for name in CURVES}


EXPECTED = "{what} gives {found}; {right} is expected."


def gap_of(history: Any, first: str, second: str) -> Any:
    return np.subtract(history.history[first], history.history[second])


def modes(first: bool, second: bool, penalised: bool = False) -> Callable[..., Any]:
    """`compare_modes` with other modes, or with the penalty inside."""

    def compare_modes(model: Any, x: Any, y: Any) -> list[float]:
        loss = keras.losses.SparseCategoricalCrossentropy()
        extra = sum(model.losses) if penalised else 0.0
        return [float(loss(y, model(x, training=mode)) + extra) for mode in (first, second)]

    return compare_modes


@pytest.mark.parametrize(
    ("answer", "english", "french"),
    [
        (modes(False, False), "both come from inference mode", "mode inférence"),
        (modes(False, True), "The two numbers have changed places", "échangé"),
        (modes(True, False, penalised=True), "The penalty on the weights is inside your second", "pénalité"),
        (lambda model, x, y: (0.8, 0.855), "is the accuracy", "exactitude"),
    ],
)
def test_a_mistake_with_the_modes_is_named(en: Any, fr: Any, answer: Any, english: str, french: str) -> None:
    with pytest.raises(AssertionError, match=english):
        en.public["check_eval_mode"](answer)
    with pytest.raises(AssertionError, match=french):
        fr.public["check_eval_mode"](answer)


def test_a_mistake_with_the_gap_is_named(en: Any) -> None:
    for wrong, sentence in (
        (("val_loss", "loss"), "You compare what Keras reports"),
        (("val_crossentropy", "loss"), "The two terms of your difference"),
        (("crossentropy", "val_crossentropy"), "The sign is the opposite one"),
    ):
        with pytest.raises(AssertionError, match=sentence):
            en.public["check_gap"](lambda history, wrong=wrong: gap_of(history, *wrong))


@pytest.fixture
def right(labkit: ModuleType) -> dict[str, Any]:
    return notebook_names(labkit, "1_gap")


@pytest.fixture
def stubs(labkit: ModuleType) -> dict[str, Any]:
    return notebook_names(labkit, "1_gap", stub=True)


def test_the_notebooks_answers_pass(
    labkit: ModuleType, right: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lab = labkit.public
    lab["check_gap"](right["validation_gap"])
    lab["check_diagnose"](right["diagnosis"], right["best_epoch"])
    lab["check_capacity"](right["build_small_model"])
    lab["check_eval_mode"](right["compare_modes"])
    assert capsys.readouterr().out.count("✓") == 4


def test_answers_written_otherwise_pass(labkit: ModuleType) -> None:
    def gap_as_list(history: Any) -> list[float]:
        logs = history.history
        return [v - t for t, v in zip(logs["crossentropy"], logs["val_crossentropy"], strict=True)]

    def modes_as_tensors(model: Any, x: Any, y: Any) -> list[Any]:
        loss = keras.losses.sparse_categorical_crossentropy
        return [keras.ops.mean(loss(y, model(x, training=mode))) for mode in (True, False)]

    def functional() -> Any:
        images = keras.Input((28, 28))
        hidden = keras.layers.Dense(12, activation="relu")(keras.layers.Flatten()(images))
        return keras.Model(images, keras.layers.Activation("softmax")(keras.layers.Dense(10)(hidden)))

    lab = labkit.public
    lab["check_gap"](gap_as_list)
    lab["check_eval_mode"](modes_as_tensors)
    lab["check_capacity"](functional)
    lab["check_diagnose"](LABELS, {name: np.int64(39) for name in CURVES})


def test_stubs_get_the_words_not_written_yet(labkit: ModuleType, stubs: dict[str, Any]) -> None:
    lab = labkit.public
    for check, name in (
        ("check_gap", "validation_gap"),
        ("check_capacity", "build_small_model"),
        ("check_eval_mode", "compare_modes"),
    ):
        assert_told(labkit, NOT_WRITTEN, lambda check=check, name=name: lab[check](stubs[name]))
    assert_told(
        labkit,
        "{name} is not written yet.",
        lambda: lab["check_diagnose"](stubs["diagnosis"], stubs["best_epoch"]),
    )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda history: None, NOTHING),
        (lambda history: np.ones(7), EXPECTED),
        (lambda history: 0.3, "validation_gap returns one number; it must return one for each epoch."),
        (
            lambda history: [0.1],
            "For a history of {epochs} epochs, validation_gap must return {epochs} numbers; its shape is {shape}.",
        ),
        (lambda history: "0.3", "{name} must return an array of numbers; it returns {kind}."),
        (lambda history: {"gap": 0.3}, "{name} must return an array of numbers; it returns {kind}."),
        (lambda history: np.full(7, np.nan), "{name} must return an array of numbers; it returns {kind}."),
    ],
)
def test_a_gap_of_the_wrong_form_is_named(labkit: ModuleType, answer: Callable[[Any], Any], sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_gap"](answer))


@pytest.mark.parametrize(
    ("diagnosis", "epochs", "sentence"),
    [
        (["good"] * 5, EPOCHS, "{name} must be a dict, curve → answer; it is of type {kind}."),
        ({"A": "good"}, EPOCHS, "{name} has no entry for: {missing}."),
        (
            {**LABELS, "F": "good"},
            EPOCHS,
            "{name} has keys that are no curve: {unknown}. The curves are called {curves}.",
        ),
        (
            {**LABELS, "B": "surapprentissage"},
            EPOCHS,
            'diagnosis["{name}"] must be "underfit", "overfit" or "good"; it is {value!r}.',
        ),
        (
            LABELS,
            {**EPOCHS, "C": 0.53},
            'best_epoch["{name}"] is {value}; the number of an epoch is a whole number.',
        ),
        (
            LABELS,
            {**EPOCHS, "E": 40},
            'best_epoch["{name}"] is {value:.0f}; the epochs of this curve go from 0 to {last}.',
        ),
        (LABELS, {}, "{name} is not written yet."),
        (LABELS, {**EPOCHS, "E": [4]}, "{name} must give one number; it gives {kind}."),
    ],
)
def test_a_diagnosis_of_the_wrong_form_is_named(labkit: ModuleType, diagnosis: Any, epochs: Any, sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_diagnose"](diagnosis, epochs))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: "a model", NO_MODEL),
        (
            lambda: dense(64),
            "Your model has {count} parameters, more than {most}: `lab.plot_parameters` shows where they are.",
        ),
        (
            lambda: dense(16, inputs=14),
            "The model of {name} must take inputs of shape {expected}; it takes {found}.",
        ),
        (
            lambda: dense(16, activation="linear"),
            "The outputs of the model of {name} must be probabilities: is softmax on the last layer?",
        ),
        (
            lambda: dense(16, classes=2),
            "The model of {name} must give 10 numbers for each image; it gives an output of shape {found}.",
        ),
    ],
)
def test_a_small_model_of_the_wrong_form_is_named(labkit: ModuleType, answer: Callable[[], Any], sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_capacity"](answer))


def train_inside(model: Any, x: Any, y: Any) -> tuple[float, float]:
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    return 1.0, 1.0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda model, x, y: 0.5, "{name} must return two values: `return first, second`. It returns {kind}."),
        (lambda model, x, y: ([0.5, 0.1], 0.5), "{name} must give one number; it gives {kind}."),
        (lambda model, x, y: (0.5, float("nan")), "{name} gives {value}, which is no finite number."),
        (lambda model, x, y: (0.5, -0.5), "{name} gives a negative number: a cross-entropy never is."),
        (
            train_inside,
            "{name} changes the weights of the model: it must look at the model without training it.",
        ),
        (
            lambda model: (0.5, 0.5),
            "{name} must take as many arguments as in the cell that was given ({count}); it is now {name}{signature}.",
        ),
    ],
)
def test_modes_of_the_wrong_form_are_named(labkit: ModuleType, answer: Callable[..., Any], sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_eval_mode"](answer))
