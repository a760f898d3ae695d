"""Stock `nbgrader autograde` beside ours, on the same submissions, one after the other in one go.

    python -m benchmarks.grading [--learners 30] [--stock 3] [--notebooks 2_l1_l2 3_dropout]

Stock nbgrader executes notebooks and checks nothing, so it does less. It grades the first `--stock` of the
learners, since it takes so long; everything is compared by submissions a minute, of which a notebook is one.
Writes `benchmarks/results/grading.json`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.classes import ASSIGNMENT, STOCK, fill, make_course, without_shared_trainings
from benchmarks.machine import save

LOOK_SECONDS = 0.5


def autograde(course: Path, *words: str) -> dict[str, Any]:
    """Run `nbgrader autograde`: seconds, notebooks a minute, peak memory of the processes together (PSS, MB)."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, *words]
    began = time.perf_counter()
    with (course / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # a list, no shell
            command, cwd=course, env={**os.environ, "PATH": path}, stdout=log, stderr=log
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, memory(psutil.Process(process.pid)))
            time.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - began
    notebooks = len(list(course.glob("submitted/*/*/*.ipynb")))
    if process.returncode:
        print((course / "log.txt").read_text()[-3000:], file=sys.stderr)
    return {
        "status": process.returncode,
        "seconds": round(seconds, 1),
        "notebooks": notebooks,
        "notebooks_per_minute": round(60 * notebooks / seconds, 2),
        "peak_memory_mb": round(peak),
    }


def memory(root: psutil.Process) -> float:
    """Proportional memory of a process and all below it, in MB."""
    total = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def configure(course: Path, **settings: Any) -> None:
    """Add settings of `c.Scale`."""
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.writelines(f"c.Scale.{name} = {value!r}\n" for name, value in settings.items())


def measure(folder: Path, learners: int, stock: int, notebooks: list[str] | None) -> Iterator[dict[str, Any]]:
    """All variants, in one go; what is found so far after each of them."""
    found: dict[str, Any] = {}

    def add(name: str, course: Path, *words: str) -> dict[str, Any]:
        found[name] = autograde(course, *words)
        base = found["stock nbgrader"]["notebooks_per_minute"]
        found[name]["times_stock"] = round(found[name]["notebooks_per_minute"] / base, 2)
        return found

    course = make_course(folder / "stock")
    (course / "nbgrader_config.py").write_text(STOCK, encoding="utf-8")
    fill(course, stock, notebooks)
    yield add("stock nbgrader", course)

    course = make_course(folder / "ours")
    fill(course, learners, notebooks)
    yield add("empty store", course)
    correct_checks(course)
    yield add("checks corrected, graded again", course, "--force")
    yield add("nothing changed, graded again", course, "--force")

    course = make_course(folder / "unshared")
    without_shared_trainings(course)
    fill(course, learners, notebooks)
    yield add("empty store, no model trained for two", course)

    course = make_course(folder / "one-worker")
    configure(course, workers=1)
    fill(course, learners, notebooks)
    yield add("empty store, one worker", course)


def correct_checks(course: Path) -> None:
    """From here on, the course has checks of its own, with another text than before."""
    import autograder.checks

    checks = course / "checks"
    checks.mkdir()
    for path in Path(str(autograder.checks.__file__)).parent.glob("check_*.py"):
        (checks / path.name).write_text(path.read_text(encoding="utf-8") + "\n# corrected\n", encoding="utf-8")
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"c.Course.checks_directory = {str(checks)!r}\n")


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--stock", type=int, default=3, help="of them, graded by stock nbgrader, too")
    parser.add_argument("--notebooks", nargs="*", default=None, help="all of the assignment's by default")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "grading.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        about = {"learners": arguments.learners, "notebooks": arguments.notebooks or "all"}
        for found in measure(Path(folder), arguments.learners, arguments.stock, arguments.notebooks):
            save(arguments.to, {**about, "runs": found})


if __name__ == "__main__":
    main()
