"""A result says why there was no answer to look at, so that blanks are told from mistakes."""

import numpy as np
import pytest

from autograder.checks.api import Failed, Probe, problem_of
from autograder.checks.evidence import NoAnswer
from autograder.i18n import Message
from autograder.records import TIMEOUT, BrokenCell, CheckResult, Outcome
from tests.checks.harness import grade

STUB = "def validation_gap(history):\n    raise NotImplementedError()"


def first(code: str) -> CheckResult:
    return next(r for r in grade("1_gap", "gap", code) if r.outcome is Outcome.FAILED)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (STUB, "not written"),
        ("", "missing"),
        ("def validation_gap(history):\n    raise ValueError('no')", "raised"),
        ("validation_gap = 3", "not callable"),
        ("def validation_gap(history):\n    return [0.0]", ""),
    ],
)
def test_a_result_says_why_there_was_no_answer(code: str, problem: str) -> None:
    found = first(code)
    assert found.problem == problem
    assert CheckResult.from_json(found.to_json()) == found


def test_a_cell_left_as_it_was_handed_out_is_a_blank_also_where_it_was_to_define_a_value() -> None:
    stopped = Message("The cell … stopped …", {"error": "NotImplementedError", "said": ""})
    assert problem_of(NoAnswer("stopped", "", stopped), {}) == "not written"
    assert problem_of(NoAnswer("stopped", "", Message("…", {"error": "NameError"})), {}) == "stopped"


def test_a_mistake_that_a_probe_names_by_what_was_raised_is_a_mistake() -> None:
    own = {"unexpected keyword": "Give `call` the argument `training`.", "not written": "A method is not written yet."}
    assert problem_of(NoAnswer("raised", "TypeError", "unexpected keyword 'training'"), own) == ""
    assert problem_of(NoAnswer("not written"), own) == "not written"


def test_a_sweep_that_was_stopped_for_time_is_told_so_by_name() -> None:
    cell = "val_losses = {}\nfor rate in rates: val_losses[rate] = fit(rate)\nbest_rate = 0.1"
    said_of_it = Message("This cell was stopped after {seconds} seconds.", {"seconds": 120})
    stopped = BrokenCell(cell, "", TIMEOUT, said_of_it)
    other = BrokenCell("lab.plot()", "", TIMEOUT, said_of_it)
    code = "val_losses, best_rate = {0.1: 0.6}, None"
    (first, _last) = grade("3_dropout", "choose_rate", code, broken=(other, stopped))
    assert first.earned == 0
    assert first.message is not None
    said = first.message.render("en")
    assert said.startswith("The cell that begins with `val_losses = {}` ran too long and was stopped, so")
    assert "after 120 seconds" in said
    assert said.endswith("Entries of `val_losses`: 1. To see where the best one lies, it takes at least 3.")
    assert "`val_losses = {}`" in first.message.render("fr")
    assert "Cette cellule a été arrêtée après 120 secondes." in first.message.render("fr")
    (first, _last) = grade("3_dropout", "choose_rate", code, broken=(other,))
    assert first.message is not None
    assert first.message.render("en").startswith("Entries of `val_losses`: 1.")


@pytest.mark.parametrize("given", [None, {}, [], ()])
def test_a_variable_as_the_task_gives_it_is_not_begun(given: object) -> None:
    with pytest.raises(Failed, match="not filled in") as failed:
        Probe("value", "val_losses").answer(given, np.random.default_rng(0))
    assert failed.value.problem == "not written"


@pytest.mark.parametrize("written", [0, False, "", {0.1: 0.5}, [0]])
def test_any_other_value_is_an_answer(written: object) -> None:
    assert Probe("value", "val_losses").answer(written, np.random.default_rng(0)) == written
