"""What the checks read off a model: its penalties, and where Dropout acts."""

import json
from typing import Any

import numpy as np
import pytest

from autograder.checks import evidence
from autograder.checks.api import Failed
from autograder.execution import kernel_side
from autograder.families.keras import family, models, rebuild
from autograder.families.keras import kernel_side as keras_side
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.models import dropout_sites, having, require_given, shared
from autograder.units.regularization.given import given_dense
from autograder.units.regularization.l1_l2 import formulas
from autograder.units.regularization.penalties import (
    HIDDEN_BIAS,
    HIDDEN_KERNEL,
    OUTPUT_KERNEL,
    Penalties,
    penalties,
)
from autograder.units.regularization.sites import of_dropout, require_mended, sites


def as_data(model: Any) -> ModelData:
    """The model as it comes out of a kernel."""
    spec = {"p": {"kind": "value", "target": "model"}}
    found = evidence.parse(json.dumps(kernel_side.answers(spec, {"model": model}, keras_side)), family.decode)["p"]
    assert isinstance(found, ModelData)
    return found


def measured(**hidden: Any) -> Penalties:
    import keras

    layers = keras.layers
    stack = [layers.Dense(7, "relu", **hidden), layers.Dense(10, "softmax")]
    return penalties(as_data(keras.Sequential([keras.Input((5,)), *stack])), "build")


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.001), (0.0001, 0.0), (0.0001, 0.001), (0.03, 2.0)])
def test_both_coefficients_are_measured(l1: float, l2: float) -> None:
    import keras

    found = measured(kernel_regularizer=keras.regularizers.L1L2(l1, l2))
    kernel = found.weights[HIDDEN_KERNEL]
    assert (kernel.l1, kernel.l2) == pytest.approx((l1, l2), rel=1e-3)
    assert not kernel.other
    assert not found.weights[HIDDEN_BIAS].any
    assert not found.weights[OUTPUT_KERNEL].any
    assert not found.activity


def test_the_penalty_of_a_frozen_layer_is_measured_too() -> None:
    assert measured(kernel_regularizer="l2", trainable=False).weights[HIDDEN_KERNEL].l2 == pytest.approx(0.01, rel=1e-3)


def test_a_penalty_on_outputs_is_told_from_one_on_weights() -> None:
    found = measured(activity_regularizer="l2")
    assert found.activity
    assert not any(penalty.any for penalty in found.weights)


def test_an_orthogonality_penalty_is_neither_l1_nor_l2() -> None:
    import keras

    assert measured(kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1)).weights[HIDDEN_KERNEL].other


@pytest.mark.parametrize("rates", [(0.0, 0.5, 0.5, 0.0), (0.2, 0.3, 0.0, 0.0), (0.0, 0.8, 0.25, 0.0)])
def test_the_rate_of_each_dropout_is_measured(rates: tuple[float, ...]) -> None:
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(1)
    stack = [
        layer
        for rate, units in zip(rates, (64, 32, None), strict=False)
        for layer in (layers.Dropout(rate), layers.Dense(units, "relu") if units else layers.Dense(10, "softmax"))
    ]
    found = dropout_sites(keras.Sequential([keras.Input((784,)), *stack]))
    assert (found.first, *found.hidden) == pytest.approx(rates[:3], abs=0.03)
    assert not found.last


@pytest.mark.parametrize("units", [(64, 64), (64, 64, 64), (32, 64)])
def test_layers_that_drop_the_same_units_are_measured_each_by_itself(units: tuple[int, ...]) -> None:
    import keras

    layers = keras.layers
    stack = [layer for n in units for layer in (layers.Dense(n, "relu"), layers.Dropout(0.5, seed=42))]
    found = dropout_sites(keras.Sequential([keras.Input((784,)), *stack, layers.Dense(10, "softmax")]))
    assert found.hidden == pytest.approx((0.5,) * len(units), abs=0.03)
    assert found.first == 0


PRECISIONS = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_whatever_a_machine_computes_in_a_model_is_looked_at_in_float32(precision: str) -> None:
    import keras

    layers = keras.layers
    stack = [layers.Flatten(dtype=precision), layers.Dense(16, "relu", kernel_regularizer="l2", dtype=precision),
             layers.Dense(10, "softmax", dtype=precision)]  # fmt: skip
    data = as_data(keras.Sequential([keras.Input((28, 28)), *stack]))
    model = require_given(data, given_dense([16], flat=False), "build")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert {w.dtype for w in model.weights} == {"float32"}
    assert penalties(data, "build").weights[HIDDEN_KERNEL].l2 == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("place", ["before the softmax", "after the softmax"])
def test_dropout_on_the_output_is_seen(place: str) -> None:
    import keras

    layers = keras.layers
    end = (
        [layers.Dropout(0.1), layers.Softmax()]
        if place == "before the softmax"
        else [layers.Softmax(), layers.Dropout(0.1)]
    )
    model = keras.Sequential([keras.Input((784,)), layers.Dense(20, "relu"), layers.Dense(10), *end])
    assert dropout_sites(model).last


def test_measuring_leaves_the_weights_as_they_were() -> None:
    model = given_dense([16, 12], flat=True, dropout=0.3)
    before = model.get_weights()
    dropout_sites(model)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("shape", [(7,), (5, 4), (2, 3, 4)])
def test_the_formulas_are_keras_s(shape: tuple[int, ...]) -> None:
    import keras

    w = np.random.default_rng(0).normal(size=shape).astype("float32")
    regularizers = keras.regularizers
    assert formulas.l1(w, 0.3) == pytest.approx(float(regularizers.L1(0.3)(w)), rel=1e-5)
    assert formulas.l2(w, 0.3) == pytest.approx(float(regularizers.L2(0.3)(w)), rel=1e-5)
    assert formulas.l1_l2(w, 0.3, 0.2) == pytest.approx(float(regularizers.L1L2(0.3, 0.2)(w)), rel=1e-5)


@pytest.mark.parametrize("value", [[1.0], {"a": 1}, np.zeros(3), None])
def test_what_is_no_model_is_told(value: Any) -> None:
    for measure in (penalties, sites):
        with pytest.raises(Failed, match="should return a Keras model"):
            measure(value, "build")


def test_a_model_is_measured_once() -> None:
    import keras

    data = as_data(keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")]))
    assert penalties(data, "build") is penalties(data, "build")
    assert sites(data, "build") is sites(data, "build")


def test_where_dropout_acts_is_looked_at_on_one_model_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    once = rebuild.rebuild
    monkeypatch.setattr(rebuild, "rebuild", lambda data: built.append(once(data)) or built[-1])
    data = as_data(given_dense((12,), flat=True, dropout=0.4))
    of_dropout(data, given_dense((12,), flat=True), "build")
    require_mended(data, given_dense((12,), flat=True), (0.9,), "build")
    assert built == [shared(data, "build")]


def test_who_looks_at_a_shared_model_finds_it_as_at_first() -> None:
    data = as_data(given_dense((12,), flat=True, dropout=0.4))
    x = np.ones((3, 784), "float32")
    first = models.answers(shared(data, "build"), x, training=True)
    models.draw(shared(data, "build"), 0)
    assert np.array_equal(models.answers(shared(data, "build"), x, training=True), first)


def test_layers_have_other_settings_for_a_while_only() -> None:
    model = given_dense((12,), flat=True, dropout=0.4)
    config = model.to_json()
    with having(model, Dropout={"rate": 0.0}):
        assert model.layers[1].rate == 0.0
    assert model.to_json() == config
