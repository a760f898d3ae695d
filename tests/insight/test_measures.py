"""The numbers of the class report, derived again with NumPy."""

import numpy as np
import pytest

from autograder.grading.results import StoredResults
from autograder.i18n import Message
from autograder.insight.collect import ClassData, Work
from autograder.insight.measures import check_statistics, diagnoses, discrimination, histogram, pictures
from autograder.records import CheckResult, Outcome, TaskGrade
from autograder.units.regularization.charts import of_class

TOO_SMALL = "Your penalty is {found:g}."


def work(student: str, passed: bool, other: float) -> Work:
    """A learner's notebook with one check that passed or not, and other points."""
    result = CheckResult(
        "penalty", "l2", "It holds.", 2, Outcome.PASSED if passed else Outcome.FAILED, 2.0 * passed,
        None if passed else Message(TOO_SMALL, {"found": other}),
        picture={"reduction": [0.1, 0.2, 0.3], "strengths": {"l2": 0.001}},
    )  # fmt: skip
    results = StoredResults("en", {"penalty": TaskGrade("penalty", [result])}, seconds=3.0)
    return Work(student, "2_l1_l2", student, 2 * passed + other, results=results)


def school(*rows: tuple[bool, float]) -> ClassData:
    """A class: whether each passed the check, and the rest of the points."""
    return ClassData("unit", {"2_l1_l2": 10}, [work(f"s{i}", passed, rest) for i, (passed, rest) in enumerate(rows)])


def test_discrimination_is_the_correlation_of_passing_with_the_rest_of_the_points() -> None:
    rng = np.random.default_rng(0)
    passed = rng.random(50) < 0.6
    rest = rng.normal(size=50) + passed
    found = discrimination(list(passed), list(rest + 2 * passed), list(2.0 * passed))
    assert found == pytest.approx(np.corrcoef(passed, rest)[0, 1])


def test_discrimination_needs_both_outcomes_and_differing_points() -> None:
    assert discrimination([True, True], [1, 2], [0, 0]) is None
    assert discrimination([True, False], [3, 1], [2, 0]) is None
    assert discrimination([], [], []) is None


def test_a_check_tells_how_many_passed_and_what_it_earned() -> None:
    (found,) = check_statistics(school((True, 5), (True, 6), (False, 1), (False, 2)))
    assert (found.answers, found.passed, found.mean) == (4, 0.5, 1.0)
    assert found.discrimination == pytest.approx(np.corrcoef([1, 1, 0, 0], [5, 6, 1, 2])[0, 1])


def test_the_discrimination_of_a_few_answers_is_not_shown() -> None:
    few, many = ([(i % 2 == 0, float(i)) for i in range(n)] for n in (19, 20))
    assert [c.telling is None for c in (*check_statistics(school(*few)), *check_statistics(school(*many)))] == [
        True,
        False,
    ]


def test_diagnoses_are_counted_by_sentence_whatever_its_numbers() -> None:
    (found,) = diagnoses(school((False, 1), (False, 2), (True, 8)))
    assert (found.text, found.count) == (TOO_SMALL, 2)
    assert found.share == pytest.approx(2 / 3)


def test_every_trained_model_is_an_effect() -> None:
    found = of_class(pictures(school((True, 1), (False, 2))), "en")
    assert found is not None
    assert found.rows == [{"task": "penalty", "kind": "l2", "strength": 0.001, "reduction": 0.2}] * 2


def test_the_histogram_counts_everyone_once() -> None:
    assert histogram([0, 0.9, 1, 10, 12, -1], 10) == [3, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert sum(histogram([1, 2], 0)) == 2
