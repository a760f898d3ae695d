"""A sweep is trained again once where it decides; a second time only where that leaves something open."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks.api import Failed
from autograder.families.keras.runs import Run
from autograder.units.regularization import sweeps

LOSSES = {0.0001: 0.603, 0.001: 0.555, 0.01: 0.561, 0.1: 0.695}  # measured: docs/calibration.md
PENALTIES = {0.0001: 0.07, 0.001: 0.18, 0.01: 0.4, 0.1: 0.6}
DEVIATION = 0.024  # of the logarithm of one training's loss


def a_run(loss: float, penalty: float = 0.0) -> Run:
    return Run(0.1, loss, 0.8, [0.1] * 40, [1.5 * loss] * 20 + [loss] * 20, penalty)


class Trained:
    """Two trainings for each strength, whose losses are off by so many deviations; those asked for are noted."""

    def __init__(self, noise: Sequence[tuple[float, float]]) -> None:
        self.asked: list[tuple[float, int]] = []
        self.runs = {
            lam: [a_run(loss * np.exp(DEVIATION * n), PENALTIES[lam]) for n in both]
            for (lam, loss), both in zip(LOSSES.items(), noise, strict=True)
        }

    def __call__(self, strength: float, count: int) -> Sequence[Run]:
        self.asked.append((strength, count))
        return self.runs.get(strength, [a_run(9.0)] * 2)[:count]  # the share that stays instead of the rate


QUIET = [(0.0, 0.0)] * 4
NOISE = st.lists(st.tuples(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5)), min_size=4, max_size=4)


def is_found_again(require: Any, found: dict[float, float], trained: Any) -> bool:
    with suppress(Failed):
        require(found, trained)
        return True
    return False


def lambdas(found: dict[float, float], trained: Any) -> None:
    sweeps.require_lambdas_found_again(found, [trained])


@pytest.mark.parametrize("require", [lambdas, sweeps.require_rates_found_again])
def test_a_right_sweep_is_trained_once_at_its_ends_and_at_its_lowest_loss(require: Any) -> None:
    trained = Trained(QUIET)
    assert is_found_again(require, LOSSES, trained)
    assert trained.asked == [(0.0001, 1), (0.001, 1), (0.1, 1)]


def test_a_sweep_is_looked_at_where_it_decides() -> None:
    assert sweeps.decisive({0.5: 0.51, 0.1: 0.6, 0.4: 0.52, 0.3: 0.53, 0.7: 0.8}) == [0.1, 0.5, 0.7]
    assert sweeps.decisive({0.1: 0.6, 0.5: 0.5, 0.3: 0.5, 0.7: 0.8}) == [0.1, 0.3, 0.5, 0.7]  # either may be chosen
    for falling in (1, -1):  # the lowest loss at an end
        found = {float(key): float(falling * key) for key in range(1, 8)}
        assert sweeps.decisive(found) == [1, 3, 5, 7]
    assert sweeps.decisive({1.0: 0.1, 2.0: 0.2, 3.0: 0.3}) == [1, 2, 3]


def test_a_rate_taken_for_its_opposite_is_found_out_at_the_ends() -> None:
    losses = {0.2: 0.56, 0.4: 0.515, 0.6: 0.56, 0.8: 1.3}
    kept = {rate: losses[round(1 - rate, 1)] for rate in losses}

    def train(rate: float, count: int) -> Sequence[Run]:
        return [a_run(losses[round(rate, 1)])] * count

    assert sweeps.decisive(kept) == [0.2, 0.6, 0.8]
    with pytest.raises(Failed, match="the share of units that"):
        sweeps.require_rates_found_again(kept, train)


def test_only_the_rates_that_do_not_fit_are_trained_again() -> None:
    trained = Trained([(0.0, 0.0), (10.0, 0.0), (0.0, 0.0), (0.0, 0.0)])  # the first training of one went wrong
    assert is_found_again(sweeps.require_rates_found_again, LOSSES, trained)
    assert [asked for asked in trained.asked if asked[1] == 2] == [(0.001, 2)]


@pytest.mark.parametrize("require", [lambdas, sweeps.require_rates_found_again])
@given(noise=NOISE, off=st.lists(st.floats(-0.4, 0.8), min_size=4, max_size=4))
def test_what_one_training_says_is_what_two_say(
    require: Any, noise: list[tuple[float, float]], off: list[float]
) -> None:
    """Whatever the learner wrote down, and trainings that scatter by up to two and a half standard deviations."""
    found = {lam: loss * np.exp(by) for (lam, loss), by in zip(LOSSES.items(), off, strict=True)}
    trained = Trained(noise)
    both = is_found_again(require, found, lambda strength, _count: trained(strength, 2))
    assert is_found_again(require, found, trained) == both


def test_a_sweep_with_the_penalty_in_it_is_found_by_no_number_of_trainings() -> None:
    trained = Trained(QUIET)
    assert not is_found_again(lambdas, {lam: LOSSES[lam] + PENALTIES[lam] for lam in LOSSES}, trained)
