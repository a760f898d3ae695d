"""How margins and chances of a wrong grade are computed, on numbers of known distribution."""

import numpy as np
import pytest

from autograder.families.keras.runs import Comparison, Run
from autograder.units.regularization.calibrate.__main__ import line, page, too_near
from autograder.units.regularization.calibrate.margins import Sample, judge, samples, upper_bound
from autograder.units.regularization.calibrate.reference_models import FULL, NOTHING, PART, TASKS, Limit

LIMITS = (Limit("reduction", 0.10, 0.20), Limit("crossentropy_ratio", 1.15, 1.15, upward=False))


def normal(reduction: float, ratio: float, sd: float = 0.02, seeds: int = 50) -> dict[str, Sample]:
    rng = np.random.default_rng(1)

    def around(mean: float) -> Sample:
        values = rng.normal(size=seeds)
        return np.asarray(mean + sd * (values - values.mean()) / values.std(ddof=1), "float64")

    return {"reduction": around(reduction), "crossentropy_ratio": around(ratio), "accuracy": around(0.8)}


def test_the_median_of_four_scatters_about_half_as_much_as_one_value() -> None:
    spread = judge(normal(0.3, 0.9), LIMITS, FULL).spreads["reduction"]
    assert spread.mean == pytest.approx(0.3)
    assert spread.single == pytest.approx(0.02)
    assert 0.4 < spread.median / spread.single < 0.65


def test_a_right_answer_is_as_safe_as_its_nearest_limit() -> None:
    verdict = judge(normal(0.3, 1.14), LIMITS, FULL)
    assert verdict.decided_by == "crossentropy_ratio"
    assert 0 < verdict.margin < 2
    assert verdict.wrong > 0.05


def test_a_collapsed_model_is_as_safe_as_the_limit_that_stops_it() -> None:
    verdict = judge(normal(0.9, 1.5), LIMITS, NOTHING)
    assert verdict.decided_by == "crossentropy_ratio"
    assert verdict.margin > 20
    assert verdict.wrong == 0


def test_a_model_on_the_threshold_is_graded_by_chance() -> None:
    verdict = judge(normal(0.2, 0.9), LIMITS, FULL)
    assert abs(verdict.margin) < 0.5
    assert 0.3 < verdict.wrong < 0.7


def test_the_tail_allows_for_a_deviation_measured_on_few_seeds() -> None:
    few, many = (judge(normal(0.24, 0.9, seeds=n), LIMITS, FULL) for n in (8, 200))
    assert few.tail > 10 * many.tail


def test_no_hit_is_bounded_by_the_rule_of_three() -> None:
    assert upper_bound(0, 1000) == pytest.approx(3 / 1000, rel=0.01)
    # Clopper and Pearson's one-sided interval for 5 of 100, from the beta distribution
    assert upper_bound(5, 100) == pytest.approx(0.1023, abs=2e-4)


def test_a_page_has_a_row_for_each_model() -> None:
    verdict = judge(normal(0.3, 0.9), LIMITS, FULL)
    tables = [(task, [(entry, verdict) for entry in task.entries]) for task in TASKS]
    text = page(tables, seeds=50)
    assert all(f"| {entry.label} |" in text for task in TASKS for entry in task.entries)
    widths = {row.count("|") for row in text.splitlines() if row.startswith("|")}
    assert len(widths) == 1


def test_only_models_with_one_right_grade_can_be_too_near() -> None:
    entry = TASKS[0].entries[0]
    verdict = judge(normal(0.2, 0.9), LIMITS, FULL)
    assert too_near(entry, verdict)
    partial = next(e for t in TASKS for e in t.entries if e.earns == PART)
    assert not too_near(partial, verdict)
    assert line(partial, verdict).endswith("| — | — | — |")


def test_samples_are_paired() -> None:
    given, theirs = Run(0.1, 0.6, 0.8, [], []), Run(0.2, 0.5, 0.7, [], [])
    found = samples(Comparison([given], [theirs]))
    assert found["reduction"][0] == pytest.approx(1 - 0.3 / 0.5)
    assert found["crossentropy_ratio"][0] == pytest.approx(0.5 / 0.6)
    assert found["accuracy"][0] == 0.7
