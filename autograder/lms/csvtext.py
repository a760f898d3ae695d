"""CSV text whose cells can be changed without touching any other byte.

Python's csv module forgets how a cell was quoted, which line ends were used and whether there was a byte
order mark; a teacher's download must come back with those as they were. So this reader keeps, for each
cell, where it stands in the text (RFC 4180, with `,` `;` or tab, and LF, CRLF or CR).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import LmsError
from autograder.files import write_whole
from autograder.i18n import _

MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
DELIMITERS = (",", ";", "\t")
# the first characters that make a spreadsheet take a text for a formula, with their full-width forms
# (https://owasp.org/www-community/attacks/CSV_Injection)
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's value, and the half-open range [start, end) of its characters, quotes included."""

    value: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A line of cells; [start, end) includes its line end."""

    cells: tuple[Cell, ...]
    start: int
    end: int

    def __getitem__(self, column: int) -> str:
        """The value in `column`, "" when the line is shorter."""
        return self.cells[column].value if column < len(self.cells) else ""

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class CsvText:
    """A CSV file as read: `mark` + `text` in `encoding` are its bytes exactly."""

    mark: bytes
    encoding: str
    text: str
    delimiter: str
    records: tuple[Record, ...]

    @property
    def header(self) -> Record:
        return self.records[0]

    @property
    def body(self) -> tuple[Record, ...]:
        """The lines below the header that are not empty."""
        return tuple(r for r in self.records[1:] if any(c.value for c in r.cells))

    def with_cells(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """The file with new values at (start of the record, column): every other byte as it was.

        Raises LmsError for a column that a line does not have.
        """
        starts = {r.start: r for r in self.records}
        edits: list[tuple[Cell, str]] = []
        for (start, column), value in changes.items():
            record = starts[start]
            if column >= len(record):
                raise LmsError(_("A line of the sheet has only {found} cells."), found=len(record))
            edits.append((record.cells[column], value))
        parts, at = [], 0
        for cell, value in sorted(edits, key=lambda edit: edit[0].start):
            parts += [self.text[at : cell.start], self.write(value, cell.quoted)]
            at = cell.end
        return self.encode("".join([*parts, self.text[at:]]))

    def write(self, value: str, quoted: bool = False) -> str:
        """`value` as a cell of this file, quoted when the old cell was or when it must be."""
        if quoted or value != value.strip() or any(c in value for c in f'{self.delimiter}"\r\n'):
            return '"' + value.replace('"', '""') + '"'
        return value

    def encode(self, text: str) -> bytes:
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            text = _("The sheet is in {encoding}, which has no way to write “{character}”.")
            raise LmsError(text, encoding=self.encoding, character=error.object[error.start]) from error


def read_csv(path: Path, encoding: str = "") -> CsvText:
    """Read a CSV file; `encoding` is needed only when it is neither UTF-8 nor UTF-16 with a mark.

    Raises LmsError when there is no such file, no header, or the bytes are not in that encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LmsError(_("Cannot read the sheet {path}: {reason}."), path=path, reason=error.strerror) from error
    mark, found = next(((m, e) for m, e in MARKS if data.startswith(m)), (b"", encoding or "utf-8"))
    try:
        text = data[len(mark) :].decode(found)
    except (UnicodeDecodeError, LookupError) as error:
        message = _("{path} is not in {encoding}. Download it again as UTF-8, or give its encoding.")
        raise LmsError(message, path=path.name, encoding=found) from error
    delimiter = _delimiter(text)
    records = parse(text, delimiter)
    if not records or not any(c.value for c in records[0].cells):
        raise LmsError(_("{path} has no header line: expected the file as the platform made it."), path=path.name)
    return CsvText(mark, found, text, delimiter, records)


def parse(text: str, delimiter: str) -> tuple[Record, ...]:
    """Split `text` into records. A quote inside an unquoted cell is a character like any other."""
    records: list[Record] = []
    cells: list[Cell] = []
    start = at = 0
    while at < len(text):
        cell = _cell(text, at, delimiter)
        cells.append(cell)
        at = cell.end
        if text.startswith(delimiter, at):
            at += 1
            if at < len(text):
                continue
            cells.append(Cell("", at, at, False))
        elif text.startswith("\r\n", at):
            at += 2
        elif at < len(text):
            at += 1
        records.append(Record(tuple(cells), start, at))
        cells, start = [], at
    return tuple(records)


_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def _cell(text: str, at: int, delimiter: str) -> Cell:
    quoted = _QUOTED.match(text, at)
    tail = quoted.end() if quoted else at
    end = re.compile(rf"[^{delimiter}\r\n]*").match(text, tail)
    stop = end.end() if end else tail
    value = (quoted.group(1).replace('""', '"') if quoted else "") + text[tail:stop]
    return Cell(value, at, stop, quoted is not None)


_HEADER = re.compile(r'(?:"(?:[^"]|"")*"|[^\r\n])*')


def _delimiter(text: str) -> str:
    """The delimiter that stands most often in the header, outside quotes."""
    header = _HEADER.match(text)
    bare = _QUOTED.sub("", header.group()) if header else ""
    return max(DELIMITERS, key=bare.count)


def harmless(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: a leading quote as OWASP advises."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def write_atomically(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data` in one step: a reader sees the old file or the new one, never a part.

    Raises LmsError when it cannot be written.
    """
    try:
        write_whole(path, data, mode=mode, prefix=f".{path.name}.", durable=True)
    except OSError as error:
        raise LmsError(_("Cannot write {path}: {reason}."), path=path, reason=error.strerror) from error
