"""Collecting from nbgrader's exchange without following a learner's links."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from autograder.grading.notebooks import remove_links


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """`nbgrader collect`, which would copy what a link in a submission points to: the grader's own files."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy one submission; links and special files stay behind, with a note in the log."""
        with tempfile.TemporaryDirectory(prefix="ag-collect-") as folder:
            plain = Path(folder, "submission")
            shutil.copytree(src, plain, symlinks=True, copy_function=_copy_plain)
            for name in remove_links(plain):
                self.log.warning("%s: %s is not a plain file and was not collected", src, name)
            super().do_copy(str(plain), dest, log)


def _copy_plain(source: str, target: str) -> None:
    """Copy a file's content and times; a link that took its place meanwhile is not followed but left out."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file, open(target, "wb") as copy:
        shutil.copyfileobj(file, copy)
    shutil.copystat(source, target, follow_symlinks=False)
