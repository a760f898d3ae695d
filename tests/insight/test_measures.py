"""The numbers of the class report, derived again with NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.grading.results import StoredResults
from autograder.i18n import Message
from autograder.insight.collect import ClassData, Work
from autograder.insight.measures import (
    CheckStatistics,
    check_statistics,
    discrimination,
    histogram,
    notebook_points,
    pictures,
    state_of,
    task_states,
)
from autograder.insight.misconceptions import misconceptions, to_teach
from autograder.records import CheckResult, Outcome, TaskGrade
from autograder.units.regularization.charts import of_class

TOO_SMALL = "Your penalty is {found:g}."
MAXIMUM = 10


def work(student: str, passed: bool, other: float, problem: str = "", name: str = "2_l1_l2") -> Work:
    """A learner's notebook with one check that passed or not, and other points."""
    result = CheckResult(
        "penalty", "l2", "It holds.", 2, Outcome.PASSED if passed else Outcome.FAILED, 2.0 * passed,
        None if passed else Message(TOO_SMALL, {"found": other}),
        picture={"reduction": [0.1, 0.2, 0.3], "strengths": {"l2": 0.001}}, problem=problem,
    )  # fmt: skip
    results = StoredResults("en", {"penalty": TaskGrade("penalty", [result])}, seconds=3.0)
    return Work(student, name, student, 2 * passed + other, results=results)


def school(*rows: tuple[bool, float]) -> ClassData:
    """A class: whether each passed the check, and the rest of the points."""
    works = [work(f"s{i}", passed, rest) for i, (passed, rest) in enumerate(rows)]
    return ClassData("unit", {"2_l1_l2": MAXIMUM}, works)


def check(*rows: tuple[bool, float]) -> CheckStatistics:
    (found,) = check_statistics(school(*rows))
    return found


def test_discrimination_is_the_correlation_of_passing_with_the_rest_of_the_points() -> None:
    rng = np.random.default_rng(0)
    passed = rng.random(50) < 0.6
    rest = rng.normal(size=50) + passed
    assert discrimination(list(passed), list(rest)) == pytest.approx(np.corrcoef(passed, rest)[0, 1])


def test_discrimination_needs_both_outcomes_and_differing_points() -> None:
    assert discrimination([True, True], [1, 2]) is None
    assert discrimination([True, False], [1, 1]) is None
    assert discrimination([], []) is None


def test_a_check_tells_how_many_passed_and_what_it_earned() -> None:
    found = check((True, 5), (True, 6), (False, 1), (False, 2))
    assert (found.judged, found.passed, found.mean) == (4, 2, 1.0)
    assert found.discrimination == pytest.approx(np.corrcoef([1, 1, 0, 0], [5, 6, 1, 2])[0, 1])


def test_who_handed_in_one_notebook_is_compared_by_shares() -> None:
    passed, rest = [True, False] * 10, [5.0 + i % 7 / 4 for i in range(20)]
    one = [work(f"s{i}", p, r) for i, (p, r) in enumerate(zip(passed, rest, strict=True))]
    more = [Work(w.student, "3_dropout", w.student, 100 * w.score / MAXIMUM) for w in one[::2]]
    (found,) = check_statistics(ClassData("unit", {"2_l1_l2": MAXIMUM, "3_dropout": 100}, [*one, *more]))
    assert found.discrimination is not None
    assert abs(found.discrimination) < 0.6  # by sums it is 0.99: those who passed are those with two notebooks


def test_the_discrimination_of_few_answers_is_not_shown() -> None:
    few, many = ([(i % 2 == 0, float(i % 7)) for i in range(n)] for n in (19, 20))
    assert [check(*few).telling is None, check(*many).telling is None] == [True, False]
    assert check(*[(i > 3, float(i % 7)) for i in range(40)]).telling is None  # four failed


def test_a_check_that_nearly_nobody_passes_may_be_wrong() -> None:
    assert check(*[(i < 1, float(i % 5)) for i in range(10)]).fault == "nobody"
    assert check(*[(i < 2, float(i % 5)) for i in range(10)]).fault == ""
    assert check(*[(False, float(i % 5)) for i in range(9)]).fault == ""


def test_a_check_that_good_learners_fail_may_be_wrong_and_one_that_weak_ones_fail_is_not() -> None:
    upside_down = [(i < 15, float(i % 15 < 8 if i < 15 else 5)) for i in range(30)]
    assert check(*upside_down).fault == "good"
    assert check(*[(not passed, rest) for passed, rest in upside_down]).fault == ""


def test_a_check_that_broke_once_is_still_judged_by_its_other_answers() -> None:
    data = school(*[(i < 4, float(i)) for i in range(10)])
    broken = work("eve", False, 1)
    assert broken.results is not None
    (result,) = broken.results.grades["penalty"].results
    broken.results.grades["penalty"].results[0] = replace(result, outcome=Outcome.ERROR)  # type: ignore[index]
    data = replace(data, works=[*data.works, broken])
    (found,) = check_statistics(data)
    assert (found.broke, found.judged, found.fault) == (1, 10, "")
    (task,) = to_teach(misconceptions(data, task_states(data)), [found], data)
    assert (task.count, task.answered) == (6, 10)


def test_a_correlation_below_nought_by_chance_accuses_no_check() -> None:
    rng = np.random.default_rng(4)
    accused = 0
    for _ in range(300):  # a fair check: those who know more pass more often
        rest = rng.normal(5, 2, size=30)
        passed = rest + rng.normal(0, 4, size=30) > 5
        accused += check(*zip(map(bool, passed), map(float, rest), strict=True)).fault != ""
    assert accused <= 3


def test_blanks_stopped_code_and_broken_files_are_no_mistakes() -> None:
    problems = ["", "not written", "raised", "unreadable", "refused"]
    works = [work(f"s{i}", False, float(i), problem) for i, problem in enumerate(problems)]
    data = ClassData("unit", {"2_l1_l2": MAXIMUM}, [*works, work("right", True, 3)])
    (states,) = task_states(data)
    assert states.learners == {"mistake": 2, "blank": 1, "stopped": 1, "no file": 1, "done": 1}
    assert (states.answered, states.unanswered, states.all) == (3, 3, 6)
    (found,) = check_statistics(data)
    assert (found.judged, found.passed) == (3, 1)
    (said,) = misconceptions(data, [states])
    assert (said.count, said.answered) == (2, 3)


def test_an_answer_of_which_a_part_is_right_was_not_left_blank() -> None:
    half = [
        CheckResult("t", "one", "", 1.0, Outcome.PASSED, 1.0),
        CheckResult("t", "two", "", 1.0, Outcome.FAILED, problem="not written"),
    ]
    assert [state_of(TaskGrade("t", found)) for found in (half, half[1:])] == ["mistake", "blank"]


def test_mistakes_are_counted_by_sentence_whatever_its_numbers() -> None:
    data = school((False, 1), (False, 2), (True, 8))
    (found,) = misconceptions(data, task_states(data))
    assert (found.messages[0].text, found.count, found.answered) == (TOO_SMALL, 2, 3)


def test_what_fails_at_a_check_that_may_be_wrong_is_not_taught_again() -> None:
    data = school(*[(False, float(i)) for i in range(10)])
    found = misconceptions(data, task_states(data))
    assert found[0].count == 10
    assert to_teach(found, check_statistics(data), data) == []
    right = school(*[(i < 4, float(i)) for i in range(10)])
    (task,) = to_teach(misconceptions(right, task_states(right)), check_statistics(right), right)
    assert (task.task, task.count, task.answered) == ("penalty", 6, 10)


def test_points_are_told_for_each_notebook_of_those_who_handed_it_in() -> None:
    data = ClassData(
        "unit", {"1_gap": 4, "2_l1_l2": MAXIMUM, "3_dropout": 6},
        [Work("ada", "1_gap", "1", 3), Work("bob", "1_gap", "2", 1), Work("ada", "2_l1_l2", "3", 7)],
    )  # fmt: skip
    found = {n.notebook: (n.maximum, list(n.points), n.median) for n in notebook_points(data)}
    assert found == {"1_gap": (4, [1, 3], 2), "2_l1_l2": (10, [7], 7), "3_dropout": (6, [], 0)}
    assert data.notebooks == {"ada": 2, "bob": 1}


def test_every_trained_model_is_an_effect() -> None:
    found = of_class(pictures(school((True, 1), (False, 2))), "en")
    assert found is not None
    assert found.rows == [{"task": "penalty", "kind": "l2", "strength": 0.001, "reduction": 0.2}] * 2


def test_the_histogram_counts_everyone_once() -> None:
    assert histogram([0, 0.9, 1, 10, 12, -1], 10) == [3, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert sum(histogram([1, 2], 0)) == 2
