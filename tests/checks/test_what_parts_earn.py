"""Chapters 1 and 2 without trainings: who misses the point earns half at most, an answer without effect nothing."""

import importlib

import pytest

from tests.checks.harness import grade

WITHOUT_EFFECT = {
    ("1_gap", "gap"): ("zeros", "last epoch only"),
    ("1_gap", "eval_mode"): ("the same for every model", "loss of a training"),
    ("2_l1_l2", "l2_layer"): ("none", "set after build", "frozen"),
    ("2_l1_l2", "l1_layer"): ("none", "frozen"),
    ("2_l1_l2", "elastic"): ("nothing mended", "frozen"),
    ("2_l1_l2", "split_loss"): ("made up", "one number"),
}
AT_MOST_HALF = {
    ("1_gap", "gap"): ("penalised", "accuracies"),
    ("1_gap", "eval_mode"): ("both from evaluate", "both from predict"),
    ("2_l1_l2", "l2_layer"): ("L1", "by name", "activity", "on the output"),
    ("2_l1_l2", "l1_layer"): ("L2", "λ of the last task"),
    ("2_l1_l2", "elastic"): ("exchanged", "as posted"),
    ("2_l1_l2", "split_loss"): ("penalised", "penalty twice"),
}
# what is right beside a mistake keeps its points
KEEPS = {
    ("2_l1_l2", "l2_layer", "other activation"): 2.5,
    ("2_l1_l2", "elastic", "functions of its own"): 1.5,  # the layers, and the bias
    ("2_l1_l2", "split_loss", "add_n"): 3.5,
}


def earned(notebook: str, task: str, label: str) -> tuple[float, float]:
    wrong = importlib.import_module(f"tests.checks.answers_{notebook}").WRONG[task][label]
    results = grade(notebook, task, wrong.code)
    return sum(r.earned for r in results), sum(r.points for r in results)


def cases(table: dict[tuple[str, str], tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(notebook, task, label) for (notebook, task), labels in table.items() for label in labels]


@pytest.mark.parametrize(("notebook", "task", "label"), cases(WITHOUT_EFFECT))
def test_an_answer_without_effect_earns_nothing(notebook: str, task: str, label: str) -> None:
    assert earned(notebook, task, label)[0] == 0


@pytest.mark.parametrize(("notebook", "task", "label"), cases(AT_MOST_HALF))
def test_an_answer_that_misses_the_point_earns_at_most_half(notebook: str, task: str, label: str) -> None:
    points, most = earned(notebook, task, label)
    assert points <= most / 2


@pytest.mark.parametrize(("notebook", "task", "label"), list(KEEPS))
def test_what_is_right_beside_a_mistake_keeps_its_points(notebook: str, task: str, label: str) -> None:
    assert earned(notebook, task, label)[0] == KEEPS[notebook, task, label]
