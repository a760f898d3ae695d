"""The second unit's checks: right answers earn every point, each likely mistake is named."""

import numpy as np
import pytest

from autograder.records import Outcome
from autograder.unit import load
from tests.checks.harness import Wrong, grade
from tests.units.answers_1_ridge import RIGHT, WRONG
from tests.units.ridge.linear import mean_squared_error, ridge, standardized
from tests.units.ridge.rents import Rents
from tests.units.ridge.ridge.checks import ALL, ALPHAS

UNIT = load("tests.units.ridge")


@pytest.mark.parametrize(
    ("task", "code"), [pytest.param(t, c, id=f"{t}-{label}") for t, a in RIGHT.items() for label, c in a.items()]
)
def test_a_right_answer_earns_every_point(task: str, code: str) -> None:
    results = grade("1_ridge", task, code, unit=UNIT)
    assert results
    assert [(r.name, r.message, r.detail) for r in results if r.outcome is not Outcome.PASSED] == []


@pytest.mark.parametrize(
    ("task", "answer"), [pytest.param(t, w, id=f"{t}-{label}") for t, a in WRONG.items() for label, w in a.items()]
)
def test_a_mistake_loses_its_check_and_is_named(task: str, answer: Wrong) -> None:
    results = grade("1_ridge", task, answer.code, unit=UNIT)
    lost = {r.name: r.message for r in results if r.outcome in (Outcome.FAILED, Outcome.ERROR)}
    assert set(lost) == {answer.check}, {r.name: (r.message, r.detail) for r in results}
    said = lost[answer.check]
    assert said is not None
    assert said.render("en").startswith(answer.diagnosis)


def cross_validated(rents: Rents, folds: list[np.ndarray]) -> float:
    """The alpha of the notebook's grid that these folds choose."""
    total = np.zeros(len(ALPHAS))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(rents.x)), fold)
        x, held = (standardized(rents.x[rows], rents.x[rest]) for rows in (rest, fold))
        total += [mean_squared_error(held, rents.y[fold], *ridge(x, rents.y[rest], a)) for a in ALPHAS]
    return float(ALPHAS[np.argmin(total)])


@pytest.mark.parametrize("k", [4, 5, 10])
def test_whatever_folds_a_learner_makes_the_alpha_they_choose_is_good_enough(k: int) -> None:
    rents = Rents()
    best = min(rents.errors(a)[1] for a in ALPHAS)
    orders = [np.random.default_rng(seed).permutation(len(rents.x)) for seed in range(10)]
    chosen = {cross_validated(rents, np.array_split(order, k)) for order in [np.arange(len(rents.x)), *orders]}
    assert max(rents.errors(alpha)[1] for alpha in chosen) < 0.95 * ALL * best
    assert rents.errors(0.0)[1] > 3 * best  # there is something to choose
