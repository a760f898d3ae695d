"""Unpack what an LMS gave, and what learners packed themselves: the extractor of `nbgrader zip_collect`.

    c.ZipCollectApp.extractor_plugin = "autograder.lms.archives.SafeExtractor"

An archive becomes a folder of its own name, one inside another, too. An archive or a file that cannot be read is named
and left out; the others are unpacked.
"""

import calendar
import lzma
import os
import shutil
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from nbgrader.plugins import ExtractorPlugin

from autograder.grading.names import is_hidden, is_notebook
from autograder.i18n import _, say, say_count
from autograder.scale.logs import escape_names
from autograder.scale.quiet import SUMMARY

MAX_DEPTH = 3  # archives in archives
MAX_FILES = 20_000  # of an archive inside another: a learner made it
MAX_BYTES = 1 << 30  # unpacked, of such a one
LOST_STATUS = 3  # of `nbgrader zip_collect`, when something was left out
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
ARCHIVES = (".zip", ".tar", ".tgz", ".rar", ".7z", *COMPRESSED)
# what zipfile and tarfile raise for files that are cut off, damaged, encrypted or packed in an unknown way
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError, zipfile.BadZipFile,
              tarfile.TarError, zlib.error, lzma.LZMAError)  # fmt: skip

TOO_LARGE = _("it is too large")


class Member(NamedTuple):
    """A file in an archive: its path as written there, the time it was written (no time zone), and its content."""

    name: str
    when: tuple[int, ...]
    open: Callable[[], IO[bytes] | None]


class SafeExtractor(ExtractorPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Unpacks everything below nbgrader's archive folder, and ends `zip_collect` with a status that says what is lost.

    Files keep the time that their archive gives (as if it were UTC), hidden files are left out, backslashes in names
    are slashes, and notebooks end in ".ipynb".
    """

    def __init__(self, **settings: Any) -> None:
        """Called by nbgrader; `parent` is its ZipCollectApp."""
        super().__init__(**settings)
        escape_names()
        self.refused: list[str] = []
        self._left = 0  # bytes that one upload may still unpack to
        # nbgrader asks no plugin at the end
        self._collect = self.parent.process_extracted_files
        self.parent.process_extracted_files = self._collect_and_tell

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack, or copy what is no archive. Called by nbgrader."""
        source, target = Path(archive_path), Path(extracted_path)
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            name = path.relative_to(source)
            if is_hidden(name):
                continue
            if path.suffix.lower() in ARCHIVES:
                self._unpack(path, target / name, str(name), 1)
            else:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target / (_plain_name(name.as_posix()) or name))

    def _unpack(self, archive: Path, folder: Path, told: str, depth: int) -> None:
        """Unpack one archive into `folder`; `told` is its name for the grader."""
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with ExitStack() as stack:
                wanted = (m for m in _members(archive, stack) if not is_hidden(m.name.replace("\\", "/")))
                for count, member in enumerate(wanted):
                    if depth > 1 and count >= MAX_FILES:
                        raise ValueError(say(TOO_LARGE))
                    self._take(member, folder, told, depth)
        except UNREADABLE as error:
            if not (isinstance(error, zipfile.BadZipFile) and _is_data(told)):
                self._refuse(told, error)

    def _take(self, member: Member, folder: Path, told: str, depth: int) -> None:
        """Write one file of an archive, and unpack it if it is one itself; what cannot be read is named."""
        name = _plain_name(member.name)
        if name is None:
            return
        path, told = folder / name, f"{told}/{name}"
        packed = path.suffix.lower() in ARCHIVES
        written = path.with_name(f"{path.name}.archive") if packed else path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            size = _write(member, written, sys.maxsize if depth == 1 else self._left)
        except UNREADABLE as error:
            self._refuse(told, error)
            return
        self._left = MAX_BYTES if depth == 1 else self._left - size
        if packed and depth < MAX_DEPTH:
            self._unpack(written, path, told, depth + 1)
            written.unlink()

    def _refuse(self, told: str, error: BaseException) -> None:
        self.refused.append(told)
        self.log.error(say(_("{name} cannot be unpacked and was left out: {reason}."), name=told, reason=error))

    def _collect_and_tell(self) -> None:
        """nbgrader's `process_extracted_files`, and then what was lost."""
        self._collect()
        collector = self.parent.collector_plugin_inst
        lost = [*self.refused, *getattr(collector, "lost", [])]
        taken = getattr(collector, "taken", None)  # nbgrader's own collector does not count
        if taken:
            text = say_count("{count} notebook collected.", "{count} notebooks collected.", taken)
            self.log.info(text, extra={SUMMARY: True})
        if taken == 0:
            self.log.error(self._why_nothing(collector))
        elif lost:
            self.log.error(say(_("Not collected, look at them yourself: {names}."), names=", ".join(lost)))
        else:
            return
        sys.exit(LOST_STATUS)

    def _why_nothing(self, collector: Any) -> str:
        if collector.strangers:
            text = _(
                "Nothing was collected: of the {count} who handed in, nobody is known here by the platform's number. "
                "Is the sheet that of this assignment, and is the class in the gradebook (`nbgrader db student "
                "import`)? Or take ids from a column of the sheet: `--{collector}.key_column`."
            )
            return say(text, count=len(collector.strangers), collector=type(collector).__name__)
        text = _(
            "Nothing was collected: no file has a name that the platform gives. Put the zip as it was downloaded into "
            "{folder}."
        )
        return say(text, folder=self.parent._format_collect_path(self.parent.archive_directory))


def _members(archive: Path, stack: ExitStack) -> Iterator[Member]:
    """The plain files in an archive, a zip or a tar; raises one of UNREADABLE for anything else."""
    if not zipfile.is_zipfile(archive) and tarfile.is_tarfile(archive):
        tar = stack.enter_context(tarfile.open(archive))
        for item in tar:
            if item.isfile():
                yield Member(item.name, time.gmtime(max(0.0, item.mtime))[:6], lambda item=item: tar.extractfile(item))  # type: ignore[misc]
        return
    file = stack.enter_context(zipfile.ZipFile(archive))
    for info in {i.filename: i for i in file.infolist()}.values():  # one that was put in again replaces the first
        if not info.filename.replace("\\", "/").endswith("/"):
            yield Member(info.filename, info.date_time, lambda info=info: file.open(info))  # type: ignore[misc]


def _is_data(name: str) -> bool:
    """Whether it is called like a single file that is compressed, such as `data.csv.gz`."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    return len(suffixes) > 1 and suffixes[-1] in COMPRESSED and suffixes[-2] not in (".tar", ".ipynb")


def _plain_name(name: str) -> str | None:
    """A path in an archive as one below a folder; None when it leads elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        return None
    return str(path.with_suffix(".ipynb") if is_notebook(path) else path)


def _write(member: Member, path: Path, limit: int) -> int:
    """Write a member's content, at most `limit` bytes; returns how many. Nothing stays of what cannot be read."""
    size = 0
    with path.open("xb") as target:
        try:
            content = member.open()
            while content and (block := content.read(1 << 20)):
                size += len(block)
                if size > limit:
                    raise ValueError(say(TOO_LARGE))
                target.write(block)
        except UNREADABLE:
            path.unlink()
            raise
    with suppress(ValueError):  # a month 0: no time was written
        seconds = calendar.timegm((*member.when[:6], 0, 1, 0))
        os.utime(path, (seconds, seconds))
    return size
