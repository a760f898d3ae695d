"""Grade the hostile class with this project and with stock nbgrader, and count what the attacks achieved.

    tests/guard.sh .venv/bin/python -m tests.attacks.run [--stock] [NAME ...]

Runs inside the guard only. `attack.json` beside a submission says what its files alone cannot:

    "edit"     lines of Python that change the notebook `nb`
    "links"    names that become links, "fifo" for a pipe; their folders are made
    "modes"    permissions of files and folders, in octal digits
    "host"     whether it attacks the host itself: stock nbgrader, which has no sandbox, does not get to run it
    "ours"     whether there is nothing to attack in stock nbgrader, which does not get to run it either
    "earns"    points that the same wrong answer earns without the attack, where that is not nothing

Submissions of the assignment `attacked` aim at a small notebook; those of `trained` at tasks of the course's own.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.classroom import Typed, hand_in, read_class
from autograder.nbgrader_command import environment, nbgrader
from tests.attacks.alive import alive
from tests.attacks.watch import Listener, processes

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
HOSTILE = PROJECT / "tests" / "submissions" / "hostile"
ASSIGNMENT, TRAINED = "attacked", "trained"
BYSTANDER, HONEST, PLAIN = "a_bystander", "zoe_honest", "wrong_plain"
BESIDE = "stock nbgrader"
HONESTS = {HONEST: 10.0, "zoe_trained": 23.0}
HARMLESS = (BYSTANDER, PLAIN, *HONESTS)
LOG = "log"
STEERS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
OURS = f"""
exec(open({str(PROJECT / "nbgrader_config.py")!r}).read())
c.Course.unit = "tests.attacks.unit"
c.Course.cell_seconds, c.Course.notebook_seconds = 15, 60
c.Sandbox.memory_bytes, c.Sandbox.wall_seconds = 4 << 30, 120.0
"""
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "attacked"
# patient enough for a busy machine: a time-out must not pass for a failed attack
c.ExecutePreprocessor.timeout = 240
c.ExecutePreprocessor.startup_timeout = 240
c.ExecutePreprocessor.iopub_timeout = 60
"""


def lay_out(course: Path, config: str, *assignments: str) -> None:
    """The course of the attacks, released."""
    shutil.copytree(HERE / "course" / "source", course / "source")
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    for assignment in assignments:
        nbgrader(course, "generate_assignment", assignment)


def about(typed: Typed) -> dict[str, Any]:
    """What `attack.json` says of a submission."""
    path = typed.folder / "attack.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def attack(typed: Typed, course: Path) -> None:
    """Hand in one hostile submission."""
    folder, wanted = hand_in(typed, course), about(typed)
    if "edit" in wanted:
        (notebook,) = folder.glob("*.ipynb")
        space: dict[str, Any] = {"nb": json.loads(notebook.read_text(encoding="utf-8")), "folder": folder}
        exec("\n".join(wanted["edit"]), space)
        notebook.write_text(json.dumps(space["nb"]), encoding="utf-8")
    for name, target in wanted.get("links", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        if target == "fifo":
            os.mkfifo(folder / name)
        else:
            (folder / name).symlink_to(target.format(course=course, checks=HERE / "unit" / "target"))
    for name, mode in wanted.get("modes", {}).items():
        (folder / name).chmod(int(mode, 8))


def runs_in_stock(typed: Typed) -> bool:
    """Whether it can do harm neither to the host nor to nothing: stock nbgrader has no sandbox, and fewer parts."""
    return not about(typed).keys() & {"host", "ours"} and typed.assignment == ASSIGNMENT


def points(course: Path, typed: Typed) -> float:
    """What the gradebook gives this student."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        try:
            return float(gradebook.find_submission(typed.assignment, typed.student).score)
        except MissingEntry:
            return 0.0


def earned_more(submissions: list[Typed], scores: dict[str, float]) -> dict[str, float]:
    """Attack → points, of those that earned more than the same wrong answer without the attack."""
    return {
        t.student: scores[t.student]
        for t in submissions
        if t.student not in HARMLESS and scores[t.student] > about(t).get("earns", scores.get(PLAIN, 0.0))
    }


def unscored(course: Path, submissions: list[Typed]) -> list[str]:
    """Those for whom a person would have to decide: an attack that ends so turned a zero into a fault of ours."""
    found = []
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for typed in submissions:
            with suppress(MissingEntry):
                notebooks = gradebook.find_submission(typed.assignment, typed.student).notebooks
                if any(g.auto_score is None for n in notebooks for g in n.grades):
                    found.append(typed.student)
    return found


def run(course: Path, *words: str) -> int:
    """A command as a grader types it; returns its exit status. The log lies in the course folder."""
    with (course / LOG).open("a") as log:
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=course, check=False, timeout=2400,
            stdout=log, stderr=subprocess.STDOUT, env={**environment(), "CANARY_SECRET": "CANARY"},
        ).returncode  # fmt: skip


def run_ours(course: Path, submissions: list[Typed]) -> dict[str, Any]:
    """The whole class with this project; what each attack achieved."""
    assignments = (ASSIGNMENT, TRAINED)
    lay_out(course, OURS, *assignments)
    bystander = next(t for t in submissions if t.student == BYSTANDER)
    for typed in sorted(submissions, key=lambda t: t is not bystander):
        attack(typed, course)
        if typed is bystander:
            run(course, "nbgrader", "autograde", ASSIGNMENT)
    before = points(course, bystander)
    listener, running = Listener(), processes()
    canaries = {path: path.read_bytes() for path in sorted((course / "source").rglob("*")) if path.is_file()}
    status = [run(course, "nbgrader", "autograde", assignment) for assignment in assignments]
    status += [run(course, "nbgrader", "generate_feedback", assignment) for assignment in assignments]
    status += [run(course, "autograder", "report", assignment) for assignment in assignments]
    found = [
        p.parent.parent.name
        for p in sorted(course.glob("autograded/*/*/*.ipynb"))
        if any("FOUND" in line for line in _outputs(p))
    ]
    scores = {t.student: points(course, t) for t in submissions}
    left = [command for pid, command in processes().items() if pid not in running]
    return {
        "submissions": len(submissions),
        "exit_status": max(status),
        "earned_more": earned_more(submissions, scores),
        "not_graded": [t.student for t in submissions if not (course / "autograded" / t.student).exists()],
        "unscored": unscored(course, submissions),
        "without_page": [
            t.student for t in submissions if not any((course / "feedback").glob(f"{t.student}/*/*.html"))
        ],
        "alive": alive(course),
        "log_steers": bool(STEERS.search((course / LOG).read_bytes())),
        "honest": {t.student: scores[t.student] for t in submissions if t.student in HONESTS},
        "bystander_unchanged": points(course, bystander) == before == 10.0,
        "source_unchanged": all(path.read_bytes() == content for path, content in canaries.items()),
        "connections": listener.connections,
        "read_the_host": found,
        "processes_left": left,
    }


def _outputs(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [line for c in cells for o in c.get("outputs", []) for line in "".join(o.get("text", "")).split("\n")]


def run_stock(course: Path, submissions: list[Typed]) -> dict[str, Any]:
    """The attacks that leave the host alone, with nbgrader as it comes: hidden tests in the learner's kernel."""
    lay_out(course, STOCK, ASSIGNMENT)
    chosen = [t for t in submissions if runs_in_stock(t)]
    for typed in chosen:
        attack(typed, course)
    # one at a time: a notebook that stops stock nbgrader must not hide what the others achieve
    for typed in chosen:
        command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--student", typed.student]
        with (course / LOG).open("a") as log, suppress(subprocess.TimeoutExpired):  # not graded, then
            subprocess.run(
                command, cwd=course, check=False, timeout=900, stdout=log, stderr=subprocess.STDOUT, env=environment()
            )
    scores = {t.student: points(course, t) for t in chosen}
    base = scores.get(PLAIN, 0.0)
    return {
        "submissions": len(chosen),
        "earned_more": {s: p for s, p in scores.items() if s not in HARMLESS and p > base},
        "not_graded": [t.student for t in chosen if not (course / "autograded" / t.student).exists()],
        "honest": scores.get(HONEST),
    }


def by_kind(results: dict[str, Any], submissions: list[Typed]) -> dict[str, dict[str, int]]:
    """Per kind of attack, and in all: how many there are, and how many earned more; with both graders."""
    ours, stock = results["ours"], results.get(BESIDE)
    counts: dict[str, dict[str, int]] = {}
    for typed in submissions:
        if typed.student in HARMLESS:
            continue
        for kind in (typed.student.split("_")[0], "all"):
            row = counts.setdefault(kind, {"ours": 0, "ours_earned_more": 0, "stock": 0, "stock_earned_more": 0})
            row["ours"] += 1
            row["ours_earned_more"] += typed.student in ours["earned_more"]
            if stock is not None and runs_in_stock(typed):
                row["stock"] += 1
                row["stock_earned_more"] += typed.student in stock["earned_more"]
    return dict(sorted(counts.items(), key=lambda item: (item[0] == "all", item[0])))


def known(path: Path) -> dict[str, Any]:
    """What an earlier run found out about stock nbgrader, which does not change with this project."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {BESIDE: before[BESIDE]} if BESIDE in before else {}


def graded(submissions: list[Typed], results: dict[str, Any], *, stock: bool) -> tuple[dict[str, Any], str]:
    """`results` with what this run found, and the log of ours."""
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        ours, theirs = Path(folder, "ours"), Path(folder, "stock")
        results = {"ours": run_ours(ours, submissions), **results}
        if stock:
            results[BESIDE] = run_stock(theirs, submissions)
            if results[BESIDE]["honest"] != 10.0:
                print((theirs / LOG).read_text(errors="replace")[-20_000:], file=sys.stderr)
                raise SystemExit("stock nbgrader did not even grade the honest submission: its figures say nothing")
        return results, (ours / LOG).read_text(encoding="utf-8", errors="replace")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="submissions to run; all of them when left out")
    parser.add_argument("--stock", action="store_true", help="stock nbgrader beside it (else its last figures stay)")
    parser.add_argument("--to", type=Path, default=PROJECT / "benchmarks" / "results" / "attacks.json")
    arguments = parser.parse_args()
    if os.environ.get("GUARDED") != "1":
        raise SystemExit("hostile code runs inside the guard only: tests/guard.sh python -m tests.attacks.run")
    names = set(arguments.names)
    submissions = [t for t in read_class(HOSTILE) if not names or t.student in names or t.student in HARMLESS]
    results, log = graded(submissions, known(arguments.to), stock=arguments.stock)
    results["by_kind"] = by_kind(results, submissions)
    text = json.dumps(results, indent=2)
    print(text)
    if not names:
        arguments.to.parent.mkdir(parents=True, exist_ok=True)
        arguments.to.write_text(text + "\n", encoding="utf-8")
    held = holds(results["ours"])
    if not held:
        print(log[-20_000:], file=sys.stderr)
    count = len(submissions) - len(HARMLESS)
    print(f"{count} attacks: {'the boundary holds' if held else 'THE BOUNDARY DOES NOT HOLD'}")
    return 0 if held else 1


def holds(ours: dict[str, Any]) -> bool:
    """Whether no attack achieved anything."""
    nothing = ("exit_status", "earned_more", "not_graded", "unscored", "without_page", "alive", "log_steers",
               "read_the_host", "processes_left", "connections")  # fmt: skip
    return (
        not any(ours[key] for key in nothing)
        and ours["honest"] == HONESTS
        and ours["bystander_unchanged"]
        and ours["source_unchanged"]
    )


if __name__ == "__main__":
    sys.exit(main())
