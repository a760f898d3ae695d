"""`lab.train` in a sandbox has equal trainings run once by the trusted process, and gets the numbers it would get."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.grading.grader import Grader
from tests.mini.jobs import TRAINING, job, lab_files, printed

TRAIN = """
import json, hashlib, numpy as np, lab, keras
def build(seed, rate):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(16, "relu"),
        keras.layers.Dropout(rate), keras.layers.Dense(10, "softmax", kernel_regularizer="l2")])
def told(model, history):
    rows = {k: [v[0], v[-1]] for k, v in history.history.items()}
    return {"rows": rows, "state": [int(v) for v in model.layers[2].seed_generator.state.numpy()],
            "weights": float(np.abs(model.layers[1].kernel.numpy()).sum()), "epochs": len(history.epoch)}
"""
RUN = "model = build(1, 0.25); print(json.dumps(told(model, lab.train(model, epochs=3, progress=False))))"
HERE = f"import labkit.elsewhere as e; e.ADDRESS = '/nowhere'; {RUN}"


@pytest.fixture
def grader(tmp_path: Path) -> Iterator[Grader]:
    grader = Grader(tmp_path)
    yield grader
    grader.close()


def trainings(folder: Path) -> int:
    return len(list((folder / "trainings").glob("??/*.json")))


def test_a_training_asked_of_the_trusted_process_equals_one_in_the_kernel(grader: Grader, tmp_path: Path) -> None:
    outcome = grader.grade(job([TRAIN, RUN, HERE], unit=TRAINING, files=lab_files()))
    assert outcome.fault == ""
    assert trainings(tmp_path) == 1  # the second cell trained in the kernel
    there, here = (json.loads(printed(outcome.outputs, index)) for index in (1, 2))
    assert there["epochs"] == 3
    assert there["state"] == here["state"]
    assert there["weights"] == pytest.approx(here["weights"], rel=1e-4)
    for name, values in there["rows"].items():
        np.testing.assert_allclose(values, here["rows"][name], rtol=1e-3, atol=1e-3)


def test_equal_trainings_of_two_learners_run_once(grader: Grader, tmp_path: Path) -> None:
    first = grader.grade(job([TRAIN, RUN], unit=TRAINING, files=lab_files()))
    second = grader.grade(job([TRAIN, "# another learner", RUN], unit=TRAINING, files=lab_files(), student="bob"))
    assert trainings(tmp_path) == 1
    assert printed(first.outputs, 1) == printed(second.outputs, 2)


def test_what_is_refused_is_trained_in_the_kernel(grader: Grader, tmp_path: Path) -> None:
    late = (
        "model = build(1, 0.0); model.layers[1].kernel_regularizer = keras.regularizers.L2(1.0)\n"
        "print(lab.train(model, epochs=2, progress=False).history['loss'][0])"
    )
    changed = f"class Mine(keras.layers.Dense):\n    pass\nkeras.layers.Dense = Mine\n{RUN}"
    outcome = grader.grade(job([TRAIN, late, changed], unit=TRAINING, files=lab_files()))
    assert float(printed(outcome.outputs, 1)) < 5  # a regularizer set after building penalises nothing
    assert json.loads(printed(outcome.outputs, 2))["epochs"] == 3
    assert trainings(tmp_path) == 1  # what `late` describes was trained, and not handed out


def test_a_flood_of_requests_gains_nothing(grader: Grader, tmp_path: Path) -> None:
    flood = """
import socket
def ask(data):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect("/run/lab/training")
        try:
            s.sendall(data)
        except OSError as error:
            return type(error).__name__.encode()
        try:
            return s.recv(100)
        except OSError as error:
            return type(error).__name__.encode()
"""
    asks = """
requests = [b"\\n", b"{}\\n", b"[" * 100000 + b"\\n", b'{"do": "check"}\\n', b"\\xff\\n", b'{"config": 1}\\n']
print(sorted({ask(r) for r in requests}))
print(ask(b"x" * (20 << 20) + b"\\n") in (b"", b"ConnectionResetError", b"BrokenPipeError"))
idle = [socket.socket(socket.AF_UNIX) for _ in range(50)]
for s in idle:
    s.connect("/run/lab/training")
"""
    outcome = grader.grade(job([flood, asks], unit=TRAINING, files={}))
    assert outcome.fault == ""
    assert outcome.death == ""
    assert printed(outcome.outputs, 1) == "[b'']\nTrue\n"
    assert trainings(tmp_path) == 0
