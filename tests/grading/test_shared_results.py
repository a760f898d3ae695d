"""What a task's results depend on: who gave the same is looked at once, and who wrote the same program is run once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.grader import Grader
from autograder.grading.job import Graded
from autograder.records import Files, Plan
from tests.mini.asked import asked_for
from tests.mini.jobs import CHECKS, KERAS, job, printed

TEXT = '''
from autograder.checks.api import Task, require
from autograder.families.keras import models

build = Task("build")
model = build.model("build_model")
double = Task("double")
doubled = double.call("double", lambda rng: [[float(rng.normal())] for _case in range(3)])


@build.check(points=2)
def one_unit(model):
    """The model has one unit."""
    found = models.form(model, "build_model").weights
    require(found == ((3, 1), (1,)), "It has the shapes {found}.", found=str(found))


@double.check(points=1)
def twice(doubled):
    """Twice the number."""
    require(all(call.result == 2 * call.arguments[0] for call in doubled), "It is not.")
'''
UNIT = replace(KERAS, files=Files({**KERAS.files.content, "m/__init__.py": b"", CHECKS: TEXT.encode()}))
DOUBLE = "def double(x):\n    return 2 * x"
SPELLINGS = (
    "import keras\ndef build_model():\n"
    "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name='mine')])",
    "from keras import layers, models\n[layers.Dense(9) for _try in range(5)]\ndef build_model():\n"
    "    model = models.Sequential(name='another')\n    model.add(layers.Input(shape=(3,)))\n"
    "    model.add(layers.Dense(units=1, activation='linear'))\n    model.compile(loss='mse')\n    return model",
)
WRONG = SPELLINGS[0].replace("Dense(1", "Dense(2")


@pytest.fixture
def grader(tmp_path: Path) -> Iterator[Grader]:
    made = Grader(tmp_path)
    yield made
    made.close()


def graded(grader: Grader, student: str, build: str, double: str = DOUBLE, *more: str) -> Graded:
    cells = [build, "# test: build", double, "# test: double", *more]
    found = grader.grade(job(cells, unit=UNIT, student=student))
    assert not found.fault
    return found


def earned(found: Graded) -> dict[str, float]:
    return {task: sum(result.earned for result in grade.results) for task, grade in found.grades.items()}


def test_equal_models_are_looked_at_once_for_a_class_and_drawn_inputs_for_each_program(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = asked_for(grader, UNIT.family, monkeypatch)
    all_of_it = {"build": 2.0, "double": 1.0}
    assert [earned(graded(grader, who, build)) for who, build in zip("ab", SPELLINGS, strict=True)] == [all_of_it] * 2
    assert looked_at == [{"build", "double"}, {"double"}]
    assert earned(graded(grader, "c", WRONG)) == {"build": 0.0, "double": 1.0}
    assert looked_at[-1] == {"build", "double"}


def test_equal_programs_are_executed_once_whoever_wrote_them(grader: Grader) -> None:
    clock = "import time\nprint(time.perf_counter_ns())"
    one = graded(grader, "a", WRONG, DOUBLE, clock)
    other = graded(grader, "b", f"# mine\n{WRONG}", DOUBLE.replace("2 * x", "(2*x)  # twice"), clock)
    assert printed(one.outputs, 4) == printed(other.outputs, 4)
    assert earned(one) == earned(other) == {"build": 0.0, "double": 1.0}
    changed = graded(grader, "c", WRONG, DOUBLE.replace("2 * x", "x + x"), clock)
    assert printed(one.outputs, 4) != printed(changed.outputs, 4)
    assert earned(changed) == earned(one)


def test_what_a_question_told_is_of_no_use_in_another_attempt(grader: Grader) -> None:
    tell = "seen = []\ndef double(x):\n    seen.append(x)\n    return 2 * x"
    one = graded(grader, "a", WRONG, tell, "print(seen)")
    seen = json.loads(printed(one.outputs, 4))
    assert len(seen) == 3
    known = f"known = { ({x: 2 * x for x in seen}) }\n"
    for student in "ab":
        inside = graded(grader, student, WRONG, f"{known}def double(x):\n    return known.get(x, 0)")
        before = graded(grader, student, f"{known}{WRONG}", "def double(x):\n    return known.get(x, 0)")
        assert earned(inside)["double"] == earned(before)["double"] == 0


def names(cells: list[str], files: dict[str, bytes] | None = None) -> dict[str, list[str]]:
    return job(cells, files=files).names


def test_inputs_are_those_of_what_is_executed_before_the_question() -> None:
    tests = "# test: build", "# test: double"
    base = names(["a = 1", tests[0], "b = 2", tests[1], "c = 3"])
    assert base["build"] != base["double"]
    assert base == names(["a=1  # one", "# a note", tests[0], "b = (2)", tests[1], "c = 4", "d = 5"])
    later = names(["a = 1", tests[0], "b = 3", tests[1], "c = 3"])
    assert later["build"] == base["build"]
    assert later["double"] != base["double"]
    assert not set(map(tuple, base.values())) & set(map(tuple, names(["a = 2", *tests]).values()))
    beside = names(["a = 1", tests[0], "b = 2", tests[1], "c = 3"], {"mine.py": b"a = 1"})
    assert all(beside[task] != base[task] for task in base)


def test_of_a_program_that_may_read_its_text_the_text_counts() -> None:
    read = ["from inspect import getsource", "# test: build"]
    assert names([*read]) != names(["from inspect import getsource  # 0.123", read[1]])


def test_a_question_with_an_input_or_an_argument_is_drawn() -> None:
    plan = Plan(
        {
            "value": {"p": {"kind": "value", "target": "x"}},
            "model": {"p": {"kind": "call", "target": "f", "cases": [[]], "inputs": []}},
            "argument": {"p": {"kind": "value", "target": "x"}, "q": {"kind": "call", "cases": [[{"json": 1}]]}},
            "input": {"p": {"kind": "call", "target": "f", "cases": [[]], "inputs": [{"json": 1}]}},
        }
    )
    assert plan.drawn == ["argument", "input"]
