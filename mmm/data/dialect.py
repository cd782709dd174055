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
MAX_CELL_CHARACTERS = 50 * 1024 * 1024  # a cell cannot be longer than a file
MAX_PREAMBLE = 40  # rows above the header that are looked at

_TOTAL = re.compile(
    r"^(grand\s+|sub-?|overall\s+)?totals?\b|^(sum|summe|gesamt|gesamtsumme|insgesamt|gesamtergebnis|zwischensumme|"
    r"total(e|en)|suma|somme|ensemble|celkem|totaal)\b",
    re.IGNORECASE,
)
WHOLE_TOTAL = frozenset(
    {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt", "σ"}
    | {
        "zwischensumme",
        "gesamtergebnis",
        "total général",
        "total general",
        "totale",
        "suma",
        "somme",
        "totaal",
        "(total)",
    }
)
"""Labels that, standing alone in a cell, say that the row adds up others; in lower case."""
MAX_CONTROLS = 0.001  # share of control characters, beyond which a file is no text
MAX_NULS = 0.05


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
    strange = sum(head_text.count(chr(code)) for code in (*range(1, 9), *range(14, 32)))
    if strange > max(2, MAX_CONTROLS * len(head_text)) or head_text.count("\0") > max(8, MAX_NULS * len(head_text)):
        raise DataError(f"“{name}” is not a text file. Save the table as CSV or XLSX and upload that.")
    return text.replace("\x00", ""), encoding


def sniff_delimiter(text: str) -> str:
    """The delimiter under which most rows, the header among them, have the same number of cells."""
    hint = re.match(r'"?sep=(.)"?[\r\n]', text, re.IGNORECASE)
    if hint:
        return hint.group(1)
    scores = {delimiter: _delimiter_score(text, delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: scores[delimiter])


def sample_rows(text: str, delimiter: str, n: int = 200) -> list[list[str]]:
    """The first rows of a text, the last and perhaps cut one left out."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)
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
        if _periods_across(values):
            raise DataError(
                f"“{name}” has its periods in columns (row {index + 1} names “{values[-1].strip()[:40]}”). "
                "Transpose the table, so that each period is a row and each series a column, and upload that."
            )
        if 2 * data > len(values):
            raise DataError(
                f"“{name}” has no row of column names: row {index + 1} already holds data. "
                "Add a first row that names each column."
            )
        return index
    raise DataError(f"“{name}” has no row of column names. Add a first row that names each column.")


def is_total(row: Iterable[str]) -> bool:
    """Whether a row sums up others: one of its first words says so, and it has no date of its own."""
    filled = [cell.strip() for cell in row if not is_no_value(cell)]
    says = any(_TOTAL.match(cell) for cell in filled[:1]) or any(cell.lower() in WHOLE_TOTAL for cell in filled[:3])
    return says and not any(looks_like_date(cell) for cell in filled[:6])


def _periods_across(values: Sequence[str]) -> bool:
    """Whether a row of names is a row of dates behind one or a few words: months as columns."""
    dates = [looks_like_date(cell) for cell in values]
    return len(values) > 3 and not dates[0] and sum(dates) >= max(3, 0.6 * len(values)) and dates[-2]


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
