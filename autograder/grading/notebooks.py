"""Read what learners submitted without trusting it: notebooks, and the files beside them."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import UnreadableNotebook
from autograder.execution.runner import LEFT_OUT
from autograder.files import NotPlain, is_plain, open_plain
from autograder.grading.names import is_hidden
from autograder.i18n import _

MAX_NOTEBOOK = 64 << 20  # bytes; outputs are thrown away anyway
MAX_CELLS = 2000
MAX_SOURCE = 1 << 20  # characters of one cell
MAX_FILES = 200
MAX_FILE_BYTES = 64 << 20  # of all files beside a notebook together
MAX_PATH = 500  # characters of a path within a submission
MAX_SUBMISSION = 1 << 30  # bytes of all files of a submission together
MAX_KEPT = 5_000  # files of a submission
TIME_FILES = ("timestamp.txt", "timestamp-unreadable.txt")  # see `times`
NBGRADERS_OWN = (*TIME_FILES, "submission_secret.txt")  # put there by `nbgrader submit`, other ones each time
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # https://nbformat.readthedocs.io/en/latest/format_description.html#cell-ids


def read_notebook(path: Path) -> NotebookNode:
    """A notebook from a stranger, in format 4, with sources only: no outputs, attachments or widgets.

    Raises:
        UnreadableNotebook: not a plain file, too large, not JSON, or not a notebook.
    """
    return parse_notebook(read_plain(path), path.name)


def parse_notebook(raw: bytes, name: str) -> NotebookNode:
    """The notebook in a file's content: see `read_notebook`."""
    try:
        data = json.loads(raw)  # finds out about UTF-8, 16 and 32, and a byte order mark, by itself
        if "cells" not in data:  # a format before 4
            data = nbformat.convert(nbformat.reader.reads(json.dumps(data)), 4)
        if not isinstance(data["cells"], list):
            raise TypeError("cells")
        taken: set[str] = set()
        cells = [_plain_cell(cell if isinstance(cell, dict) else {}, taken) for cell in data["cells"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        raise UnreadableNotebook(_("The file {name} is not a Jupyter notebook."), name=name) from error
    if len(cells) > MAX_CELLS or any(len(c.source) > MAX_SOURCE for c in cells):
        raise UnreadableNotebook(_("The notebook {name} is too large to be graded."), name=name)
    about = NotebookNode(language_info=NotebookNode(name="python"))
    return NotebookNode(cells=cells, metadata=about, nbformat=4, nbformat_minor=5)


def read_plain(path: Path, limit: int = MAX_NOTEBOOK) -> bytes:
    """The content of a plain file, never through a link, never more than `limit` bytes.

    Raises:
        UnreadableNotebook: it is not that.
    """
    try:
        with open_plain(path) as file:
            content = file.read(limit + 1)
    except NotPlain as error:
        raise UnreadableNotebook(_("{name} is not a plain file."), name=path.name) from error
    except OSError as error:
        raise UnreadableNotebook(_("The file {name} cannot be read."), name=path.name) from error
    if len(content) > limit:
        raise UnreadableNotebook(_("The notebook {name} is too large to be graded."), name=path.name)
    return content


def _plain_cell(cell: Mapping[str, Any], taken: set[str]) -> NotebookNode:
    """The cell with its kind, source, id and nbgrader metadata, whatever else it carried or lacks.

    Its id stays when it is valid and not in `taken`, to which it is added: lessons are found by their ids. It is
    made without nbformat's own functions, which validate each cell by itself: it is valid by its making.
    """
    kind, name, meta = cell.get("cell_type"), cell.get("id"), cell.get("metadata")
    if kind not in ("code", "markdown", "raw"):
        kind = "raw"
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in taken:
        name = nbformat.corpus.words.generate_corpus_id()
    taken.add(name)
    nbgraders = meta.get("nbgrader") if isinstance(meta, dict) else None
    plain = NotebookNode(
        id=name,
        cell_type=kind,
        metadata=NotebookNode(nbgrader=NotebookNode(nbgraders)) if isinstance(nbgraders, dict) else NotebookNode(),
        source=joined(cell.get("source")).encode("utf-8", "replace").decode(),
    )
    if kind == "code":
        plain.outputs, plain.execution_count = [], None
    return plain


def joined(source: Any) -> str:
    """A text of a notebook, which is one or a list of them; empty when it is anything else."""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def canonical(nb: NotebookNode, left_out: Container[int] = ()) -> str:
    """The notebook as grading sees it, as JSON text: equal work gives equal text.

    Prose is blanked, so that a learner's notes change nothing; cells keep their places. `left_out`: indices of cells
    that are not executed.
    """
    cells = []
    for index, cell in enumerate(nb.cells):
        meta = cell.metadata.get("nbgrader", {})
        kept = {k: meta[k] for k in ("grade", "solution", "grade_id") if k in meta}
        source = cell.source if cell.cell_type == "code" else ""
        metadata: dict[str, Any] = {"nbgrader": kept} if kept else {}
        if index in left_out:
            metadata[LEFT_OUT] = True
        cells.append({"cell_type": cell.cell_type, "source": source, "metadata": metadata})
        if cell.cell_type == "code":
            cells[-1] |= {"outputs": [], "execution_count": None}
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, sort_keys=True)


def course_files(source: Path) -> dict[str, bytes]:
    """The course's own files beside an assignment's notebooks, path → content; they may be links of the lecturer's."""
    return {str(p.relative_to(source)): p.read_bytes() for p in _plain_files(source, follow=True)}


def files_beside(submitted: Path, own: Container[str]) -> dict[str, bytes]:
    """What a learner put beside the notebooks, path → content, up to a limit; not what the course has (`own`) itself.

    Links, special files, hidden files, notebooks and what nbgrader adds are left out.
    """
    files: dict[str, bytes] = {}
    total = 0
    for path in _plain_files(submitted):
        name = str(path.relative_to(submitted))
        if name in own:
            continue
        if len(files) >= MAX_FILES or total > MAX_FILE_BYTES:
            break
        try:
            content = read_plain(path, MAX_FILE_BYTES - total)
        except UnreadableNotebook:
            continue
        files[name] = content
        total += len(content)
    return files


def _plain_files(folder: Path, follow: bool = False) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(d for d in folders if not is_hidden(d))
        for name in sorted(names):
            path = Path(root, name)
            hidden = name.startswith(".") or name.endswith((".ipynb", ".pyc")) or name in NBGRADERS_OWN
            if not hidden and (path.is_file() if follow else is_plain(path)):
                yield path


def remove_links(folder: Path) -> list[str]:
    """Remove links and special files from a submission before nbgrader copies it; returns what went.

    A file with several hard links counts as a link: it may be the same file as one outside the folder. Folders and
    files become ones that their owner may read and change, whatever their mode; what lies so deep that its path is
    longer than `MAX_PATH` goes, too, and so do the largest files where all of them hold more than `MAX_SUBMISSION`
    bytes, or are more than `MAX_KEPT`. find(1) does it, which goes into folders of any depth and follows no link.

    Raises:
        OSError: something could not be looked at or removed. Nothing of this submission may then be copied.
    """
    _find(folder, "-type d ! -perm -u=rwx -execdir chmod u+rwx {} ;")  # before the files in them can be looked at
    links = "! -type d ( ! -type f -o -links +1 )"
    goes = f"-regextype posix-extended -mindepth 1 ( -regex .{{{MAX_PATH},}} -o {links} ) -print0 -delete"
    found = _find(folder, f"{goes} -o -type f ! -perm -u=rw -execdir chmod u+rw {{}} ;")
    gone = [os.fsdecode(name).removeprefix("./") for name in found.split(b"\0") if name]
    return gone + list(_remove_excess(folder))


def make_room(submitted: Path, source: Path) -> list[str]:
    """Remove from a submission what stands in the way of the course's own files, which nbgrader is about to copy there.

    A folder of the name of one of its files, or a file of the name of one of its folders; returns what went. Links are
    gone before: see `remove_links`.
    """
    gone = []
    for name in (path.relative_to(source) for path in _plain_files(source, follow=True)):
        for place in (*reversed(name.parents[:-1]), name):
            path = submitted / place
            if path.is_dir() and place == name:
                shutil.rmtree(path)
                gone.append(str(place))
            elif path.is_file() and place != name:
                path.unlink()
                gone.append(str(place))
    return gone


def _remove_excess(folder: Path) -> Iterator[str]:
    """Remove the largest files until the others are what a submission may have; a file with holes counts in full."""
    rows = [row.split(b"/", 1) for row in _find(folder, "-type f -printf %s/%P\\0").split(b"\0") if row]
    total = 0
    for count, (size, name) in enumerate(sorted(rows, key=lambda row: int(row[0])), 1):
        total += int(size)
        if total > MAX_SUBMISSION or count > MAX_KEPT:
            path = os.fsdecode(name)
            (folder / path).unlink()
            yield path


def _find(folder: Path, expression: str) -> bytes:
    command, environment = ["find", ".", *expression.split()], {"PATH": os.defpath, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"{folder}: {done.stderr[:300]!r}")
    return done.stdout
