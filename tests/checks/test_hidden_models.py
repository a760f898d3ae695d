"""Models of ours, as a kernel gets them and as a check uses them."""

import json
from typing import Any

import numpy as np
import pytest

from autograder.checks.api import Probe
from autograder.execution import kernel_side
from autograder.families.keras import kernel_side as keras_side
from autograder.families.keras.evidence import encode
from autograder.families.keras.hidden import HiddenModel
from autograder.families.keras.models import answers

X = np.random.default_rng(1).random((20, 6), "float32")


def hidden(loss: str = "") -> HiddenModel:
    from keras import Input, layers

    def stack() -> list[Any]:
        return [Input((6,)), layers.Dense(5, "relu", kernel_regularizer="l2"), layers.Dropout(0.5), layers.Dense(3)]

    rng = np.random.default_rng(0)
    return HiddenModel(stack, lambda shape: rng.normal(size=shape), loss=loss)


def in_the_kernel(model: HiddenModel) -> Any:
    """What a function gets in a kernel that is asked about the model."""
    probe, got = Probe("call", "keep", lambda rng: [[model]]), list[Any]()
    asked = json.loads(json.dumps(probe.plan(np.random.default_rng(0), encode)))
    kernel_side.answers({"p": asked}, {"keep": got.append}, keras_side)
    return got[0]


def test_a_model_that_is_asked_about_has_no_variables_before_a_check_uses_it() -> None:
    model = hidden()
    encode(model)
    assert all(variable._value is None for variable in model._described.variables)
    assert [w.tolist() for w in model.get_weights()] == [w.tolist() for w in model.drawn]


def test_the_kernel_and_the_check_have_the_same_model() -> None:
    model = hidden()
    theirs = in_the_kernel(model)
    assert np.allclose(answers(theirs, X), answers(model, X))
    assert np.allclose(float(sum(theirs.losses)), float(sum(model.losses)))
    assert not np.allclose(answers(model, X, training=True), answers(model, X))


def test_a_compiled_one_can_be_evaluated_and_trained_in_the_kernel() -> None:
    theirs = in_the_kernel(hidden(loss="mse"))
    y = np.zeros((20, 3), "float32")
    penalty = float(sum(theirs.losses))
    assert theirs.evaluate(X, y, verbose=0) == pytest.approx(np.mean(answers(theirs, X) ** 2) + penalty, rel=1e-4)
    before = theirs.get_weights()
    theirs.fit(X, y, verbose=0)
    assert not np.array_equal(theirs.get_weights()[0], before[0])
