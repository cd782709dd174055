"""Excel workbooks as rows of text; sizes are checked before anything is unpacked."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from mmm.errors import DataError

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_UNPACKED_BYTES = 256 * 1024 * 1024  # a year of daily rows by market unpacks to a few megabytes
MAX_ROWS = 1_048_576  # what a sheet can hold
MAX_COLUMNS = 1_000
_FORMULA_WITHOUT_VALUE = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]{0,400}\bhidden="(?:1|true)"[^>]{0,400}>')
_ROW_NUMBER = re.compile(rb'\br="(\d{1,7})"')
_MAIN = "xl/workbook.xml"
STEP_BYTES = 1024 * 1024  # unpacked at a time while sizes are checked
TABLE_ROWS = 5  # rows of several cells that make a sheet the one with the table


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet as read.

    Attributes:
        rows: cells as text; `rows[i]` is row `i + 1` of the sheet.
        name: the sheet's name.
        names: every sheet that can be read, in the workbook's order.
        uncounted: some formula of the sheet has no stored result, so its cell reads as empty.
        hidden: numbers of the rows that the sheet hides, by hand or by a filter.
        epoch_1904: dates written as numbers count from 1904, not from 1900.
    """

    rows: list[list[str]]
    name: str
    names: tuple[str, ...]
    uncounted: bool = False
    hidden: tuple[int, ...] = ()
    epoch_1904: bool = False


def is_zip(content: bytes) -> bool:
    """Whether the bytes start like a zip archive, as every XLSX workbook does."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def check_archive(name: str, content: bytes) -> None:
    """Refuse an archive that is no workbook, unpacks too large, or declares XML entities.

    Raises:
        DataError: any of these, in a sentence for the person who uploaded it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if _MAIN not in names:
                what = "a binary workbook" if "xl/workbook.bin" in names else "a zip archive, not a table"
                raise DataError(f"“{name}” is {what}. Save the table as CSV or XLSX and upload that.")
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MAX_UNPACKED_BYTES:
                raise DataError(
                    f"“{name}” would unpack to {unpacked / 2**20:,.0f} MB; the limit is "
                    f"{MAX_UNPACKED_BYTES // 2**20} MB. Keep only the sheet with the data."
                )
            for part in parts:
                if part.flag_bits & 0x1:
                    raise DataError(f"“{name}” is protected by a password. Remove it and upload the file again.")
                if b"<!DOCTYPE" in _start_of(content, part) and part.filename.endswith((".xml", ".rels")):
                    raise DataError(f"“{name}” holds XML that a workbook does not need; it was not read.")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"“{name}” is damaged and cannot be opened. Save it again and upload the new file.") from error


def read_workbook(name: str, content: bytes, sheet: str | None) -> Sheet:
    """The rows of one sheet as text, formulas as their stored results.

    Without `sheet` the first visible sheet with at least two filled rows is read.

    Raises:
        DataError: no such sheet, a damaged or oversized workbook, or no sheet with a table.
    """
    import openpyxl

    check_archive(name, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return _chosen(book, name, sheet)
        finally:
            book.close()
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"“{name}” cannot be read as a workbook. Save it again as XLSX, or as CSV.") from error


def cell_text(value: object) -> str:
    """A workbook's cell as text: dates as ISO, numbers without a needless `.0`, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _start_of(content: bytes, part: zipfile.ZipInfo) -> bytes:
    """The first bytes of a part; all of it is unpacked once, bit by bit, as its declared size may be a lie.

    Raises:
        zipfile.BadZipFile: the part unpacks to more than it declares, or is not packed as workbooks are.
        zlib.error, struct.error: the part is damaged.
    """
    names, extra = struct.unpack_from("<HH", content, part.header_offset + 26)
    at = part.header_offset + 30 + names + extra
    packed = content[at : at + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        start, size = packed[:STEP_BYTES], len(packed)
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        start = unpack.decompress(packed, STEP_BYTES)
        size = len(start)
        while unpack.unconsumed_tail and not unpack.eof and size <= part.file_size:
            size += len(unpack.decompress(unpack.unconsumed_tail, STEP_BYTES))
    else:
        raise zipfile.BadZipFile
    if size > part.file_size:
        raise zipfile.BadZipFile
    return start


def _chosen(book: Workbook, name: str, sheet: str | None) -> Sheet:
    sheets = {work.title: work for work in book.worksheets}
    names = tuple(title for title, work in sheets.items() if work.sheet_state == "visible") or tuple(sheets)
    if sheet is not None and sheet not in sheets:
        raise DataError(f"“{name}” has no sheet “{sheet}”; its sheets are {', '.join(sheets) or '(none)'}.")
    best: tuple[int, str, list[list[str]]] | None = None
    for title in (sheet,) if sheet is not None else names:
        rows = list(_rows(sheets[title], name))
        wide = min(TABLE_ROWS, sum(1 for row in rows if sum(map(bool, row)) >= 2))
        if (sheet is not None or sum(1 for row in rows if any(row)) >= 2) and (best is None or wide > best[0]):
            best = wide, title, rows
        if wide == TABLE_ROWS:
            break
    if best is not None:
        _, title, rows = best
        source = _xml(book, sheets[title])
        return Sheet(
            rows=rows,
            name=title,
            names=names,
            uncounted=_FORMULA_WITHOUT_VALUE.search(source) is not None,
            hidden=_hidden(source, len(rows)),
            epoch_1904=book.epoch.year == 1904,
        )
    raise DataError(f"“{name}” holds no table: no sheet has a row of column names and a row of data.")


def _xml(book: Workbook, work: Worksheet) -> bytes:
    """The sheet as stored: openpyxl's streaming reader does not tell which rows are hidden."""
    content: bytes = book._archive.read(work._worksheet_path)
    return content


def _hidden(source: bytes, n: int) -> tuple[int, ...]:
    """Numbers of the hidden rows among the first `n`."""
    found = []
    for match in _HIDDEN_ROW.finditer(source):
        number = _ROW_NUMBER.search(match[0])
        if number is not None and int(number[1]) <= n:
            found.append(int(number[1]))
    return tuple(found)


def _rows(work: Worksheet, name: str) -> Iterator[list[str]]:
    work.reset_dimensions()  # the size a file declares may be far from the truth
    for index, values in enumerate(work.iter_rows(values_only=True)):
        if index >= MAX_ROWS:
            raise DataError(f"“{name}” has a sheet with more than {MAX_ROWS:,} rows.")
        row = [cell_text(value) for value in values]
        while row and not row[-1]:
            row.pop()
        if len(row) > MAX_COLUMNS:
            raise DataError(f"“{name}” has more than {MAX_COLUMNS:,} columns in row {index + 1}.")
        yield row
