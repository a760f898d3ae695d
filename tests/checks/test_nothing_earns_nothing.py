"""What proves nothing earns nothing: numbers that are not finite, losses of a collapse, weights that answer for all."""

import itertools
import json
import math
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.checks import evidence
from autograder.checks.api import Probe, Task
from autograder.execution import kernel_side
from autograder.families.keras import kernel_side as keras_side
from autograder.families.keras.runs import Comparison, Run
from autograder.records import CheckResult, Outcome
from autograder.trusted import plugin
from autograder.units.regularization.classifiers import settled
from autograder.units.regularization.gaps import DROPOUT, PENALTY, gap_credit
from autograder.units.regularization.given import given_dense
from tests.checks import answers_2_l1_l2, answers_3_dropout, answers_4_challenge
from tests.checks.harness import FAMILY, SECRET, checks_of, grade
from tests.checks.trainings import CURVE, GOOD, HELD_OUT, Trainings

NOTEBOOKS = ("1_gap", "2_l1_l2", "3_dropout", "4_challenge", "5_beyond")
NAN, INF = math.nan, math.inf
NOT_USABLE = (NAN, INF, -INF, 1e300, -1e300, 1e38, 10**400, -(10**400))
SHAPES = ((), (1,), (2,), (5,), (7,), (12, 10), (20, 30), (40, 30), (400, 60))
ENDS = list(itertools.product((NAN, INF, -INF, 0.1), (NAN, INF, -INF, 1e300)))


@cache
def tasks() -> dict[str, tuple[Any, Task]]:
    """Every task of the unit by its name, with the module of its checks."""
    modules = map(checks_of, NOTEBOOKS)
    return {name: (module, task) for module in modules for name, task in plugin.tasks_of(module).items()}


def check_all(task: str, answers: Mapping[str, Any], trainings: Any) -> list[CheckResult]:
    """The results of the task's checks for these parsed answers of its probes."""
    module, found = tasks()[task]
    session = plugin.Session(module, {task: answers}, SECRET, {}, {"trainer": lambda: trainings})
    for check in found.checks:
        session.results.append(session.run(check)[0])
    return session.results


def test_a_check_that_is_not_looked_at_names_the_one_that_has_to_pass_first() -> None:
    results = {r.name: r for r in check_all("gap", {}, None)}
    assert results["sign_of_the_gap"].outcome is Outcome.SKIPPED
    assert results["sign_of_the_gap"].waits_for == results["one_value_per_epoch"].description  # two checks before it
    assert results["one_value_per_epoch"].waits_for == ""


def broken(value: Any) -> Any:
    """What learners' code may hold this number in, as the kernel would report it."""
    number = math.inf if value == 10**400 else -math.inf if value == -(10**400) else float(value)
    arrays = st.sampled_from(SHAPES).map(lambda shape: np.full(shape, number))
    lengths = st.sampled_from((1, 2, 5, 7, 30))
    plain = st.one_of(st.just(value), arrays, lengths.map(lambda n: [value] * n), arrays.map(lambda a: [a, a]))
    curves = ("A", "B", "C", "D", "E")
    dicts = st.sampled_from(
        (dict.fromkeys(curves, value), {0.1: value, 0.2: value, 0.5: 1.0}, {value: 0.5, 0.2: 0.4, 0.3: 0.6})
    )
    return st.one_of(plain, dicts, st.sampled_from(MODELS).map(lambda make: make(number)), st.just(_stopping(value)))


def _filled(given: Any, number: float) -> Any:
    """A given model whose weights are all this number, or 0 but for one."""
    model = given()
    with np.errstate(all="ignore"):
        model.set_weights([np.full(w.shape, number, "float32") for w in model.get_weights()])
    return model


def _scaled(number: float) -> Any:
    """A model that multiplies by this number, or by the largest of float32, with all weights at 0."""
    import keras

    factor = number if abs(number) < 1e38 else 1e38
    layers = keras.layers
    # penalties on both layers: that nothing else is penalised would be true of one, whatever the number
    dense = layers.Dense(128, "relu", kernel_regularizer="l2"), layers.Dense(10, "softmax", kernel_regularizer="l2")
    stack = [layers.Rescaling(factor), *dense]
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *stack])
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    return model


MODELS = (
    lambda v: _filled(lambda: given_dense([128], flat=False), v),
    lambda v: _filled(lambda: given_dense([64, 64], flat=True, dropout=0.5), v),
    lambda v: _filled(lambda: given_dense([256, 256, 256], flat=False), v),
    _scaled,
)


def _stopping(value: Any) -> Any:
    import keras

    callback = keras.callbacks.EarlyStopping(value, restore_best_weights=value)
    callback.min_delta = callback.patience = callback.baseline = value
    return callback


def reported(value: Any, probe: Probe) -> Any:
    """A probe's answer: the value, or the value for every call; it goes through the kernel's JSON."""
    text = json.dumps(kernel_side.answers({"p": {"kind": "value", "target": "v"}}, {"v": value}, keras_side))
    found = evidence.parse(text, FAMILY.decode)["p"]
    if probe.kind == "value" or isinstance(found, evidence.NoAnswer):
        return found
    return [evidence.CallResult(found, (True,) * len(case)) for case in probe.cases(np.random.default_rng(0))]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_task_gives_a_point_for_a_number_that_is_not_finite_or_far_too_large(data: Any) -> None:
    task = data.draw(st.sampled_from(sorted(tasks())))
    value = data.draw(st.sampled_from(NOT_USABLE))
    answers = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, probe in plugin.probes_by_task(tasks()[task][0])[task].items():
            answers[name] = reported(data.draw(broken(value)), probe)
        results = check_all(task, answers, Trainings(NAN))
    assert [(r.name, r.detail) for r in results if r.outcome is Outcome.ERROR] == []
    assert [(r.name, r.earned) for r in results if r.earned] == []


@pytest.mark.parametrize("wanted", [PENALTY, DROPOUT])
@pytest.mark.parametrize(("train", "held_out"), ENDS)
def test_a_comparison_that_is_not_finite_earns_nothing(wanted: Any, train: float, held_out: float) -> None:
    good = GOOD
    with np.errstate(all="ignore"):
        bad = Run(train, held_out, 0.8, [*CURVE[:4], train], [*HELD_OUT[:4], held_out])
        for theirs in ([bad] * 4, [bad, good, good, good]):
            found = gap_credit(Comparison([good] * 4, theirs), wanted)
            assert found.share == 0
            assert "Infinity" not in json.dumps(found.picture)
            assert "NaN" not in json.dumps(found.picture)


def test_one_training_that_is_not_finite_makes_the_model_a_collapse() -> None:
    good, bad = Run(0.1, 0.9, 0.8, CURVE, CURVE), Run(0.1, 0.2, 0.8, CURVE, [*HELD_OUT[:4], NAN])
    found = settled(Comparison([good] * 4, [good, good, good, bad]))
    assert found.collapsed
    assert found.crossentropy_ratio == INF
    assert found.reduction == -INF


@pytest.mark.parametrize("task", ["capacity", "choose_lambda", "dropout_gap", "challenge"])
def test_right_answers_earn_nothing_for_trainings_that_are_not_finite(task: str) -> None:
    module, _found = tasks()[task]
    corpora = (answers_2_l1_l2, answers_3_dropout, answers_4_challenge)
    right = next((c.RIGHT[task] for c in corpora if task in c.RIGHT), None)
    code = next(iter(right.values())) if right else SMALL
    space: dict[str, Any] = {}
    exec(compile(code, "<answer>", "exec"), space)
    answers = {}
    for name, probe in plugin.probes_by_task(module)[task].items():
        question = {"p": {**probe.plan(np.random.default_rng(0), FAMILY.encode)}}
        text = json.dumps(kernel_side.answers(question, space, keras_side))
        answers[name] = evidence.parse(text, FAMILY.decode)["p"]
    results = check_all(task, answers, Trainings(NAN))
    trained = {check.name for check in tasks()[task][1].checks if "trainer" in check.arguments}
    assert [(r.name, r.detail) for r in results if r.outcome is Outcome.ERROR] == []
    assert [r.name for r in results if r.name in trained and r.earned] == []


SMALL = """
import keras
def build_small_model():
    layers = keras.layers
    return keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(16, "relu"),
                             layers.Dense(10, "softmax")])
"""


def model(function: str, *layers: str, shape: str = "(28, 28)") -> str:
    """A function that returns a model of these layers whose weights were all put to 0."""
    stack = ", ".join(layers)
    return f"""
import keras
from keras import layers, regularizers
def {function}():
    model = keras.Sequential([keras.Input({shape}), {stack}])
    model.set_weights([0 * w for w in model.get_weights()])
    return model
"""


FLAT, OUTPUT = "layers.Flatten()", "layers.Dense(10, activation='softmax')"
SWEEP = "val_losses = {1e-4: 0.6, 1e-3: 0.5, 1e-2: 0.7}\nbest_lambda = 1e-3\n"


@pytest.mark.parametrize(
    ("notebook", "task", "code"),
    [
        (
            "2_l1_l2",
            "choose_lambda",
            model(
                "build_regularized_model",
                FLAT,
                "layers.Dense(128, 'relu', kernel_regularizer=regularizers.L2(1e-9))",
                "layers.Dropout(0.5)",
                OUTPUT,
            )
            + SWEEP,
        ),
        (
            "3_dropout",
            "dropout_gap",
            model(
                "build_less_overfit_model",
                "layers.Rescaling(1e38)",
                "layers.Dense(64, 'relu')",
                "layers.Dropout(0.5)",
                "layers.Dense(64, 'relu')",
                OUTPUT,
                shape="(784,)",
            ),
        ),
        (
            "5_beyond",
            "orthogonal",
            model("build_orthogonal_model", FLAT, "layers.Dense(128, 'tanh', kernel_regularizer='l2')", OUTPUT),
        ),
    ],
)
def test_weights_at_zero_hide_nothing(notebook: str, task: str, code: str) -> None:
    results = grade(notebook, task, code)
    assert sum(r.earned for r in results) == 0, [(r.name, r.earned, r.message) for r in results]
    assert all(r.outcome is not Outcome.ERROR for r in results)


def test_weights_at_zero_do_not_hide_other_layers_beside_a_right_penalty() -> None:
    hidden = "layers.Dense(128, 'tanh', kernel_regularizer=regularizers.L2(0.001))"
    for more in ("layers.Rescaling(5)", "layers.GaussianNoise(0.5)", "layers.Dropout(0.9)"):
        code = model("build_l2_model", FLAT, hidden.replace("tanh", "relu"), more, OUTPUT)
        assert _lost(grade("2_l1_l2", "l2_layer", code)) == ["l2_architecture"]
    assert _lost(grade("2_l1_l2", "l2_layer", model("build_l2_model", FLAT, hidden, OUTPUT))) == ["l2_architecture"]


def _lost(results: list[CheckResult]) -> list[str]:
    return [r.name for r in results if r.outcome is not Outcome.PASSED]


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["L2(1e30)", "L2(1e25)", "L1(1e22)"])
def test_a_penalty_that_overflows_is_a_collapse(penalty: str) -> None:
    hidden = f"layers.Dense(128, 'relu', kernel_regularizer=regularizers.{penalty})"
    code = model("build_regularized_model", FLAT, hidden, OUTPUT).replace("model.set_weights", "model.get_weights and ")
    results = {r.name: r for r in grade("2_l1_l2", "choose_lambda", code + SWEEP)}
    assert results["lambda_gap"].earned == 0
    assert all(r.outcome is not Outcome.ERROR for r in results.values())


def test_weights_at_zero_do_not_hide_a_penalty_that_was_set_too_late() -> None:
    code = model("build_l2_model", FLAT, "layers.Dense(128, 'relu')", OUTPUT)
    code = code.replace("    return", "    model.layers[1].kernel_regularizer = regularizers.L2(0.001)\n    return")
    results = {r.name: r for r in grade("2_l1_l2", "l2_layer", code)}
    assert results["l2_kernel"].earned == 0
    assert results["l2_kernel"].outcome is Outcome.FAILED


@pytest.mark.parametrize("by_hand", ["0 * w", "w + 1", "w * 0.5"])
def test_a_right_model_whose_weights_were_set_by_hand_stays_right(by_hand: str) -> None:
    hidden = "layers.Dense(128, 'relu', kernel_regularizer=regularizers.L2(0.001))"
    code = model("build_l2_model", FLAT, hidden, OUTPUT).replace("0 * w", by_hand)
    assert [(r.name, r.message) for r in grade("2_l1_l2", "l2_layer", code) if r.outcome is not Outcome.PASSED] == []


RIGHT_LAYER = "layers.Dense(128, 'relu', kernel_regularizer=regularizers.L2(0.001){more})"
RIGHT_DROPOUT = (
    "layers.Dense(64, 'relu'{more}), layers.Dropout(0.5), layers.Dense(64, 'relu'{more}), layers.Dropout(0.5)"
)


@pytest.mark.parametrize(
    ("notebook", "task", "code"),
    [
        ("2_l1_l2", "l2_layer", model("build_l2_model", FLAT, RIGHT_LAYER, OUTPUT)),
        ("3_dropout", "dropout_layers", model("build_dropout_model", RIGHT_DROPOUT, OUTPUT, shape="(784,)")),
    ],
)
@pytest.mark.parametrize(
    ("more", "after"),
    [
        ("", "model.trainable = False; model.trainable = True"),
        (", trainable=False", "[setattr(layer, 'trainable', True) for layer in model.layers]"),
        (", dtype='float64'", "model.set_weights([w + 0.1 for w in model.get_weights()])"),
        (", dtype='mixed_float16'", "model.layers[-1].set_weights([0 * w for w in model.layers[-1].get_weights()])"),
        (", kernel_initializer='zeros'", "model.compile('sgd', 'mse')"),
    ],
)
def test_a_right_model_stays_right_frozen_and_thawed_in_any_precision_with_any_weights(
    notebook: str, task: str, code: str, more: str, after: str
) -> None:
    by_hand = "model.set_weights([0 * w for w in model.get_weights()])"
    results = grade(notebook, task, code.replace("{more}", more).replace(by_hand, after))
    assert [(r.name, r.message) for r in results if r.outcome is not Outcome.PASSED] == []


def _choose(hidden: str, output: str = "", first: str = FLAT) -> str:
    layers = f"layers.Dense(128, 'relu', {hidden})", f"layers.Dense(10, activation='softmax', {output})"
    return _untouched(model("build_regularized_model", first, *layers)) + "val_losses, best_lambda = {}, 0"


def _less(*layers: str) -> str:
    return _untouched(model("build_less_overfit_model", *layers, OUTPUT, shape="(784,)"))


def _untouched(code: str) -> str:
    return code.replace("    model.set_weights([0 * w for w in model.get_weights()])\n", "")


TOKEN, L2 = "kernel_regularizer=regularizers.L2(1e-9)", "kernel_regularizer=regularizers.L2(0.001)"
HIDDEN, NEXT = "layers.Dense(64, 'relu', trainable=False)", "layers.Dense(64, 'relu')"
TO_A_LIMIT = "kernel_constraint=keras.constraints.MaxNorm(0.5)"


@pytest.mark.parametrize(
    ("notebook", "task", "code", "lost"),
    [
        ("2_l1_l2", "choose_lambda", _choose("trainable=False", TOKEN), "lambda_penalised"),
        ("2_l1_l2", "choose_lambda", _choose("trainable=False", L2), "lambda_penalised"),
        ("2_l1_l2", "choose_lambda", _choose(f"{TOKEN}, {TO_A_LIMIT}"), "lambda_penalised"),
        ("2_l1_l2", "choose_lambda", _choose(f"{TOKEN}, activity_regularizer='l2'"), "lambda_penalised"),
        ("2_l1_l2", "choose_lambda", _choose(TOKEN), "lambda_penalised"),
        ("3_dropout", "dropout_gap", _less("layers.Dropout(0.001)", HIDDEN, NEXT), "dropout_only"),
        (
            "3_dropout",
            "dropout_gap",
            _less(NEXT[:-1] + f", {TO_A_LIMIT})", "layers.Dropout(.001)", NEXT),
            "dropout_only",
        ),
        ("3_dropout", "dropout_gap", _less(NEXT, "layers.GaussianNoise(0.5)", NEXT), "dropout_only"),
        (
            "3_dropout",
            "dropout_gap",
            _less(NEXT, "layers.Dropout(0.001)", NEXT, "layers.GaussianDropout(0.5)"),
            "dropout_only",
        ),
    ],
)
def test_another_way_to_a_small_gap_than_the_one_asked_for_is_not_taken(
    notebook: str, task: str, code: str, lost: str
) -> None:
    results = {r.name: r for r in grade(notebook, task, code)}
    assert results[lost].outcome is Outcome.FAILED, results[lost].message
    assert next(r.earned for r in results.values() if r.name in ("lambda_gap", "smaller_gap")) == 0
    assert all(r.outcome is not Outcome.ERROR for r in results.values())


STUCK = {
    "an integer of 400 digits": "def {name}():\n    return 10**400",
    "a strength of 400 digits": "{start}layers.Dense(10, activation='softmax', activity_regularizer=keras.regularizers"
    ".L2(0.1))])\n    model.layers[-1].get_config = lambda: {{'name': 'd', 'units': 10**400}}\n    return model",
    "a layer with the name of Keras's generators": "import keras\nfrom keras import layers\ndef {name}():\n"
    "    images = keras.Input((28, 28))\n    found = layers.Dropout(0.5)(layers.Flatten()(images))\n"
    "    found = layers.Dense(10, activation='softmax', name='seed_generator_state')(found)\n"
    "    return keras.Model(images, found)",
}
START = "import keras\nfrom keras import layers\ndef {name}():\n    model = keras.Sequential([keras.Input((28, 28)), "


@pytest.mark.parametrize("label", STUCK)
@pytest.mark.parametrize(
    ("notebook", "task", "name"),
    [("1_gap", "capacity", "build_small_model"), ("4_challenge", "challenge", "build_challenge_model")],
)
def test_what_a_learner_made_so_that_it_cannot_be_graded_is_a_zero_with_a_sentence(
    label: str, notebook: str, task: str, name: str
) -> None:
    start = START.format(name=name) + "layers.Flatten(), layers.Dropout(0.5), "
    results = grade(notebook, task, STUCK[label].format(name=name, start=start))
    assert {r.outcome for r in results} <= {Outcome.FAILED, Outcome.SKIPPED}, [r.detail for r in results]
    assert sum(r.earned for r in results) == 0
