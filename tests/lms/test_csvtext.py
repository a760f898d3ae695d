"""Bytes in, the same bytes out, but for the cells that were meant."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import LmsError
from autograder.lms.csvtext import (
    FORMULA_STARTS,
    CsvText,
    Record,
    _delimiter,
    harmless,
    parse,
    read_csv,
    write_atomically,
)

from .conftest import WORKSHEET

ENCODINGS = (
    (b"", "utf-8"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
delimiters = st.sampled_from([",", ";", "\t"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, list[list[str]]]:
    """CSV text as the csv module writes it, its delimiter, and its rows (rectangular, 2 to 5 columns)."""
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=6))
    delimiter = draw(delimiters)
    out = io.StringIO(newline="")
    # before Python 3.13 the writer leaves a lone CR unquoted, which no reader can tell from a line end
    plain = not any("\r" in cell for row in rows for cell in row)
    quoting = csv.QUOTE_MINIMAL if plain and draw(st.booleans()) else csv.QUOTE_ALL
    end = draw(st.sampled_from(["\n", "\r\n"]))
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    text = out.getvalue()
    return text if draw(st.booleans()) else text.removesuffix(end), delimiter, rows


def values(records: tuple[Record, ...]) -> list[list[str]]:
    return [[cell.value for cell in record.cells] for record in records]


@given(tables())
def test_cells_are_read_as_the_csv_module_reads_them(table: tuple[str, str, list[list[str]]]) -> None:
    text, delimiter, rows = table
    assert values(parse(text, delimiter)) == rows


@given(st.text(alphabet='ab",;\t\r\n \u00e9\ufeff', max_size=40), delimiters)
def test_records_and_cells_cover_any_text_without_a_gap(text: str, delimiter: str) -> None:
    records = parse(text, delimiter)
    assert "".join(text[r.start : r.end] for r in records) == text
    for record in records:
        starts = [record.start, *(cell.end + 1 for cell in record.cells[:-1])]
        assert [cell.start for cell in record.cells] == starts


@given(tables(), st.sampled_from(ENCODINGS), st.data())
def test_only_the_cell_that_was_meant_changes(
    table: tuple[str, str, list[list[str]]], encoding: tuple[bytes, str], data: st.DataObject
) -> None:
    text, delimiter, rows = table
    mark, name = encoding
    sheet = CsvText(mark, name, text, delimiter, parse(text, delimiter))
    line = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    new = data.draw(texts)
    record = sheet.records[line]
    cell = record.cells[column]
    changed = sheet.with_cells({(record.start, column): new})
    assert changed.startswith(mark + text[: cell.start].encode(name))
    assert changed.endswith(text[cell.end :].encode(name))
    rows[line][column] = new
    assert values(parse(changed[len(mark) :].decode(name), delimiter)) == rows


@given(tables(), st.sampled_from(ENCODINGS))
@settings(max_examples=50)
def test_a_file_without_a_change_is_the_same_bytes(
    table: tuple[str, str, list[list[str]]], encoding: tuple[bytes, str]
) -> None:
    text, delimiter, _rows = table
    mark, name = encoding
    assert CsvText(mark, name, text, delimiter, parse(text, delimiter)).with_cells({}) == mark + text.encode(name)


@pytest.mark.parametrize(("text", "delimiter"), [("a,b\n1,2", ","), ('a;"b,c,d";e\n', ";"), ("a\tb\n", "\t")])
def test_the_delimiter_is_found_in_the_header(text: str, delimiter: str) -> None:
    assert _delimiter(text) == delimiter


def test_moodles_own_file_comes_back_byte_for_byte() -> None:
    sheet = read_csv(WORKSHEET)
    assert sheet.mark == b"\xef\xbb\xbf"
    assert sheet.delimiter == ","
    assert [r[0] for r in sheet.body] == ["Participant 3", "Participant 2", "Participant 1"]
    assert sheet.with_cells({}) == WORKSHEET.read_bytes()


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_formula_is_made_harmless(start: str) -> None:
    assert harmless(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_a_wrong_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_bytes("Nom,Note\nÅngström,\n".encode("cp1252"))
    with pytest.raises(LmsError, match="not in utf-8"):
        read_csv(path)
    assert read_csv(path, "cp1252").body[0][0] == "Ångström"


def test_a_character_the_encoding_lacks_is_said(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_bytes(b"Nom,Note\nA,\n")
    sheet = read_csv(path, "cp1252")
    with pytest.raises(LmsError, match="no way to write “λ”"):
        sheet.with_cells({(sheet.body[0].start, 1): "λ"})


def test_a_missing_or_empty_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(LmsError, match="Cannot read the sheet"):
        read_csv(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(LmsError, match="no header line"):
        read_csv(tmp_path / "empty.csv")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "grades.csv"
    path.write_bytes(b"old")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(LmsError, match="No space left"):
        write_atomically(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"]
    assert path.read_bytes() == b"old"
