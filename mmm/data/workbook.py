"""Excel workbooks as rows of text; sizes are checked before anything is unpacked."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
_MAIN = "xl/workbook.xml"


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet as read.

    Attributes:
        rows: cells as text; `rows[i]` is row `i + 1` of the sheet.
        name: the sheet's name.
        names: every sheet that can be read, in the workbook's order.
        uncounted: some formula of the workbook has no stored result, so its cell reads as empty.
    """

    rows: list[list[str]]
    name: str
    names: tuple[str, ...]
    uncounted: bool = False


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
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        if b"<!DOCTYPE" in stream.read(4096):
                            raise DataError(f"“{name}” holds XML that a workbook does not need; it was not read.")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise DataError(f"“{name}” is damaged and cannot be opened. Save it again and upload the new file.") from error


def read_workbook(name: str, content: bytes, sheet: str | None) -> Sheet:
    """The rows of one sheet as text, formulas as their stored results.

    Without `sheet` the first visible sheet with at least two filled rows is read.

    Raises:
        DataError: no such sheet, a damaged or oversized workbook, or no sheet with a table.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    check_archive(name, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return replace(_chosen(book, name, sheet), uncounted=_has_uncounted(content))
        finally:
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, EOFError) as error:
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


def _has_uncounted(content: bytes) -> bool:
    """Whether a sheet holds a formula without a result, as programs write that do not calculate."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_FORMULA_WITHOUT_VALUE.search(archive.read(name)) for name in sheets)


def _chosen(book: Workbook, name: str, sheet: str | None) -> Sheet:
    sheets = {work.title: work for work in book.worksheets}
    names = tuple(title for title, work in sheets.items() if work.sheet_state == "visible") or tuple(sheets)
    if sheet is not None and sheet not in sheets:
        raise DataError(f"“{name}” has no sheet “{sheet}”; its sheets are {', '.join(sheets) or '(none)'}.")
    for title in (sheet,) if sheet is not None else names:
        rows = list(_rows(sheets[title], name))
        if sheet is not None or sum(1 for row in rows if any(row)) >= 2:
            return Sheet(rows, title, names)
    raise DataError(f"“{name}” holds no table: no sheet has a row of column names and a row of data.")


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
