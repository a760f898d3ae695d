"""Find notebooks that lie in `submitted/` under other names: nbgrader sees a released name there, or nothing."""

import glob
from pathlib import Path
from typing import Any

from autograder.files import is_plain
from autograder.grading.names import is_hidden, is_notebook, released_name
from autograder.i18n import _, say
from autograder.scale.due import known_notebooks
from autograder.scale.logs import few


def settle_names(converter: Any) -> list[str]:
    """Give each submitted notebook its released name where that is certain; returns those that stay out.

    `converter` is nbgrader's Autograde, which has looked for notebooks already and is told of the new ones. Only a name
    that is missing is given, and to the topmost file. What stays out, while a notebook is missing, is learner/file.
    """
    released = {f"{name}.ipynb" for name in known_notebooks(converter) or ()}
    coursedir = converter.coursedir
    pattern = coursedir.format_path(coursedir.submitted_directory, coursedir.student_id, coursedir.assignment_id)
    strays: list[str] = []
    for folder in sorted(glob.glob(pattern)) if released else []:  # spelled as nbgrader does
        try:
            strays += _settle(Path(folder), released, converter.log)
        except (OSError, RecursionError) as error:  # nbgrader will meet it itself, when it comes to this submission
            converter.log.warning("%s was not looked through: %r", folder, error)
        if found := sorted(glob.glob(f"{folder}/{coursedir.notebook_id}.ipynb")):
            converter.assignments[folder] = found
    return strays


def _settle(folder: Path, released: set[str], log: Any) -> list[str]:
    student = folder.parent.name
    others = [p for p in sorted(folder.rglob("*")) if _is_other(p, folder, released)]
    missing = {name for name in released if not (folder / name).exists()}
    claims: dict[str, list[Path]] = {}
    for path in others:
        claims.setdefault(released_name(path.relative_to(folder).as_posix(), released), []).append(path)
    for name in sorted(missing & claims.keys()):
        top = min(len(p.parts) for p in claims[name])
        best = [p for p in claims[name] if len(p.parts) == top]
        if len(best) == 1:
            best[0].rename(folder / name)
            others.remove(best[0])
            missing.remove(name)
            text = _("{student}: {file} is taken for {name} and was renamed.")
            log.warning(say(text, student=student, file=best[0].relative_to(folder), name=name))
    return few([f"{student}/{path.relative_to(folder)}" for path in others]) if missing else []


def _is_other(path: Path, folder: Path, released: set[str]) -> bool:
    """Whether it is a plain notebook that nbgrader would not take."""
    name = path.relative_to(folder)
    return is_notebook(name) and is_plain(path) and not is_hidden(name) and str(name) not in released
