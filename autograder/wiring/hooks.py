"""Hooks of nbgrader's. It calls them in the course's folder, once per assignment or submission that is due."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.execution.demonstrations import problems
from autograder.grading.notebooks import remove_links
from autograder.i18n import _, environment_language, say
from autograder.scale.journal import Journal
from autograder.scale.logs import few
from autograder.scale.run import runs

log = logging.getLogger("autograder")
_journal = Journal()


def before_assignment(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """`c.GenerateAssignment.pre_convert_hook`: what cannot be released ends the run, with a sentence.

    That is a folder which was copied without what its links lead to, where nbgrader itself would end with a traceback,
    and a demonstration that grading cannot leave out. nbgrader goes on after any exception of a hook.
    """
    for folder in {Path(n).parent for n in notebooks}:
        lost = next((p for p in sorted(folder.rglob("*")) if p.is_symlink() and not p.exists()), None)
        if lost is not None:
            text = _(
                "{path} is a link to {target}, which is not there: the folder was copied without what its links "
                "lead to. `python -m autograder new-course FOLDER` lays out a course without links."
            )
            log.error(say(text, path=lost, target=lost.readlink()))
            sys.exit(1)
    wrong = [(path, problem) for path in notebooks for problem in problems(_cells_of(path))]
    for path, problem in wrong:
        log.error("%s: %s", path, problem.render(environment_language()))
    if wrong:
        sys.exit(1)


def _cells_of(path: str) -> Sequence[NotebookNode]:
    """The cells of an author's notebook; none where nbgrader itself will say what is wrong with it."""
    try:
        cells: Sequence[NotebookNode] = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError):
        return ()
    return cells


def before_submission(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """`c.Autograde.pre_convert_hook`: nothing that nbgrader is about to copy is a link, a device or beyond all measure.

    `student` may be a pattern; the notebooks' paths name the submission.
    """
    for folder in {Path(n).parent for n in notebooks}:
        _journal.begin(Path.cwd(), folder.parent.name, folder.name, [Path(n).name for n in notebooks])
        for name in few(remove_links(folder)):
            log.warning("%s: %s was not a plain file, or too large, and was removed", folder, name)


def after_submission(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """`c.Autograde.post_convert_hook`: after the last submission the run ends.

    On the command line, the exit status then says whether a person has to look at something.
    """
    _journal.end()
    for run in runs():
        status = run.finished({str(Path(n).parent) for n in notebooks})
        if status and not _journal.failures:  # of these nbgrader itself tells at its end
            sys.exit(status)
