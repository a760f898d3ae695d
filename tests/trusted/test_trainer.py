"""The process that trains for the forked checks: the same numbers with it and without it; it ends with its worker."""

import asyncio
import json
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil
import pytest

from autograder.checks.evidence import encode_array
from autograder.families.keras import trainer
from autograder.families.keras.models import config_of_given
from autograder.families.keras.training import loss_of
from autograder.grading.client import TrustedProcess
from autograder.units.regularization import datasets
from autograder.units.regularization import unit as course

BATCH = 250


def model(strength: float) -> Any:
    keras.utils.set_random_seed(3)
    penalty = keras.regularizers.L2(strength)
    hidden = [keras.layers.Dense(16, "relu", kernel_regularizer=penalty), keras.layers.Dropout(strength)]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *hidden, keras.layers.Dense(10, "softmax")])


def request(strength: float, epochs: int = 2) -> str:
    """What `lab.train` asks for."""
    asked, (x, y) = model(strength), datasets.load("train")
    variables = [encode_array(v.numpy()) for v in asked.variables]
    settings = {"epochs": epochs, "batch_size": BATCH, "learning_rate": 1e-3, "seed": 0}
    return json.dumps(
        {"config": asked.to_json(), "variables": variables, "loss": loss_of(asked, x[:64], y[:64]), **settings}
    )


class Worker:
    """A trusted process, jailed; without a store it remembers no training."""

    def __init__(self, store: Path | None = None) -> None:
        self.trusted = TrustedProcess(store, str(course.family))
        self.trusted.start()
        assert self.trusted._process is not None
        self.jail = psutil.Process(self.trusted._process.pid)

    def answer(self, strength: float, epochs: int = 2) -> dict[str, Any]:
        """Of a training."""
        asked = self.trusted.request(course.source, do="answer", text=request(strength, epochs))
        return asyncio.run(self.trusted.ask(asked, seconds=120))

    def helper(self) -> psutil.Process:
        """The one process that stays of those forked from the one that accepts requests."""
        deadline = time.monotonic() + 30
        while len(found := list(self._forked())) != 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found[0]

    def _forked(self) -> Iterator[psutil.Process]:
        for process in self.jail.children(recursive=True):
            with suppress(psutil.Error):  # it ends just now
                words, above = process.cmdline(), process.parent()
                if words[0] == sys.executable and above and above.cmdline() == words:
                    yield process


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.trusted.close()


def test_a_training_is_the_same_in_whichever_process_and_after_whatever_other_one(worker: Worker) -> None:
    first = worker.answer(0.3)
    helper = worker.helper()
    assert worker.answer(0.001) != first
    assert worker.answer(0.3) == first
    assert worker.helper() == helper
    helper.send_signal(signal.SIGSTOP)  # the child waits a moment, and trains by itself
    assert worker.answer(0.3) == first
    helper.kill()
    assert worker.answer(0.3) == first
    assert worker.helper() != helper


def test_a_trainer_killed_at_work_changes_no_number(worker: Worker) -> None:
    right = worker.answer(0.2, epochs=100)
    helper = worker.helper()
    killed = []

    def kill() -> None:
        before, deadline = helper.cpu_times().user, time.monotonic() + 60
        while helper.cpu_times().user < before + 0.1 and time.monotonic() < deadline:
            time.sleep(0.005)
        helper.kill()
        killed.append(helper.pid)

    thread = threading.Thread(target=kill)
    thread.start()
    assert worker.answer(0.2, epochs=100) == right
    thread.join()
    assert killed


@pytest.mark.parametrize("victim", ["jail", "checker"])
def test_it_ends_with_its_worker(victim: str) -> None:
    worker = Worker()
    try:
        worker.answer(0.3)
        everything = worker.jail.children(recursive=True)
        helper = worker.helper()
        killed = worker.jail if victim == "jail" else helper.parent()
        assert killed is not None
        killed.kill()
        assert psutil.wait_procs([*everything, helper], timeout=30)[1] == []
    finally:
        worker.trusted.close()


def test_it_takes_what_a_learners_config_may_name_and_nothing_else() -> None:
    asked = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x), keras.layers.Dense(2)])
    parts = [json.dumps({"config": config_of_given(asked), "arrays": [], "settings": {}, "measured": None}).encode()]
    with pytest.raises(Exception, match="not taken here"):
        trainer.work(parts, lambda: None)


@pytest.mark.parametrize("kind", [["object", [1]], ["float32", [2]], ["float32", [-1, -1]]])
def test_what_is_no_array_is_refused(kind: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        list(trainer._arrays([kind], [b"1234"]))


def test_fifty_trainings_of_other_strengths_need_no_more_memory_than_five() -> None:
    def own_memory() -> int:
        _all, resident, shared, *_rest = map(int, Path("/proc/self/statm").read_text().split())
        return (resident - shared) * resource.getpagesize()

    rng = np.random.default_rng(0)
    data = rng.random((64, 28, 28), "float32"), rng.integers(10, size=64)
    used = []
    for number in range(50):
        asked = model(0.01 + number / 100)
        variables = [v.numpy() for v in asked.variables]
        trainer.train(
            config_of_given(asked), variables, data, data, epochs=1, batch_size=32, learning_rate=1e-3, seed=number
        )
        used.append(own_memory())
    assert used[-1] - used[4] < 30 << 20
