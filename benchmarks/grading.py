"""Stock `nbgrader autograde` beside ours, on the same submissions, in turns.

    python -m benchmarks.grading [--learners 30] [--stock 5] [--differ 5] [--larger 60] [--notebooks 2_l1_l2 3_dropout]

Stock nbgrader executes notebooks and checks nothing, so it does less. It grades the first `--stock` of the
learners, since it takes so long, half of them before ours and half behind it, since shared machines are not equally
fast all the time; everything is compared by submissions a minute, of which a notebook is one. `--differ`
learners also hand in notebooks no two of whose models are equal, so that no training but those of the given models
serves two of them; `--larger` is a class to project a large one from. In no class are two notebooks one program.
Writes `benchmarks/results/grading.json`. How ours compares with itself is in `benchmarks.workers`.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from nbgrader.api import Gradebook

from autograder.nbgrader_command import environment
from autograder.unit import load
from benchmarks.classes import ASSIGNMENT, STOCK, fill, make_course, make_models_differ
from benchmarks.machine import save

LOOK_SECONDS = 2.0
LOOKING = 0.02  # the part of a core that looking at memory may take: a look at 1 GB takes the kernel 50 ms
CORRECTED = "l1_l2", "lambda_gap"  # a notebook's folder, and one of its checks: one for which models are trained
SENTENCE = "l1_l2/carried.py", "Your hidden layer carries an L1 and an L2 penalty at once"  # of three tasks
OWN = "bench_unit"  # import name of the unit that is corrected
STATEMENT = "corrected = True"
WORKERS = 2
STOCK_RUN = "stock nbgrader"
CLASS_RUN = "empty store"


class Memory:
    """Looks at a run's processes from time to time: proportional memory (PSS), in MB."""

    def __init__(self) -> None:
        self.all_together: list[float] = []
        self.largest_worker: list[float] = []

    def look(self, root: psutil.Process) -> None:
        """One look. A worker counts with its trusted process, the one kernels come from, and its kernel."""
        try:
            children = root.children()
        except psutil.Error:
            return
        below = [sum(_pss(p) for p in [child, *_descendants(child)]) for child in children]
        self.all_together.append(_pss(root) + sum(below))
        self.largest_worker.append(max(below, default=0.0))

    def told(self) -> dict[str, Any]:
        """Peaks, and how the largest worker grew: its peak in each quarter of the run."""
        looks = self.largest_worker or [0.0]
        quarters = [looks[len(looks) * i // 4 : max(len(looks) * (i + 1) // 4, 1)] for i in range(4)]
        return {
            "peak_memory_mb": round(max(self.all_together, default=0.0)),
            "peak_worker_mb": round(max(looks)),
            "peak_worker_mb_by_quarter": [round(max(q, default=0.0)) for q in quarters],
        }


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss / 1e6)
    except psutil.Error:
        return 0.0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def autograde(course: Path, *words: str, students: str = "*") -> dict[str, Any]:
    """Run `nbgrader autograde`: seconds, notebooks a minute, memory, and what the class earned together.

    `students`: a pattern of their ids.
    """
    which = [f"--student={students}", *words]
    command, memory = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, *which], Memory()
    began = time.perf_counter()
    with (course / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # a list, no shell
            command, cwd=course, env=environment(), stdout=log, stderr=log
        )
        while process.poll() is None:
            looked = time.process_time()
            memory.look(psutil.Process(process.pid))
            try:
                process.wait(max(LOOK_SECONDS, (time.process_time() - looked) / LOOKING))
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - began
    notebooks = len(list(course.glob(f"submitted/{students}/*/*.ipynb")))
    if process.returncode:
        print((course / "log.txt").read_text()[-3000:], file=sys.stderr)
    return {
        "status": process.returncode,
        "seconds": round(seconds, 1),
        "notebooks": notebooks,
        "notebooks_per_minute": round(60 * notebooks / seconds, 2),
        "points": points(course),
        **memory.told(),
    }


def points(course: Path) -> float:
    """What all learners earned: two runs with equal points did equal work."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return round(sum(s.score for s in gradebook.assignment_submissions(ASSIGNMENT)), 2)


def configure(course: Path, **settings: Any) -> None:
    """Add settings, as `Scale_workers=1`: the first `_` is the dot."""
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.writelines(f"c.{name.replace('_', '.', 1)} = {value!r}\n" for name, value in settings.items())


class Bench:
    """The runs, and what they gave so far."""

    def __init__(self, folder: Path, notebooks: list[str] | None) -> None:
        self.folder, self.notebooks = folder, notebooks
        self.runs: dict[str, dict[str, Any]] = {}

    def course(self, name: str, learners: int, *, all_differ: bool = False, **settings: Any) -> Path:
        """A course with its class."""
        course = make_course(self.folder / name)
        fill(course, learners, self.notebooks)
        if all_differ:
            make_models_differ(course)
        configure(course, **{"Scale_workers": WORKERS, **settings})
        return course

    def add(self, name: str, course: Path, *words: str) -> None:
        """One run."""
        self.runs[name] = autograde(course, *words)
        self._compare()

    def stock(self, course: Path, students: str) -> None:
        """A part of the run of stock nbgrader, which executes the notebooks of these students."""
        found, before = autograde(course, students=students), self.runs.get(STOCK_RUN)
        if before:
            found |= {name: round(found[name] + before[name], 1) for name in ("seconds", "notebooks")}
            found |= {name: max(found[name], before[name]) for name in ("status", "peak_memory_mb", "peak_worker_mb")}
            found["notebooks_per_minute"] = round(60 * found["notebooks"] / found["seconds"], 2)
        self.runs[STOCK_RUN] = found
        self._compare()

    def _compare(self) -> None:
        """How many notebooks a minute each run grades for one of stock nbgrader's."""
        if STOCK_RUN in self.runs:
            base = self.runs[STOCK_RUN]["notebooks_per_minute"]
            for run in self.runs.values():
                run["times_stock"] = round(run["notebooks_per_minute"] / base, 2)

    def whole_class(self, learners: int) -> Iterator[None]:
        """Ours, on the whole class."""
        course = self.course("ours", learners)
        own_unit(course)
        self.add(CLASS_RUN, course)
        yield
        correct_check(course, *CORRECTED)
        self.add("one check corrected, graded again", course, "--force")
        yield
        correct_sentence(course)
        self.add("a sentence of a shared helper corrected, graded again", course, "--force")
        yield
        correct_all(course)
        self.add("all checks corrected, graded again", course, "--force")
        yield
        self.add("nothing changed, graded again", course, "--force")


def measure(bench: Bench, learners: int, stock: int, differ: int, larger: int) -> Iterator[None]:
    """All runs, in one go; a break after each of them."""
    course = bench.course("stock", stock)
    (course / "nbgrader_config.py").write_text(STOCK, encoding="utf-8")
    halves = [f"l00[{first}-{last - 1}]" for first, last in ((0, stock // 2), (stock // 2, stock))]
    bench.stock(course, halves[0])
    yield
    yield from bench.whole_class(learners)
    yield
    bench.add(f"every model different, {differ} learners", bench.course("different", differ, all_differ=True))
    yield
    bench.stock(course, halves[1])
    yield
    run = f"empty store, {larger} learners"
    bench.add(run, bench.course("larger", larger))
    seconds = bench.runs[run]["seconds"]
    each = (seconds - bench.runs[CLASS_RUN]["seconds"]) / (larger - learners)  # of those whose models are known
    bench.runs[run]["hours_for_1000"] = round((seconds + (1000 - larger) * each) / 3600, 2)
    yield


def own_unit(course: Path) -> Path:
    """The course's own unit, equal to ours until it is corrected: its folder."""
    ours, folder = load("autograder.units.regularization"), course / OWN
    if not folder.exists():
        shutil.copytree(ours.folder, folder, ignore=shutil.ignore_patterns("__pycache__", "lab"))
        for path in folder.rglob("*.py"):
            path.write_text(path.read_text(encoding="utf-8").replace(ours.package, OWN), encoding="utf-8")
        configure(course, Course_unit=OWN)
    return folder


def replace_once(path: Path, old: str, new: str) -> None:
    """Change a text that stands in a file exactly once."""
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path.name} has {text.count(old)} times: {old}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def correct_check(course: Path, folder: str, check: str) -> None:
    """Change one check."""
    path = own_unit(course) / folder / "checks.py"
    text = path.read_text(encoding="utf-8")
    changed = re.sub(rf'(def {check}\(.*?\):\n    """.*?"""\n)', rf"\1    {STATEMENT}\n", text, flags=re.S)
    if changed == text:
        raise ValueError(f"{path} has no check {check}")
    path.write_text(changed, encoding="utf-8")


def correct_sentence(course: Path) -> None:
    """Change a sentence that a helper of several tasks says."""
    replace_once(own_unit(course) / SENTENCE[0], SENTENCE[1], SENTENCE[1].lower())


def correct_all(course: Path) -> None:
    """Change something that all checks of the unit share."""
    path = own_unit(course) / "__init__.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{STATEMENT}\n", encoding="utf-8")


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--stock", type=int, default=5, help="of them, graded by stock nbgrader, too")
    parser.add_argument("--differ", type=int, default=5, help="learners no two of whose models are equal")
    parser.add_argument("--larger", type=int, default=60, help="learners of a larger class, for a projection to 1,000")
    parser.add_argument("--notebooks", nargs="*", default=None, help="all of the assignment's by default")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "results" / "grading.json")
    arguments = parser.parse_args()
    about = {"learners": arguments.learners, "notebooks": arguments.notebooks or "all", "workers": WORKERS}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), arguments.notebooks)
        for _ in measure(bench, arguments.learners, arguments.stock, arguments.differ, arguments.larger):
            save(arguments.to, {**about, "runs": bench.runs})


if __name__ == "__main__":
    main()
