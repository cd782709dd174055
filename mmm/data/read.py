"""A file as one table of text, with everything that was noticed while reading it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mmm.data.cells import (
    ERROR_VALUES,
    LOOK_ROWS,
    SHORT,
    DecimalMark,
    as_arrow,
    decimal_evidence,
    thousands_by_shape,
)
from mmm.data.dates import date_share, parse_dates
from mmm.data.dialect import (
    MAX_CELL_CHARACTERS,
    Dialect,
    decode,
    sniff_delimiter,
)
from mmm.data.findings import Finding, FindingLog, counted
from mmm.data.regular import Regular, regular_table
from mmm.data.trim import Numbered, split_table, without_totals
from mmm.data.workbook import MAX_COLUMNS, Sheet, is_zip, read_workbook
from mmm.errors import DataError

MAX_FILE_BYTES = 50 * 1024 * 1024  # a decade of daily rows for a hundred markets is a third of it
MAX_CELLS = 6_000_000  # about 400 MB as Python text while reading
MAX_NAME = 120  # characters of a column's name that are kept
DATE_WORD = r"(?i)date|day|week|month|datum|woche|monat|tag|fecha|semana|mes|semaine|mois|jour|period"
TEXT = pd.StringDtype(storage="pyarrow", na_value=np.nan)  # pandas' own "str"
MAX_LISTED = 20  # numbers of rows listed in one message

_SIGNATURES = (
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or protected by a password"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3", "a database"),
)


Known = TypeVar("Known")


@dataclass(frozen=True, eq=False)
class RawTable:
    """A file's table as text, unchanged apart from what `findings` say.

    Attributes:
        frame: cells as written; its index is each row's number in the file, 1-based.
        first_row: number of the first data row in the file.
        dialect: how the file is written.
        findings: what was noticed; one that refuses makes the table unusable for a panel.
        sha256: hash of the file's bytes, hexadecimal.
        sheets: names of the workbook's visible sheets; empty for text.
        name: the file's name.
    """

    frame: pd.DataFrame
    first_row: int
    dialect: Dialect
    findings: tuple[Finding, ...]
    sha256: str
    sheets: tuple[str, ...] = ()
    name: str = ""
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, what: str, make: Callable[[], Known]) -> Known:
        """What `make` says of this very table, worked out the first time it is asked for by the name `what`."""
        if what not in self._known:
            self._known[what] = make()
        found: Known = self._known[what]
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the file's order."""
        return tuple(str(column) for column in self.frame.columns)


def read_table(name: str, content: bytes, *, sheet: str | None = None) -> RawTable:
    """Read a CSV, TSV or semicolon file in any common encoding, or one sheet of an XLSX workbook.

    Args:
        name: the file's name, for messages.
        content: its bytes.
        sheet: which sheet of a workbook; by default the first with a table.

    Raises:
        DataError: the file is empty, too large, no table, or has no row of column names or no data.
    """
    _check_bytes(name, content)
    noted = FindingLog()
    sheets: tuple[str, ...] = ()
    title = encoding = delimiter = None
    book: Sheet | None = None
    regular: Regular | None = None
    if is_zip(content):
        book = read_workbook(name, content, sheet)
        _note_sheets(noted, book, name, sheet)
        rows: list[Numbered] = [(index + 1, row) for index, row in enumerate(book.rows)]
        sheets, title = book.names, book.name
    else:
        text, encoding = decode(content, name)
        if not text.strip():
            raise _empty(name)
        if encoding == "cp1252":
            noted.info("encoding", "The file is not UTF-8; it was read as Windows-1252. Check names with accents.")
        if b"\0" in content and not encoding.startswith("utf-16"):
            noted.repair("nul_bytes", f"{counted(content.count(0), 'NUL byte')} in the file were left out.")
        delimiter = sniff_delimiter(text)
        regular = regular_table(text, delimiter, name, noted)
        rows = _text_rows(text, delimiter, name, noted) if regular is None else []
    if regular is None:
        header, body = split_table(rows, name, noted)
        frame = _frame(header[1], body, name, noted)
    else:
        header = regular.header
        frame = _framed(header[1], regular.cells, regular.numbers, name, noted)
    frame = without_totals(frame, noted)
    _note_errors(frame, noted)
    if book is not None:
        _note_hidden(book, frame, noted)
        frame = _dates_from_1904(frame, noted) if book.epoch_1904 else frame
    decimal, sure, date_order = _marks(frame, delimiter)
    return RawTable(
        frame=frame,
        first_row=int(frame.index[0]),
        dialect=Dialect(
            kind="csv" if title is None else "xlsx",
            encoding=encoding,
            delimiter=delimiter,
            decimal=decimal,
            date_order=date_order,
            sheet=title,
            header_row=header[0],
            decimal_sure=sure,
        ),
        findings=noted.findings(),
        sha256=hashlib.sha256(content).hexdigest(),
        sheets=sheets,
        name=name,
    )


def _check_bytes(name: str, content: bytes) -> None:
    if not content:
        raise _empty(name)
    if len(content) > MAX_FILE_BYTES:
        raise DataError(
            f"“{name}” has {len(content) / 2**20:,.0f} MB; the limit is {MAX_FILE_BYTES // 2**20} MB. "
            "Leave out columns that are not needed, or add the rows up to days or weeks."
        )
    for signature, what in _SIGNATURES:
        if content.startswith(signature):
            raise DataError(f"“{name}” is {what}, not a table. Save the table as CSV or XLSX and upload that.")
    if content[:256].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml", b"{", b"[{")):
        raise DataError(f"“{name}” is a web page or JSON, not a table. Save the table as CSV or XLSX and upload that.")


def _empty(name: str) -> DataError:
    return DataError(f"“{name}” is empty. Upload a table with one row of column names and one row a period.")


def _note_sheets(noted: FindingLog, book: Sheet, name: str, asked: str | None) -> None:
    if not name.lower().endswith((".xlsx", ".xlsm")):
        noted.info("workbook", "The file is an Excel workbook in spite of its name, and was read as one.")
    if book.uncounted:
        noted.repair(
            "formula",
            "The workbook holds formulas without a stored result; those cells were read as empty. Open it in a "
            "spreadsheet program, save it and upload it again.",
        )
    if len(book.names) > 1 and asked is None:
        others = ", ".join(f"“{other}”" for other in book.names if other != book.name)
        noted.info("sheet", f"The sheet “{book.name}” was read; the workbook also has {others}.")


def _note_hidden(book: Sheet, frame: pd.DataFrame, noted: FindingLog) -> None:
    """Hidden rows are read: a sum in the spreadsheet counts them too."""
    hidden = sorted(set(book.hidden) & set(frame.index.tolist()))
    if hidden:
        listed = ", ".join(map(str, hidden[:MAX_LISTED])) + (" …" if len(hidden) > MAX_LISTED else "")
        noted.info(
            "hidden_rows",
            f"{counted(len(hidden), 'row')} of the sheet hidden or filtered out (row {listed}): read, as the sheet's "
            "own sums count them. Delete them there if they do not belong to the data.",
            hidden[0],
        )


def _dates_from_1904(frame: pd.DataFrame, noted: FindingLog) -> pd.DataFrame:
    """Dates written as bare numbers, in a workbook that counts days from 1904."""
    changed = frame.copy()
    for column in frame.columns:
        cells = frame[column].str.strip()
        filled = cells[cells != ""]
        if len(filled) and filled.str.fullmatch(r"[2-7]\d{4}").all() and re.search(DATE_WORD, str(column)):
            days = np.datetime64("1904-01-01", "D") + filled.astype("int64").to_numpy().astype("timedelta64[D]")
            changed.loc[filled.index, column] = days.astype(str)
            noted.info("epoch_1904", f"The workbook counts days from 1904; so “{column}” was read.", None, str(column))
    return changed


def _note_errors(frame: pd.DataFrame, noted: FindingLog) -> None:
    """Cells in which a formula failed."""
    errors = pa.array(sorted(ERROR_VALUES))
    numbers: list[int] = frame.index.to_numpy().tolist()
    for column in frame.columns:
        cells = as_arrow(frame[column])
        if not _any_starts(cells, "#"):
            continue
        failed = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=errors)
        for at in np.flatnonzero(failed.to_numpy(zero_copy_only=False)).tolist():
            message = f"Row {numbers[at]}, column “{column}”: the formula failed ({cells[at]}); read as empty."
            noted.repair("error_cell", message, numbers[at], str(column))


def _any_starts(cells: pa.Array, start: str) -> bool:
    if len(cells) <= SHORT:
        return any(cell.startswith(start) for cell in cells.to_pylist())
    return bool(pc.any(pc.starts_with(cells, start)).as_py())


def _text_rows(text: str, delimiter: str, name: str, noted: FindingLog) -> list[Numbered]:
    """Every record with the line it starts on."""
    rows: list[Numbered] = []
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"“{name}” cannot be read past line {start:,}: {error}. Look for a lone quotation mark."
        ) from error
    if rows and text[:5].lower().lstrip('"').startswith("sep="):
        rows = rows[1:]
    if rows and reader.line_num > rows[-1][0] and _quote_left_open(text, rows[-1][0]):
        noted.refuse(
            "open_quote",
            "A quotation mark opened in this row is never closed; the rows after it are lost.",
            rows[-1][0],
        )
    return rows


def _quote_left_open(text: str, start: int) -> bool:
    record = "".join(islice(io.StringIO(text, newline=""), start - 1, None))
    return record.count('"') % 2 == 1


def _frame(header: list[str], body: list[Numbered], name: str, noted: FindingLog) -> pd.DataFrame:
    width = len(header)
    _check_size(width, len(body), name)
    records = [row if len(row) == width else _fitted(number, row, width, noted) for number, row in body]
    columns = [pa.array(cells, pa.string()) for cells in zip(*records, strict=True)]
    return _framed(header, columns, np.array([number for number, _ in body], dtype=np.int64), name, noted)


def _framed(
    header: list[str], cells: Sequence[pa.Array], numbers: NDArray[np.int64], name: str, noted: FindingLog
) -> pd.DataFrame:
    """The columns under their names, rows by their numbers in the file."""
    _check_size(len(header), len(numbers), name)
    names, nameless = _column_names(header, noted)
    index = pd.Index(numbers, dtype="int64", name="row")
    columns = {
        label: pd.Series(column.to_pandas(types_mapper=lambda _: TEXT).array, index=index, copy=False)
        for label, column in zip(names, cells, strict=True)
        if label not in nameless or pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py()
    }
    if len(columns) < 2:
        raise DataError(
            f"“{name}” has one column only. A table needs at least a date, a KPI and a channel's spend, "
            "separated by commas, semicolons or tabs."
        )
    return pd.DataFrame(columns, index=index, copy=False)


def _check_size(width: int, rows: int, name: str) -> None:
    if width > MAX_COLUMNS:
        raise DataError(f"“{name}” has {width:,} columns; the limit is {MAX_COLUMNS:,}.")
    if width * rows > MAX_CELLS:
        raise DataError(f"“{name}” has {width * rows:,} cells; the limit is {MAX_CELLS:,}. Add rows up to weeks.")


def _fitted(number: int, row: list[str], width: int, noted: FindingLog) -> list[str]:
    if len(row) < width:
        if len(row) < width - 1 or len(row) == 1:
            noted.repair(
                "short_row", f"The row has {len(row)} cells, the header {width}; the rest were read as empty.", number
            )
        return row + [""] * (width - len(row))
    if any(cell.strip() for cell in row[width:]):
        noted.refuse(
            "long_row",
            f"The row has {len(row)} cells, the header {width}; put quotes around a cell that holds the delimiter.",
            number,
        )
    return row[:width]


def _column_names(header: list[str], noted: FindingLog) -> tuple[list[str], set[str]]:
    """Names made unique, and which of them stand for a column without a name (left out unless it holds data)."""
    names: list[str] = []
    nameless: set[str] = set()
    for position, cell in enumerate(header, start=1):
        label = " ".join(cell.split())[:MAX_NAME] or f"column {position}"
        number = 1
        unique = label
        while unique in names or (not cell.strip() and unique in header):
            number += 1
            unique = f"{label} ({number})"
        if not cell.strip():
            nameless.add(unique)
        elif number > 1:
            noted.repair(
                "duplicate_column", f"Two columns are called “{label}”; this one was renamed “{unique}”.", None, unique
            )
        names.append(unique)
    return names, nameless


def _marks(frame: pd.DataFrame, delimiter: str | None) -> tuple[DecimalMark, bool, str | None]:
    """The file's decimal mark, whether its cells tell it, and its date order, from the first rows of every column."""
    look = frame.iloc[:LOOK_ROWS]
    comma = point = 0
    order: str | None = None
    for label in look.columns:
        cells = look[label]
        if order is None and date_share(cells.iloc[:60]) > 0.9:
            order = parse_dates(cells).order
            continue
        sure_comma, sure_point, either = decimal_evidence(cells)
        if either and sure_comma == sure_point:
            mark = thousands_by_shape(cells, delimiter)
            sure_comma, sure_point = int(mark == ","), int(mark == ".")
        comma += sure_comma > sure_point
        point += sure_point > sure_comma
    if comma == point:
        return ("," if delimiter == ";" and not point else "."), False, order
    return ("," if comma > point else "."), True, order
