"""For authors: `python -m autograder new-task NOTEBOOK ID`, and `python -m autograder sync`.

Points live with the checks. `sync` writes each task's sum into the notebooks of both languages.
"""

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import SetupError
from autograder.i18n import _, say, say_count
from autograder.scale.settings import configured_unit
from autograder.trusted.mounting import mounted
from autograder.trusted.plugin import points_of
from autograder.unit import Unit, checks_module


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of both commands; `new-task` has two arguments more."""
    parser.add_argument(
        "--course", type=Path, default=Path(), help=say(_("the course: holds source/ and nbgrader_config.py"))
    )
    if parser.prog.endswith("new-task"):
        parser.add_argument("notebook", help=say(_("name of a notebook, without .ipynb")))
        parser.add_argument("id", help=say(_("name of the task: letters, digits and _")))
    else:
        parser.add_argument("--check", action="store_true", help=say(_("change nothing; fail when points differ")))


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was asked for."""
    unit = configured_unit(arguments.course)
    if hasattr(arguments, "id"):
        return new_task(arguments.course, unit, arguments.notebook, arguments.id)
    return sync(arguments.course, unit, arguments.check)


def points(unit: Unit, notebook: str) -> dict[str, float]:
    """Task → sum of the points of its checks, for one notebook, as the files are now."""
    mounted(unit.package, unit.folder, anew=True)
    return points_of(importlib.import_module(checks_module(unit.package, notebook)))


def differences(course: Path, unit: Unit) -> Iterator[tuple[Path, NotebookNode, Any, float]]:
    """(file, notebook, cell, right points) wherever a test cell and the checks disagree; 0 where no check exists."""
    for path in sorted((course / "source").glob("*/*.ipynb")):
        if not unit.checks_file(path.stem).exists():
            continue
        right = points(unit, path.stem)
        nb = nbformat.read(path, as_version=4)
        for cell in nb.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("grade") and not meta.get("solution"):
                task = meta["grade_id"].removesuffix("_test")
                if meta["points"] != right.get(task, 0):
                    yield path, nb, cell, right.get(task, 0)


def sync(course: Path, unit: Unit, only_check: bool) -> int:
    """Write the points into the notebooks, or say where they differ; 1 when they do and nothing was written."""
    found = list(differences(course, unit))
    for path, _nb, cell, right in found:
        name, before = cell.metadata.nbgrader.grade_id, cell.metadata.nbgrader.points
        print(say(_("{path}: {name}: {before} → {after} points"), path=path, name=name, before=before, after=right))
    if not found:
        print(say(_("The notebooks hold the points of the checks: nothing to change.")))
    if only_check:
        return 1 if found else 0
    paths = sorted({path for path, *_rest in found})
    for path in paths:
        nb = nbformat.read(path, as_version=4)
        worth = points(unit, path.stem)
        for cell in nb.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("grade") and not meta.get("solution"):
                meta["points"] = worth.get(meta["grade_id"].removesuffix("_test"), 0)
        nbformat.write(nb, path)
    if paths:
        print(say_count("{count} notebook was changed.", "{count} notebooks were changed.", len(paths)))
    return 0


def new_task(course: Path, unit: Unit, notebook: str, task: str) -> int:
    """Add a task's cells to the notebook in every language, and its first check to the notebook's checks.

    Raises:
        SetupError: no such notebook, a name that cannot be used, or a task that exists.
    """
    paths = sorted((course / "source").glob(f"*/{notebook}.ipynb"))
    if not paths:
        raise SetupError(_("There is no notebook {name} below {folder}."), name=notebook, folder=course / "source")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", task) or task.endswith(("_test", "_given")):
        raise SetupError(_("{name} cannot name a task: use small letters, digits and _, such as my_task."), name=task)
    for path in paths:
        nb = nbformat.read(path, as_version=4)
        if any(c.metadata.get("nbgrader", {}).get("grade_id") == task for c in nb.cells):
            raise SetupError(_("The task {name} exists already in {path}."), name=task, path=path)
        nb.cells.extend(_cells(task, (path.parent / "lab.py").exists()))
        nbformat.write(nb, path)
        print(say(_("{path}: added the cells of {name}"), path=path, name=task))
    file = unit.checks_file(notebook)
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        (file.parent / "__init__.py").write_text(_PACKAGE.format(notebook=notebook), encoding="utf-8")
        file.write_text(_HEAD.format(notebook=notebook), encoding="utf-8")
    with file.open("a", encoding="utf-8") as text:
        text.write(_CHECK.format(task=task))
    print(say(_("{path}: added the first check of {name}"), path=file, name=task))
    return 0


def _cells(task: str, lab: bool) -> list[NotebookNode]:
    """`lab`: whether visible checks of the course's own lie beside the notebook."""

    def meta(**more: Any) -> dict[str, Any]:
        base = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        return {"nbgrader": {**base, "cell_type": "code", **more}}

    v4 = nbformat.v4
    return [
        v4.new_markdown_cell(_TASK.format(task=task), id=f"{task}-task"),
        v4.new_code_cell(_SOLUTION.format(task=task), id=task, metadata=meta(solution=True, grade_id=task)),
        v4.new_code_cell(
            f"lab.check_written({task})" if lab else f"assert {task}(1) is not None",
            id=f"{task}_test",
            metadata=meta(grade=True, locked=True, points=1, grade_id=f"{task}_test"),
        ),
    ]


_TASK = """### ✏️ {task}

<!-- the task -->

<details><summary>1</summary>

<!-- a first hint -->

</details>
"""
_SOLUTION = '''def {task}(x):
    """Says what it takes and what it returns."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION'''
_PACKAGE = '''"""Notebook {notebook}."""
'''
_HEAD = '''"""Checks of notebook {notebook}."""

# mypy: allow-untyped-defs, allow-untyped-decorators

from autograder.checks.api import Task
from autograder.checks.values import match
from autograder.i18n import _
'''
_CHECK = '''

{task} = Task("{task}")
{task}_values = {task}.call("{task}", lambda rng: [[rng.normal()] for _case in range(3)])


@{task}.check(points=1)
def {task}_is_right({task}_values):
    """What a learner reads as the first line about this check."""
    match(
        {task}_values,
        lambda x: 2 * x,
        {{_("Your result is the square: read the task again."): lambda x: x**2}},
        "{task}",
    )
'''
