"""The visible checks of 4_challenge: right answers pass, each structural problem has its sentence."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from tests.lab.visible import NO_MODEL, NOT_WRITTEN, NOTHING, assert_told, dense, notebook_names

EarlyStopping = keras.callbacks.EarlyStopping
ONE_CALLBACK = EarlyStopping(monitor="val_crossentropy")


def descend(w: Any, g: Any, lr: float, lam: float, decoupled: bool) -> Any:
    return (1 - lr * lam) * w - lr * g if decoupled else w - lr * (g + 2 * lam * w)


def test_the_notebooks_answers_pass(labkit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    lab, right = labkit.public, notebook_names(labkit, "4_challenge")
    lab["check_stop_early"](right["early_stopping"])
    lab["check_adamw"](right["one_step"], right["same_for_adam"])
    lab["check_challenge"](right["build_challenge_model"])
    assert capsys.readouterr().out.count("✓") == 3


def test_answers_written_otherwise_pass(labkit: ModuleType) -> None:
    class Patient(EarlyStopping):  # type: ignore[misc]
        pass

    lab = labkit.public
    lab["check_stop_early"](lambda: Patient(monitor="val_crossentropy", patience=4, restore_best_weights=True))
    lab["check_adamw"](descend, np.bool_(False))
    lab["check_challenge"](lambda: dense(300, 256, 256))


def test_stubs_get_the_words_not_written_yet(labkit: ModuleType) -> None:
    lab, stubs = labkit.public, notebook_names(labkit, "4_challenge", stub=True)
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_stop_early"](stubs["early_stopping"]))
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_adamw"](stubs["one_step"], stubs["same_for_adam"]))
    assert_told(labkit, NOT_WRITTEN, lambda: lab["check_challenge"](stubs["build_challenge_model"]))
    assert_told(labkit, "{name} is not written yet.", lambda: lab["check_adamw"](descend, stubs["same_for_adam"]))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: None, NOTHING),
        (
            lambda: EarlyStopping,
            "{name} returns the class itself: call it, with its arguments in brackets.",
        ),
        (
            lambda: [EarlyStopping(monitor="val_crossentropy")],
            "{name} must return the callback itself, not a list or a tuple; the list belongs in `fit(callbacks=[…])`.",
        ),
        (
            lambda: keras.callbacks.TerminateOnNaN(),
            "{name} must return a keras.callbacks.EarlyStopping; it returns an object of type {kind}.",
        ),
        (
            lambda: EarlyStopping(monitor="validation_loss"),
            "There is no quantity {monitor!r} to watch for this model. There are: {logs}.",
        ),
        (
            lambda: ONE_CALLBACK,
            "early_stopping must make a new callback at each call: a used one remembers the last training.",
        ),
    ],
)
def test_a_callback_of_the_wrong_form_is_named(labkit: ModuleType, answer: Callable[[], Any], sentence: str) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_stop_early"](answer))


EXAMPLE = "{example}: expected {right}, found {found}."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda w, g, lr, lam, d: w + lr * g, "The step goes uphill."),
        (lambda w, g, lr, lam, d: w - g, "The learning rate is missing."),
        (lambda w, g, lr, lam, d: -lr * g, "That is the change of the weight: the new weight is asked for."),
        (lambda w, g, lr, lam, d: w - lr * (g + lam * w), "Half of what the penalty asks: differentiate λw²."),
        (lambda w, g, lr, lam, d: w - lr * g, "The penalty plays no part in the step."),
        (
            lambda w, g, lr, lam, d: w - lr * (g + 2 * lam * w),
            "Twice as strong as Keras's decay: there λ multiplies the weight itself.",
        ),
        (
            lambda w, g, lr, lam, d: w - lr * g - (lam if d else 2 * lr * lam) * w,
            "The decay lacks the learning rate.",
        ),
    ],
)
def test_a_step_with_other_values_is_told_beside_the_right_ones(
    labkit: ModuleType, answer: Callable[..., Any], sentence: str
) -> None:
    say = labkit.messages.say
    with pytest.raises(AssertionError) as told:
        labkit.public["check_adamw"](answer, False)
    assert str(told.value).endswith(say(sentence))
    assert say(EXAMPLE).split("{right}")[0].split("}")[1] in str(told.value)


def step_in_place(w: Any, g: Any, lr: float, lam: float, decoupled: bool) -> Any:
    w -= lr * g
    return w


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (step_in_place, "{name} changes the arrays it is given (`w -= …` does that): compute a new array."),
        (
            lambda w, g, lr, lam, decoupled: float(np.sum(w)),
            "{name} must return an array of the shape of w, {expected}; it returns {kind} of shape {shape}.",
        ),
        (lambda w, g, lr, lam, decoupled: w * np.nan, "{name} returns numbers that are not finite."),
        (
            lambda w, g, lr: w,
            "{name} must take as many arguments as in the cell that was given ({count}); it is now {name}{signature}.",
        ),
    ],
)
def test_a_step_of_the_wrong_form_is_named(labkit: ModuleType, answer: Callable[..., Any], sentence: str) -> None:
    if not answer.__name__.startswith("step"):
        answer.__name__ = "one_step"
    assert_told(labkit, sentence, lambda: labkit.public["check_adamw"](answer, False))


def test_an_answer_about_adam_must_be_true_or_false(labkit: ModuleType) -> None:
    sentence = "same_for_adam must be True or False; it is {value!r}."
    assert_told(labkit, sentence, lambda: labkit.public["check_adamw"](descend, "False"))


def frozen() -> Any:
    model = dense(256, 256, 256)
    model.layers[1].trainable = False
    return model


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: 5, NO_MODEL),
        (lambda: dense(32), "Your model has {count} trainable parameters, fewer than {least}: "
                            "here the aim is to regularize a large model, not to make it smaller."),
        (frozen, "Your model has {count} trainable parameters, fewer than {least}: "
                 "here the aim is to regularize a large model, not to make it smaller."),
    ],
)  # fmt: skip
def test_a_challenge_model_of_the_wrong_form_is_named(
    labkit: ModuleType, answer: Callable[[], Any], sentence: str
) -> None:
    assert_told(labkit, sentence, lambda: labkit.public["check_challenge"](answer))
