"""What a check measures does not depend on the machine: threads, and oneDNN's other order of summation."""

import json
import os
import subprocess
import sys

import pytest

from autograder.units.regularization import gaps

pytestmark = pytest.mark.slow
# two models of each of the calibrated tasks of two chapters, as `calibrate` and grading train them
PROGRAM = """
import json, sys, tempfile
from pathlib import Path
from autograder.units.regularization.classifiers import settled
from autograder.units.regularization.training import DATA
from autograder.units.regularization.calibrate.reference_models import TASKS
from autograder.store import Store
from autograder.families.keras.runs import PAIRS, Trainer
from autograder.checks.seeds import derive

seeds = [derive("calibration", "training", str(number)) for number in range(PAIRS)]
with tempfile.TemporaryDirectory() as folder:
    trainer = Trainer(Store(Path(folder)), seeds, DATA)
    medians = {}
    for task in TASKS[:2]:
        given = task.given.config(task.flat)
        for entry in (task.entries[0], task.entries[4]):
            found = settled(trainer.compare(given, entry.recipe.config(task.flat), flat=task.flat))
            medians[entry.label] = [found.reduction, found.crossentropy_ratio]
print(json.dumps(medians))
"""
MACHINES = {
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}


def measured(environment: dict[str, str]) -> dict[str, list[float]]:
    """Model → its median reduction of the gap and cross-entropy ratio."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def here() -> dict[str, list[float]]:
    return measured({})


@pytest.mark.parametrize("machine", MACHINES)
def test_medians_stay_far_within_the_margins(machine: str, here: dict[str, list[float]]) -> None:
    there = measured(MACHINES[machine])
    margin = gaps.PENALTY.full - gaps.PENALTY.none
    for label, values in here.items():
        assert there[label] == pytest.approx(values, abs=margin / 4), label
