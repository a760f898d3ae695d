"""Grade one submission on Gradescope: lay out a course around it, run nbgrader, write results.json.

    python -m autograder.lms.gradescope_run /autograder

The folders and the format are those of https://gradescope-autograders.readthedocs.io/en/latest/specs/.
Whatever happens there is a results file, and what is our fault is said to be.
"""

import json
import shutil
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.errors import AutograderError, SetupError
from autograder.files import plain_files
from autograder.grading.names import is_hidden, is_notebook, released_name
from autograder.grading.report import UNGRADED, sentence
from autograder.i18n import _, languages, translate
from autograder.lms.csvtext import write_atomically
from autograder.lms.gradescope import WEAK
from autograder.nbgrader_command import nbgrader
from autograder.records import CheckResult, Outcome

SECONDS = 2100  # Gradescope ends a run after 40 minutes at most (10 unless set), and then shows nothing
STUDENT = "learner"  # hidden inputs derive from it: the same for each try of the same person
OURS = _("The autograder failed; this is not your fault. A person will grade this submission.")
NOTHING = _("No notebook of this assignment was submitted. Expected: {names}.")
KEPT = "outcomes"

# appended to the course's own configuration
CONFIG = """
c = get_config()
load_subconfig("course_config.py")
c.CourseDirectory.root = {root!r}
c.Scale.workers = 1
c.Scale.store = ""
c.Autograde.autograde_preprocessors.append("autograder.lms.gradescope_run.KeepOutcome")
if {weak}:
    c.Sandbox.required = False
"""


class KeepOutcome(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Writes what the checks found to a file beside the course; the last of the autograde preprocessors."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Keep one notebook's results. The keys are those that `autograder.wiring` puts there."""
        outcome = resources["autograder"]
        cells = [c.metadata.nbgrader for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
        kept = {
            "language": resources["autograder_language"],
            "tasks": {task: [r.to_json() for r in grade.results] for task, grade in outcome.grades.items()},
            "fault": outcome.fault,
            "cells": {cell["grade_id"]: float(cell["points"]) for cell in cells},
        }
        folder = Path(self.parent.parent.coursedir.root) / KEPT
        folder.mkdir(exist_ok=True)
        text = json.dumps(kept)
        (folder / f"{resources['nbgrader']['notebook']}.json").write_text(text, encoding="utf-8")
        return nb, resources


def main(arguments: Sequence[str]) -> int:
    """Grade the submission below `arguments[0]`; always 0 and always a results file."""
    root = Path(arguments[0])
    # should this process be killed, this is what is found
    write_results(root, failure())
    try:
        with tempfile.TemporaryDirectory(prefix="gs-") as folder:
            results = grade(root, Path(folder))
    except AutograderError as error:
        print(error, file=sys.stderr)
        results = failure(str(error))
    except Exception:  # whatever it is, the learner must hear that it is not theirs
        results = failure(traceback.format_exc())
    write_results(root, results)
    return 0


def grade(root: Path, folder: Path) -> dict[str, Any]:
    """The results of the submission below `root`; `folder` is empty and becomes the course.

    Raises SetupError when nbgrader fails, and subprocess.TimeoutExpired.
    """
    source = root / "source"
    assignment = (source / "assignment").read_text(encoding="utf-8").strip()
    shutil.copytree(source / "source" / assignment, folder / "source" / assignment)
    shutil.copy(source / "nbgrader_config.py", folder / "course_config.py")
    config = CONFIG.format(root=str(folder), weak=(source / WEAK).exists())
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    names = sorted(p.name for p in (folder / "source" / assignment).glob("*.ipynb"))
    if not hand_in(root / "submission", folder / "submitted" / STUDENT / assignment, names):
        return {"score": 0, "output": in_all_languages(NOTHING, names=", ".join(names)), "tests": []}
    nbgrader(folder, "generate_assignment", assignment, seconds=SECONDS)
    nbgrader(folder, "autograde", assignment, seconds=SECONDS)
    kept = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((folder / KEPT).glob("*.json"))}
    if not kept:
        raise SetupError(_("nbgrader graded no notebook."))
    return results_of(kept)


def hand_in(submission: Path, target: Path, names: Sequence[str]) -> int:
    """Copy what was uploaded, plain files only, notebooks under their released names; how many of those.

    Of two files that claim one name the one with exactly that name wins, else the topmost, else the first.
    """
    target.mkdir(parents=True)
    files = [p for p in plain_files(submission) if not is_hidden(p.relative_to(submission))]
    taken: set[str] = set()
    for path in sorted(files, key=lambda p: (p.name not in names, len(p.parts))):
        relative = path.relative_to(submission).as_posix()
        name = released_name(relative, names) if is_notebook(path) else relative
        if name not in taken:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
            taken.add(name)
    return len(taken & set(names))


def results_of(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """results.json from what `KeepOutcome` wrote, notebook → its results. One test for each check."""
    tests: list[dict[str, Any]] = []
    broken = False
    for number, (notebook, about) in enumerate(kept.items(), start=1):
        found, ours = _notebook_tests(number, notebook, about)
        tests += found
        broken |= ours
    results: dict[str, Any] = {
        "score": round(sum(t["score"] for t in tests), 4),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    if broken:
        results["output"] = translate(UNGRADED, next(iter(kept.values()))["language"])
    if faults := [f"{notebook}: {about['fault']}" for notebook, about in kept.items() if about["fault"]]:
        tests.append(_for_instructors("\n".join(faults)))
    return results


def _notebook_tests(number: int, notebook: str, about: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The tests of one notebook, and whether something of ours broke in it."""
    language = about["language"]
    tasks = {task: [CheckResult.from_json(row) for row in rows] for task, rows in about["tasks"].items()}
    checks = [result for rows in tasks.values() for result in rows]
    tests = [_test(f"{number}.{n}", notebook, result, language) for n, result in enumerate(checks, start=1)]
    # a task's checks stand in its test cell; a cell without any is graded by a person
    left = {cell: p for cell, p in about["cells"].items() if not tasks.get(cell.removesuffix("_test"))}
    tests += [_by_hand(notebook, cell, points, language) for cell, points in left.items()]
    broken = any(r.outcome is Outcome.ERROR for r in checks) or any(c.endswith("_test") for c in left)
    return tests, broken


def _for_instructors(detail: str) -> dict[str, Any]:
    return {"name": "Autograder", "status": "failed", "output": detail[-5000:], "visibility": "hidden"}


def _test(number: str, notebook: str, result: CheckResult, language: str) -> dict[str, Any]:
    return {
        "number": number,
        "name": f"{notebook}: {translate(result.description, language)}",
        "score": result.earned if result.outcome is not Outcome.ERROR else 0.0,
        "max_score": result.points,
        "status": "passed" if result.outcome is Outcome.PASSED else "failed",
        "output": sentence(result, language),
        "output_format": "text",
        "visibility": "visible",
        "tags": [result.task],
    }


def _by_hand(notebook: str, cell: str, points: float, language: str) -> dict[str, Any]:
    return {
        "name": f"{notebook}: {cell}",
        "score": 0.0,
        "max_score": points,
        "output": translate(UNGRADED, language),
        "output_format": "text",
        "visibility": "visible",
        "tags": [cell],
    }


def failure(detail: str = "") -> dict[str, Any]:
    """The results when we failed: no points, said to be our fault, the reason for instructors only."""
    return {
        "score": 0,
        "output": in_all_languages(OURS),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [_for_instructors(detail)] if detail else [],
    }


def in_all_languages(text: str, **values: str) -> str:
    """`text` in each language there is: which one the reader has is not known without a graded notebook."""
    return "\n".join(dict.fromkeys(translate(text, language, **values) for language in languages()))


def write_results(root: Path, results: Mapping[str, Any]) -> None:
    """Write results.json in one step."""
    text = json.dumps(results, indent=1, ensure_ascii=False)
    write_atomically(root / "results" / "results.json", text.encode(), mode=0o644)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
