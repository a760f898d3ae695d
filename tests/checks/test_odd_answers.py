"""Whatever comes back from a notebook, no check breaks: what cannot be looked at is the learner's, with a sentence."""

import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import evidence
from autograder.checks.evidence import CallResult, NoAnswer
from autograder.execution import kernel_side
from autograder.families.keras import kernel_side as keras_side
from autograder.records import CheckResult, Outcome
from autograder.trusted import plugin
from tests.checks.harness import FAMILY
from tests.checks.test_nothing_earns_nothing import check_all, tasks
from tests.checks.trainings import Trainings

CURVES = "ABCDE"


def _stopping(**attributes: Any) -> Callable[[], Any]:
    def make() -> Any:
        import keras

        callback = keras.callbacks.EarlyStopping(monitor="val_crossentropy", patience=5, restore_best_weights=True)
        vars(callback).update(attributes)
        return callback

    return make


VALUES: dict[str, Any] = {
    "lists of different lengths": [[1], [1, 2]],
    "a number and a list": [1, [2, 3]],
    "a pair of lists of different lengths": [[1, [2]], [[1], [2, 3]]],
    "an array and nothing": [np.ones((12, 10)), None],
    "nothing, twice": [None, None],
    "empty": [],
    "an empty array": np.zeros(0),
    "truths": np.ones(7, bool),
    "texts": ["a", "b"],
    "halves": np.ones(7, "float16"),
    "whole numbers without a sign": np.full(7, 2**63, "uint64"),
    "objects": np.array([1, "a", None], dtype=object),
    "six dimensions": np.ones((1, 1, 1, 1, 1, 1)),
    "complex": 1 + 2j,
    "bytes": b"x",
    "a class": int,
    "no dict of numbers": {curve: [[1], [1, 2]] for curve in CURVES},
    "a dict of arrays": {curve: np.arange(3.0) for curve in CURVES},
    "a dict of nothing": dict.fromkeys(CURVES),
    "a dict of large numbers": dict.fromkeys(CURVES, 10**30),
    "a sweep of everything": {0.1: [1], 0.2: np.arange(3), 0.3: "x"},
    "a sweep of infinities": {math.inf: 1, 0.1: math.inf, 0.2: 3},
    "a sweep of zeros": {0.0: 0.0, 0.1: 0.0, 0.2: 0.0},
    "a sweep below zero": {-1.0: -0.5, -2.0: -0.4, -3.0: -0.6},
    "a sweep of tiny numbers": {1e-300: 0.5, 1e-200: 0.4, 1e-100: 0.6},
    "a sweep with a key twice": {"0.1": 0.5, 0.1: 0.4, "0.3": 0.6, 0.2: 0.1},
    "a monitor that is an array": _stopping(monitor=np.zeros(3)),
    "a mode that is an array": _stopping(mode=np.zeros(2), min_delta=5),
    "a mode that is a list": _stopping(mode=[1, 2], baseline=0.1),
    "a patience that is an array": _stopping(patience=np.zeros(3)),
    "a huge difference": _stopping(min_delta=1e308),
    "a huge beginning": _stopping(start_from_epoch=1e300, baseline="x"),
    "truths for numbers": _stopping(patience=True, restore_best_weights=np.ones(3)),
}


def _results(task: str, value: Any) -> list[CheckResult]:
    text = json.dumps(kernel_side.answers({"p": {"kind": "value", "target": "v"}}, {"v": value}, keras_side))
    found = evidence.parse(text, FAMILY.decode)["p"]
    answers = {}
    for name, probe in plugin.probes_by_task(tasks()[task][0])[task].items():
        cases = [] if probe.kind == "value" else probe.cases(np.random.default_rng(0))
        calls = [CallResult(found, (True,) * len(case)) for case in cases]
        answers[name] = found if probe.kind == "value" or isinstance(found, NoAnswer) else calls
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return check_all(task, answers, Trainings(0.5))


@pytest.mark.parametrize("label", VALUES)
def test_an_odd_value_breaks_no_check(label: str) -> None:
    value = VALUES[label]() if callable(VALUES[label]) and VALUES[label] is not int else VALUES[label]
    broken = [(task, r.name, r.detail) for task in tasks() for r in _results(task, value) if r.outcome is Outcome.ERROR]
    assert broken == []


def _with_nothing_behind(keras: Any) -> list[Any]:
    """A layer whose kernel has no weights, beside an output that has some."""
    layers = keras.layers
    return [layers.Reshape((28, 28, 1)), layers.CenterCrop(0, 0), layers.Flatten(), layers.Dense(10, "softmax")]


def _with_masks(*shapes: Any, flat: bool = True) -> Callable[[Any], list[Any]]:
    def make(keras: Any) -> list[Any]:
        layers = keras.layers
        hidden = [layer for s in shapes for layer in (layers.Dense(64, "relu"), layers.Dropout(0.5, noise_shape=s))]
        return [*([] if flat else [layers.Flatten()]), *hidden, layers.Dense(10, "softmax")]

    return make


@pytest.mark.parametrize(
    ("task", "shape", "make"),
    [
        ("capacity", (28, 28), _with_nothing_behind),
        ("challenge", (28, 28), _with_nothing_behind),
        ("dropout_layers", (784,), _with_masks((3, 64), (1, 1))),
        ("dropout_gap", (784,), _with_masks((3, 64), None)),
        ("noise_layers", (28, 28), _with_masks((3, 64), flat=False)),
        ("challenge", (28, 28), _with_masks((3, 64), flat=False)),
    ],
)
def test_a_model_that_keras_builds_and_cannot_use_is_a_zero_with_a_sentence(task: str, shape: Any, make: Any) -> None:
    import keras

    results = _results(task, keras.Sequential([keras.Input(shape), *make(keras)]))
    assert [(r.name, r.detail) for r in results if r.outcome is Outcome.ERROR] == []
    assert [r.name for r in results if r.outcome is Outcome.FAILED and r.message] != []
    assert results[-1].earned == 0


def test_a_training_that_keras_cannot_do_is_refused_and_one_that_this_machine_cannot_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from autograder.errors import EvidenceRefused
    from autograder.families.keras import runs
    from autograder.units.regularization.given import given_config
    from autograder.units.regularization.training import DATA

    trainer = runs.Trainer(None, [1], DATA)
    for raised, seen in ((ValueError("shapes"), EvidenceRefused), (MemoryError(), MemoryError)):

        def fails(*_how: Any, error: BaseException = raised) -> Any:
            raise error

        monkeypatch.setattr(runs, "_trained", fails)
        with pytest.raises(seen):
            trainer.runs(given_config((64, 64), flat=True), flat=True)
