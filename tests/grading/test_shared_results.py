"""What a task's results depend on: learners who gave the same are looked at once, unless inputs are drawn for each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.grader import Grader
from autograder.grading.job import Graded
from autograder.records import Files, Plan
from tests.mini.asked import asked_for
from tests.mini.jobs import CHECKS, KERAS, job

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


def graded(grader: Grader, student: str, build: str) -> Graded:
    cells = [build, "# test: build", DOUBLE, "# test: double"]
    found = grader.grade(job(cells, unit=UNIT, student=student))
    assert not found.fault
    return found


def earned(found: Graded) -> dict[str, float]:
    return {task: sum(result.earned for result in grade.results) for task, grade in found.grades.items()}


def test_equal_models_are_looked_at_once_for_a_class_and_drawn_inputs_for_each(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = asked_for(grader, UNIT.family, monkeypatch)
    all_of_it = {"build": 2.0, "double": 1.0}
    assert [earned(graded(grader, who, build)) for who, build in zip("ab", SPELLINGS, strict=True)] == [all_of_it] * 2
    assert looked_at == [{"build", "double"}, {"double"}]
    assert earned(graded(grader, "c", WRONG)) == {"build": 0.0, "double": 1.0}
    assert looked_at[-1] == {"build", "double"}


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
