"""Pairs of trainings come one after the other; when no more of them could change what is earned, they end."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.families.keras import runs
from autograder.families.keras.runs import FEWEST, PAIRS, Comparison, Run
from autograder.store import Store
from autograder.units.regularization.challenge import checks as challenge
from autograder.units.regularization.classifiers import settled
from autograder.units.regularization.facts import LEAST_PARAMETERS, STEPS
from autograder.units.regularization.gap import checks as gap
from autograder.units.regularization.gaps import DROPOUT, PENALTY, RATIO_DEVIATION, Reduction, gap_credit
from autograder.units.regularization.given import given_config
from autograder.units.regularization.training import DATA

GIVEN, THEIRS = given_config((64, 64), flat=True), given_config((64, 64), flat=True, dropout=0.5)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds that would have been trained, of both models."""
    seeds: list[int] = []

    def one(_config: Any, _start: Any, _train: Any, _held_out: Any, seed: int, _in_use: bool) -> Run:
        seeds.append(seed)
        return a_run(0.5, 0.9)

    monkeypatch.setattr(runs, "_trained", one)
    return seeds


def a_run(reduction: float, ratio: float) -> Run:
    """Beside a given model of gap 0.8 and loss 0.9 on new images."""
    held_out = 0.9 * ratio
    train = held_out - 0.8 * (1 - reduction)
    return Run(train, held_out, 0.8, [train] * 40, [held_out] * 40)


def compared(pairs: list[tuple[float, float]]) -> Comparison:
    return Comparison([a_run(0, 1)] * len(pairs), [a_run(*pair) for pair in pairs])


def test_no_pair_is_trained_after_the_decision(trained: list[int], tmp_path: Any) -> None:
    trainer = runs.Trainer(Store(tmp_path), [1, 2, 3, 4], DATA)
    asked: list[int] = []
    found = trainer.compare(GIVEN, THEIRS, flat=True, decided=lambda c: asked.append(len(c.theirs)) or True)
    assert asked == [FEWEST]
    assert len(found.given) == len(found.theirs) == FEWEST
    assert sorted(trained) == [1, 1, 2, 2]
    trainer.compare(GIVEN, THEIRS, flat=True)
    assert sorted(trained) == [1, 1, 2, 2, 3, 3, 4, 4]  # what is in the store is not trained again


def test_without_a_decision_all_pairs_are_trained(trained: list[int]) -> None:
    trainer = runs.Trainer(None, [1, 2, 3, 4], DATA)
    assert len(trainer.compare(GIVEN, THEIRS, flat=True).theirs) == PAIRS


@pytest.mark.parametrize("wanted", [PENALTY, DROPOUT])
@given(
    reduction=st.floats(-0.5, 1), ratio=st.floats(0.3, 3),
    noise=st.lists(st.tuples(st.floats(-2.8, 2.8), st.floats(-2.8, 2.8)), min_size=PAIRS, max_size=PAIRS),
)  # fmt: skip
def test_what_is_decided_is_what_all_pairs_give(
    wanted: Reduction, reduction: float, ratio: float, noise: list[tuple[float, float]]
) -> None:
    """Whatever the model's means are, for pairs that scatter by up to 2.8 standard deviations around them."""
    pairs = [(reduction + a * wanted.deviation, ratio + b * RATIO_DEVIATION) for a, b in noise]
    for count in range(FEWEST, PAIRS):
        if wanted.decided(compared(pairs[:count])):
            assert gap_credit(compared(pairs[:count]), wanted).share == gap_credit(compared(pairs), wanted).share
            break


def in_the_challenge(comparison: Comparison) -> float:
    """Points, as its two checks give them."""
    found = settled(comparison)
    if not found.crossentropy_ratio <= challenge.MAX_RATIO:
        return 0.0
    return 2.0 + 6.0 * float(np.clip((found.reduction - STEPS[0]) / (STEPS[-1] - STEPS[0]), 0, 1))


@given(
    reduction=st.floats(-0.5, 1), ratio=st.floats(0.3, 2),
    noise=st.lists(st.tuples(st.floats(-2.8, 2.8), st.floats(-2.8, 2.8)), min_size=PAIRS, max_size=PAIRS),
)  # fmt: skip
def test_what_is_decided_in_the_challenge_is_what_all_pairs_give(
    reduction: float, ratio: float, noise: list[tuple[float, float]]
) -> None:
    wanted = challenge.EVERYTHING
    pairs = [(reduction + a * wanted.deviation, ratio + b * wanted.ratio_deviation) for a, b in noise]
    for count in range(FEWEST, PAIRS):
        if wanted.decided(compared(pairs[:count])):
            assert in_the_challenge(compared(pairs[:count])) == in_the_challenge(compared(pairs))
            break


def test_the_challenge_is_open_while_trainings_disagree_on_what_is_in_use() -> None:
    def used(*weights: int) -> Comparison:
        return Comparison([a_run(0, 1)] * 2, [a_run(0.8, 0.6)._replace(in_use=count) for count in weights])

    assert challenge._decided(used(LEAST_PARAMETERS, LEAST_PARAMETERS))
    assert challenge._decided(used(0, 0))
    assert not challenge._decided(used(0, LEAST_PARAMETERS))


@pytest.mark.parametrize(("reductions", "pairs"), [([0.5] * 4, 2), ([-0.5] * 4, 2), ([0.3, -0.1, 0.6, 0.5], 3)])
def test_the_large_model_is_trained_until_its_gap_is_surely_the_other_one(
    reductions: list[float], pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Trainings:
        def runs(self, config: Any, pairs: int = PAIRS) -> list[Run]:
            theirs = config == "small"
            return [a_run(by if theirs else 0, 1) for by in reductions[:pairs]]

    monkeypatch.setattr("autograder.units.regularization.gap.checks.models.config_of", lambda model: model)
    assert len(gap._compared("small", Trainings()).given) == pairs


def test_what_lies_near_a_threshold_is_never_decided_early() -> None:
    for reduction, ratio in ((PENALTY.full, 0.9), (PENALTY.none, 0.9), (0.15, 0.9), (0.9, 1.0)):
        assert not PENALTY.decided(compared([(reduction, ratio)] * 3))


def test_what_collapsed_is_decided() -> None:
    broken = Comparison([a_run(0, 1)] * 2, [a_run(0.5, np.nan)] * 2)
    assert PENALTY.decided(broken)
    assert gap_credit(broken, PENALTY).share == 0
