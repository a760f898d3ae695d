"""What one notebook may leave behind and use up is bounded, whatever kind of message or work it is."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.execution.runner import Limits
from autograder.grading.budget import Budget
from autograder.grading.grader import Grader, execute
from autograder.grading.job import Graded
from autograder.records import Plan
from tests.mini.course import REFERENCE
from tests.mini.jobs import CHECKS, TRAINING, UNIT, job, printed, with_checks

ANSWERS = [REFERENCE["double"], "# test: double", REFERENCE["word"], "# test: word"]
FULL = {"double": 3.0, "word": 3.0}


def size(outcome: Graded) -> int:
    return len(json.dumps(outcome.to_json()))


UPDATES = """
from IPython.display import display, update_display
for i in range(6):
    display({{"text/plain": "a"}}, raw=True, display_id=str({name}))
for i in range(6):
    update_display({{"text/plain": "x" * {size}}}, raw=True, display_id=str({name}))
print("done")
"""


@pytest.mark.parametrize(("name", "size_"), [("i", 2_000_000), ("7", 500_000)])
def test_a_display_that_is_changed_counts_as_one_that_is_shown(grader: Grader, name: str, size_: int) -> None:
    outcome = grader.grade(job([UPDATES.format(name=name, size=size_), *ANSWERS]))
    assert size(outcome) < 3 << 20
    assert {task: grade.score for task, grade in outcome.grades.items()} == FULL


def test_what_lies_beside_evidence_is_shown_in_no_others_place(grader: Grader) -> None:
    beside = UPDATES.replace('"text/plain": "x"', '"application/vnd.autograder.evidence+json": 1, "text/plain": "x"')
    outcome = grader.grade(job([beside.format(name="i", size=2_000_000), *ANSWERS]))
    assert size(outcome) < 3 << 20
    assert {task: grade.score for task, grade in outcome.grades.items()} == FULL


def test_a_display_that_is_changed_often_costs_what_it_shows_at_last(grader: Grader) -> None:
    live = """
from IPython.display import display
handle = display({"text/plain": ""}, raw=True, display_id="live")
for i in range(60):
    handle.update({"text/plain": f"{i} " + "." * 50_000}, raw=True)
print("done")
"""
    outcome = grader.grade(job([live, *ANSWERS]))
    assert printed(outcome.outputs, 0) == "done\n"
    assert outcome.outputs[0][0]["data"]["text/plain"].startswith("59 ")


def test_the_outputs_of_all_cells_are_bounded_together(grader: Grader) -> None:
    limits = Limits(output_bytes=100_000, all_output_bytes=250_000)
    outcome = grader.grade(job([*(["print('x' * 90_000)"] * 10), *ANSWERS], limits=limits))
    assert size(outcome) < 300_000
    assert {task: grade.score for task, grade in outcome.grades.items()} == FULL
    assert "cut" in printed(outcome.outputs, 9)


def test_the_evidence_of_all_tasks_is_bounded_together(grader: Grader, tmp_path: Path) -> None:
    long = "word = ['x' * 9_000] * 20"
    limits = Limits(evidence_bytes=250_000, all_evidence_bytes=100_000)
    outcome = grader.grade(job([long, "# test: word", REFERENCE["double"], "# test: double"], limits=limits))
    assert outcome.grades["word"].score == 0
    assert outcome.grades["double"].score == 0


SLOW_CHECKS = (
    UNIT.files.content[CHECKS]
    .decode()
    .replace("    require(the_word", "    while the_word == 'slow':\n        pass\n    require(the_word")
)


def test_a_task_that_takes_too_long_costs_its_own_points_only(grader: Grader) -> None:
    cells = ["word = 'slow'", "# test: word", REFERENCE["double"], "# test: double"]
    outcome = grader.grade(job(cells, unit=with_checks(SLOW_CHECKS), limits=Limits(work_seconds=12)))
    assert outcome.fault == ""
    assert {task: grade.score for task, grade in outcome.grades.items()} == {"word": 0.0, "double": 3.0}
    (late,) = outcome.grades["word"].results
    assert "more computing time" in late.message.render()
    assert not outcome.settled


def test_a_cell_that_is_stopped_for_time_is_told_to_each_reader_in_their_language(grader: Grader) -> None:
    cells = ["import time\ntime.sleep(60)\nword = 'late'", "# test: word"]
    asked = job(cells, limits=Limits(cell_seconds=2))
    outcome = grader.grade(replace(asked, submission=replace(asked.submission, language="fr")))
    assert outcome.outputs[0][-1]["evalue"] == "Cette cellule a été arrêtée après 2 secondes."
    message = outcome.grades["word"].results[0].message
    assert message is not None
    assert "This cell was stopped after 2 seconds." in message.render("en")
    assert "Cette cellule a été arrêtée après 2 secondes." in message.render("fr")


def test_a_kernel_has_so_much_time_over_all_cores_and_is_not_started_again(grader: Grader) -> None:
    busy = """
import os, time
for i in range(4):
    if os.fork() == 0:
        while True: pass
time.sleep(100)
"""
    began = time.monotonic()
    outcome = grader.grade(job([busy, *ANSWERS], limits=Limits(work_seconds=9)))
    assert outcome.death
    assert time.monotonic() - began < 60
    assert {task: grade.score for task, grade in outcome.grades.items()} == dict.fromkeys(FULL, 0.0)


def test_trainings_and_kernels_take_from_the_same_time(grader: Grader) -> None:
    flood = """
import json, socket
answers = 0
for i in range(40):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/run/lab/training"); s.sendall(json.dumps({"seed": i}).encode() + b"\\n")
        answers += bool(s.recv(100))
print("answers", answers)
"""
    budget = Budget(100.0)
    trusted = grader.trusted(TRAINING.family)
    trusted.start()
    asyncio.run(execute(job([flood], unit=TRAINING), Plan({}), trusted, budget))
    assert 0 < budget.spent < 100
