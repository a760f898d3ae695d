"""A wrong answer that misses the point of its task earns at most half of it, one without effect nothing."""

import importlib

import pytest

from tests.checks.harness import grade

pytestmark = pytest.mark.slow  # they train, though the store remembers
WITHOUT_EFFECT = {
    ("2_l1_l2", "choose_lambda"): ("too weak", "none", "bias only", "Dropout"),
    ("3_dropout", "choose_rate"): ("invented", "training losses", "keep", "per cent"),
    ("3_dropout", "dropout_gap"): ("too weak", "nothing", "GaussianDropout", "L2 instead", "on the output layer"),
    ("4_challenge", "challenge"): ("too weak", "given model", "smaller model", "scaled answers", "Lambda"),
    ("1_gap", "capacity"): ("too many parameters", "trained history"),
}
AT_MOST_HALF = {
    ("2_l1_l2", "choose_lambda"): (
        "made up", "a λ that was not tried", "by the penalised loss", "training losses", "collapse of L1",
        "smaller gap by learning less",
    ),
    ("3_dropout", "dropout_gap"): ("collapse", "L2 besides", "MaxNorm besides"),
    ("4_challenge", "challenge"): ("collapse by Dropout", "collapse by L2", "frozen"),
    ("1_gap", "capacity"): ("too small", "no softmax"),
}  # fmt: skip


def share(notebook: str, task: str, label: str) -> float:
    wrong = importlib.import_module(f"tests.checks.answers_{notebook}").WRONG[task][label]
    results = grade(notebook, task, wrong.code)
    return sum(r.earned for r in results) / sum(r.points for r in results)


def cases(table: dict[tuple[str, str], tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(notebook, task, label) for (notebook, task), labels in table.items() for label in labels]


@pytest.mark.parametrize(("notebook", "task", "label"), cases(WITHOUT_EFFECT))
def test_an_answer_without_effect_earns_nothing(notebook: str, task: str, label: str) -> None:
    assert share(notebook, task, label) == 0


@pytest.mark.parametrize(("notebook", "task", "label"), cases(AT_MOST_HALF))
def test_an_answer_that_misses_the_point_earns_at_most_half(notebook: str, task: str, label: str) -> None:
    assert share(notebook, task, label) <= 0.5
