"""Pairs of trainings come one after the other; when no more of them could change what is earned, they end."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.families.keras import runs
from autograder.families.keras.runs import PAIRS, Comparison, Run
from autograder.store import Store
from autograder.units.regularization.challenge import checks as challenge
from autograder.units.regularization.classifiers import settled
from autograder.units.regularization.facts import LEAST_PARAMETERS, STEPS
from autograder.units.regularization.gap import checks as gap
from autograder.units.regularization.gaps import DROPOUT, PENALTY, RATIO_DEVIATION, SEVERAL, Reduction, gap_credit
from autograder.units.regularization.given import given_config
from autograder.units.regularization.training import DATA

# by how many standard deviations pairs may scatter around a model's mean so that so many of them decide as all four do
SCATTER = {1: 2.0, 2: 2.8, 3: 2.8}
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


NOISE = st.floats(-1, 1)
SCATTERED = st.lists(st.tuples(NOISE, NOISE), min_size=PAIRS, max_size=PAIRS)


def scattered(
    reduction: tuple[float, float], ratio: tuple[float, float], noise: list[tuple[float, float]], count: int
) -> list[tuple[float, float]]:
    """Pairs around a mean with this deviation each, as widely as so many may scatter that decide."""
    widest = SCATTER[count]
    return [(reduction[0] + widest * a * reduction[1], ratio[0] + widest * b * ratio[1]) for a, b in noise]


def test_no_pair_is_trained_after_the_decision(trained: list[int], tmp_path: Any) -> None:
    trainer = runs.Trainer(Store(tmp_path), [1, 2, 3, 4], DATA)
    asked: list[int] = []

    def decided(comparison: Comparison) -> bool:
        asked.append(len(comparison.theirs))
        return asked[-1] == 2

    found = trainer.compare(GIVEN, THEIRS, flat=True, decided=decided)
    assert asked == [1, 2]
    assert len(found.given) == len(found.theirs) == 2
    assert sorted(trained) == [1, 1, 2, 2]
    trainer.compare(GIVEN, THEIRS, flat=True)
    assert sorted(trained) == [1, 1, 2, 2, 3, 3, 4, 4]  # what is in the store is not trained again


def test_without_a_decision_all_pairs_are_trained(trained: list[int]) -> None:
    trainer = runs.Trainer(None, [1, 2, 3, 4], DATA)
    assert len(trainer.compare(GIVEN, THEIRS, flat=True).theirs) == PAIRS


@pytest.mark.parametrize("wanted", [PENALTY, DROPOUT])
@given(
    reduction=st.floats(-0.5, 1), ratio=st.floats(0.3, 3), noise=SCATTERED,
    count=st.sampled_from(sorted(SCATTER)),
)  # fmt: skip
def test_what_is_decided_is_what_all_pairs_give(
    wanted: Reduction, reduction: float, ratio: float, noise: list[tuple[float, float]], count: int
) -> None:
    """Whatever the model's means are."""
    pairs = scattered((reduction, wanted.deviation), (ratio, RATIO_DEVIATION), noise, count)
    if wanted.decided(compared(pairs[:count])):
        assert gap_credit(compared(pairs[:count]), wanted).share == gap_credit(compared(pairs), wanted).share


def in_the_challenge(comparison: Comparison) -> float:
    """Points, as its two checks give them."""
    found = settled(comparison)
    if not found.crossentropy_ratio <= challenge.MAX_RATIO:
        return 0.0
    return 2.0 + 6.0 * float(np.clip((found.reduction - STEPS[0]) / (STEPS[-1] - STEPS[0]), 0, 1))


@given(
    reduction=st.floats(-0.5, 1), ratio=st.floats(0.3, 2), noise=SCATTERED,
    count=st.sampled_from(sorted(SCATTER)),
)  # fmt: skip
def test_what_is_decided_in_the_challenge_is_what_all_pairs_give(
    reduction: float, ratio: float, noise: list[tuple[float, float]], count: int
) -> None:
    wanted = challenge.EVERYTHING
    pairs = scattered((reduction, wanted.deviation), (ratio, wanted.ratio_deviation), noise, count)
    if wanted.decided(compared(pairs[:count])):
        assert in_the_challenge(compared(pairs[:count])) == in_the_challenge(compared(pairs))


def test_one_pair_may_earn_everything_and_refuses_nobody() -> None:
    for wanted, right, wrong in (
        (PENALTY, (0.4, 0.85), [(0.0, 1.0), (0.9, 1.5)]),
        (DROPOUT, (0.6, 0.75), [(-0.2, 1.0), (0.97, 1.9)]),
        (challenge.EVERYTHING, (0.8, 0.6), [(0.9, 1.5), (0.0, 1.1)]),
    ):
        assert wanted.decided(compared([right]))
        assert not any(wanted.decided(compared([pair])) for pair in wrong)
        assert all(wanted.decided(compared([pair] * SEVERAL)) for pair in wrong)


def test_the_challenge_is_open_while_trainings_disagree_on_what_is_in_use() -> None:
    def used(*weights: int) -> Comparison:
        runs = [a_run(0.8, 0.6)._replace(in_use=count) for count in weights]
        return Comparison([a_run(0, 1)] * len(runs), runs)

    assert challenge._decided(used(LEAST_PARAMETERS))
    assert not challenge._decided(used(0))
    assert challenge._decided(used(LEAST_PARAMETERS, LEAST_PARAMETERS))
    assert challenge._decided(used(0, 0))
    assert not challenge._decided(used(0, LEAST_PARAMETERS))


@pytest.mark.parametrize(("reductions", "pairs"), [([0.5] * 4, 1), ([-0.5] * 4, 2), ([0.1, -0.1, 0.6, 0.5], 3)])
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
