"""`model.fit` beside our `training.train`, and what it costs to decide on a learner's model.

Each repetition times both, in turns, in one process, with the same model, data, epochs and batches; wall-clock and CPU
time, everything included: tracing and compiling, too. A decision is a comparison as checks make it, of a model that
differs in its strength from one that was trained before, in a process of its own with one thread of TensorFlow.

    python -m benchmarks.training [--repeat 3] [--to benchmarks/results/training.json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from autograder.checks.seeds import derive
from autograder.families.keras.models import config_of_given
from autograder.families.keras.runs import PAIRS, Trainer, single_threaded
from autograder.families.keras.training import loss_of, train
from autograder.store import Store
from autograder.units.regularization import datasets
from autograder.units.regularization.gaps import DROPOUT, PENALTY
from autograder.units.regularization.given import given_config
from autograder.units.regularization.training import DATA
from benchmarks.machine import save

EPOCHS, BATCH = 40, 32


def seed_model(seed: int) -> Any:
    """The course's first model: 28×28 → 128 relu → 10 softmax, L2 on the hidden layer."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.L2(0.001)),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def with_fit(seed: int) -> Any:
    """Keras's own loop; the unpenalised cross-entropy as a metric, which the curves need."""
    model = seed_model(seed)
    x, y = datasets.load("train")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", "sparse_categorical_crossentropy"])
    validation = tuple(datasets.load("validation"))
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, validation_data=validation, verbose=0)
    return model


def with_train(seed: int) -> Any:
    """What `lab.train` and the grader run."""
    model = seed_model(seed)
    train(model, datasets.load("train"), datasets.load("validation"), epochs=EPOCHS, seed=seed)
    return model


def timed(way: Callable[[int], Any], seed: int) -> dict[str, float]:
    """Seconds of one training, and the loss where it ended, penalty included, in nats."""
    wall, cpu = time.perf_counter(), time.process_time()
    model = way(seed)
    took = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    final = {f"{part}_loss": loss_of(model, *datasets.load(part)) for part in ("train", "validation")}
    return {name: round(value, 4) for name, value in (took | final).items()}


# kind of model → hidden units, two strengths, who decides
DECISIONS: dict[str, Any] = {
    "L2, 784-128-10": ((128,), (0.002, 0.001), PENALTY),
    "Dropout, 784-64-64-10": ((64, 64), (0.4, 0.5), DROPOUT),
    "Dropout, 784-128-10": ((128,), (0.4, 0.5), DROPOUT),
}


def decide() -> None:
    """Print what decisions cost, as JSON: of the first model of a structure and of one with another strength."""
    single_threaded()
    seeds = [derive("benchmark", "training", str(pair)) for pair in range(PAIRS)]
    found: dict[str, Any] = {}
    for kind, (hidden, strengths, wanted) in DECISIONS.items():
        given = given_config(hidden, flat=False)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(Store(Path(folder)), seeds, DATA)
            trainer.runs(given)  # known from here on, as for a class
            for structure, strength in zip(("new", "known"), strengths, strict=True):
                theirs = (
                    penalized(strength) if kind.startswith("L2") else given_config(hidden, flat=False, dropout=strength)
                )
                cpu = time.process_time()
                pairs = len(trainer.compare(given, theirs, decided=wanted.decided).theirs)
                took = round(time.process_time() - cpu, 2)
                found.setdefault(kind, {})[structure] = {"cpu_seconds": took, "pairs": pairs}
    print(json.dumps(found))


def penalized(strength: float) -> Any:
    """The config of `seed_model` with another λ."""
    model = seed_model(0)
    model.layers[1].kernel_regularizer.l2 = strength
    return config_of_given(model)


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "training.json")
    arguments = parser.parse_args()
    train(seed_model(0), datasets.load("train"), datasets.load("validation"), epochs=1)  # TensorFlow itself starts
    pairs = [{"fit": timed(with_fit, s), "train": timed(with_train, s)} for s in range(arguments.repeat)]
    ratios = {
        name: statistics.median(p["fit"][name] / p["train"][name] for p in pairs) for name in ("seconds", "cpu_seconds")
    }
    alone = [sys.executable, "-c", "from benchmarks.training import decide; decide()"]
    decisions = json.loads(subprocess.run(alone, capture_output=True, text=True, check=True).stdout)  # noqa: S603
    found = {"epochs": EPOCHS, "batch_size": BATCH, "pairs": pairs, "fit / train": ratios, "decisions": decisions}
    save(arguments.to, found)


if __name__ == "__main__":
    main()
