"""Ours beside ours: one worker and two, cold and warm kernels, a Dask cluster, and memory over many submissions.

    python -m benchmarks.workers [--learners 5] [--flat 200] [--notebooks 2_l1_l2 3_dropout] [--first 2]

The learners' models are all different, and each run begins with an empty store. `--flat` submissions of one notebook
show whether memory grows. `--first 2` stops behind the first two runs. Writes `benchmarks/results/workers.json`.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from autograder.nbgrader_command import environment
from benchmarks.grading import WORKERS, Bench
from benchmarks.machine import save
from tests.scale.test_dask import Cluster

FLAT_NOTEBOOK = "1_gap"
# ratio → what is compared, how many notebooks the first grades a minute for one of the second
RATIOS = {
    "two workers / one": ("two workers", "one worker"),
    "warm kernels / cold": ("two workers", "cold kernels"),
    "Dask / two local workers": ("Dask, two workers", "two workers"),
}


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a Dask cluster of two workers on this machine."""
    place = folder / "cluster"
    place.mkdir()
    running = Cluster(place, environment())
    try:
        yield running.address
    finally:
        running.close()


def measure(bench: Bench, learners: int, flat: int) -> Iterator[None]:
    """All runs, in one go; a break after each of them."""
    settings: dict[str, dict[str, Any]] = {
        "two workers": {},
        "one worker": {"Scale_workers": 1},
        "cold kernels": {"Sandbox_warm": False},
    }
    for name, setting in settings.items():
        bench.add(name, bench.course(name.split()[0], learners, all_differ=True, **setting))
        yield
    with cluster(bench.folder) as address:
        course = bench.course("dask", learners, all_differ=True, Scale_scheduler_address=address)
        bench.add("Dask, two workers", course)
    yield
    bench.notebooks = [FLAT_NOTEBOOK]
    bench.add(f"{flat} submissions of {FLAT_NOTEBOOK}", bench.course("flat", flat))
    yield


def ratios(runs: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Of the runs that were made."""
    rates = {name: run["notebooks_per_minute"] for name, run in runs.items()}
    return {name: round(rates[a] / rates[b], 2) for name, (a, b) in RATIOS.items() if {a, b} <= rates.keys()}


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=5)
    parser.add_argument("--flat", type=int, default=200, help="submissions over which memory is watched")
    parser.add_argument("--notebooks", nargs="*", default=None, help="all of the assignment's by default")
    parser.add_argument("--first", type=int, default=None, help="so many runs only, in the order of the table")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "workers.json")
    arguments = parser.parse_args()
    about = {"learners": arguments.learners, "notebooks": arguments.notebooks or "all", "workers": WORKERS}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), arguments.notebooks)
        for _ in islice(measure(bench, arguments.learners, arguments.flat), arguments.first):
            save(arguments.to, {**about, "runs": bench.runs, "ratios": ratios(bench.runs)})


if __name__ == "__main__":
    main()
