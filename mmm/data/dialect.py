"""How a text file is written: its encoding, its delimiter, and where its table begins and ends."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmm.data.cells import DecimalMark, is_no_value, parse_number
from mmm.data.dates import looks_like_date
from mmm.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARACTERS = 64 * 1024  # enough for the shape of any table; the rest is read with what it showed
MAX_PREAMBLE = 40  # rows above the header that are looked at

_TOTAL = re.compile(
    r"^(grand\s+|sub)?totals?\b|^(sum|summe|gesamt|insgesamt|gesamtergebnis|totale|suma)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written, as far as it could be told from looking.

    Attributes:
        kind: "csv" for any delimited text, "xlsx" for a workbook.
        encoding: Python's name of the text encoding, or None for a workbook.
        delimiter: what stands between two cells, or None for a workbook.
        decimal: the decimal mark of cells that can be read both ways.
        date_order: "ymd", "dmy" or "mdy"; None where dates can be read both ways or there are none.
        sheet: the sheet that was read, or None for text.
        header_row: row of the column names, 1-based.
        decimal_sure: cells tell the decimal mark; without it `decimal` is only likely.
    """

    kind: str
    encoding: str | None
    delimiter: str | None
    decimal: DecimalMark
    date_order: str | None
    sheet: str | None
    header_row: int
    decimal_sure: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The dialect as JSON-able values."""
        return asdict(self)


def decode(content: bytes, name: str) -> tuple[str, str]:
    """The text of a file and the encoding it was read in.

    Raises:
        DataError: the bytes are no text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decoded(content, encoding, name), encoding
    head = content[:4096]
    if head[1::2].count(0) > len(head) // 4:
        return _decoded(content, "utf-16-le", name), "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return _decoded(content, "utf-16-be", name), "utf-16-be"
    try:
        text, encoding = content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    head_text = text[:SAMPLE_CHARACTERS]
    strange = sum(head_text.count(chr(code)) for code in (*range(9), *range(14, 32)))
    if strange > max(2, len(head_text) // 1000):
        raise DataError(f"“{name}” is not a text file. Save the table as CSV or XLSX and upload that.")
    return text.replace("\x00", ""), encoding


def sniff_delimiter(text: str) -> str:
    """The delimiter under which most rows, the header among them, have the same number of cells."""
    hint = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    if hint:
        return hint.group(1)
    scores = {delimiter: _delimiter_score(text, delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: scores[delimiter])


def sample_rows(text: str, delimiter: str, n: int = 200) -> list[list[str]]:
    """The first rows of a text, the last and perhaps cut one left out."""
    sample = text[:SAMPLE_CHARACTERS]
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= n:
                return rows
    except csv.Error:
        return rows
    return rows if len(sample) == len(text) else rows[:-1]


def find_header(rows: Sequence[Sequence[str]], name: str) -> int:
    """Index of the row that holds the column names, after title lines if there are any.

    Raises:
        DataError: no row can be the header: the first full row holds data.
    """
    widths = Counter(_filled(row) for row in rows if _filled(row))
    if not widths:
        raise DataError(f"“{name}” is empty. Upload a table with one row of column names and one row a period.")
    usual = max(widths, key=lambda width: (widths[width] if width > 1 else 0, width))
    for index, row in enumerate(rows[:MAX_PREAMBLE]):
        if _filled(row) < max(1, min(usual, max(2, round(0.6 * usual)))):
            continue
        values = [cell for cell in row if not is_no_value(cell)]
        data = sum(1 for cell in values if parse_number(cell) is not None or looks_like_date(cell))
        if 2 * data > len(values):
            raise DataError(
                f"“{name}” has no row of column names: row {index + 1} already holds data. "
                "Add a first row that names each column."
            )
        return index
    raise DataError(f"“{name}” has no row of column names. Add a first row that names each column.")


def is_total(row: Iterable[str]) -> bool:
    """Whether a row sums up the ones above: its first words say so and no cell before them is a date."""
    first = next((cell.strip() for cell in row if cell.strip()), "")
    return bool(_TOTAL.match(first)) and not looks_like_date(first)


def _delimiter_score(text: str, delimiter: str) -> tuple[float, int]:
    rows = [row for row in sample_rows(text, delimiter) if any(cell.strip() for cell in row)]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0, 0
    usual, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    header = next((row for row in rows if len(row) == usual), [])
    named = sum(1 for cell in header if cell.strip() and parse_number(cell) is None)
    starts_whole = 1.0 if named >= len(header) / 2 else 0.5
    return round(count / len(rows) * starts_whole, 2), usual


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"“{name}” starts like {encoding.upper()} text but breaks off at byte {error.start:,}. "
            "Save it again as CSV in UTF-8."
        ) from error
