"""`model.fit` beside our `training.train`: the same model, data, epochs and batches, in one process.

Each repetition times both, in turns; wall-clock and CPU time, everything included: tracing and compiling, too.

    python -m benchmarks.training [--repeat 3] [--to benchmarks/results/training.json]
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from autograder.families.keras.training import loss_of, train
from autograder.units.regularization import datasets
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
    save(arguments.to, {"epochs": EPOCHS, "batch_size": BATCH, "pairs": pairs, "fit / train": ratios})


if __name__ == "__main__":
    main()
