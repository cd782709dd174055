"""What belongs to the table of a file: its row of names, and its rows without titles, totals and notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmm.data.cells import SHORT, as_arrow, is_no_value, parse_number
from mmm.data.dates import date_share, looks_like_date
from mmm.data.dialect import WHOLE_TOTAL, find_header, is_total
from mmm.data.findings import FindingLog, Severity
from mmm.data.personal import masked
from mmm.errors import DataError

HEAD_ROWS = 200  # rows among which the names are looked for
TAIL_ROWS = 12  # rows at the end that may be totals or notes

Numbered = tuple[int, list[str]]
"""A row's number in the file, 1-based, and its cells."""


def split_table(rows: list[Numbered], name: str, noted: FindingLog) -> tuple[Numbered, list[Numbered]]:
    """The header and the rows below it, without blank rows, totals and notes."""
    at, header = names_of(rows, find_header([row for _, row in rows[:HEAD_ROWS]], name), noted)
    body = rows[at + 1 :]
    kept = [(number, row) for number, row in body if row and (row[0].strip() or any(cell.strip() for cell in row))]
    if kept:
        note_blank(sum(1 for number, _ in body if number < kept[-1][0]) - len(kept) + 1, noted)
    tail = max(0, len(kept) - TAIL_ROWS)
    kept = [
        numbered
        for place, numbered in enumerate(kept)
        if not (place >= tail or starts_like_total(numbered[1]))
        or not left_out(numbered, len(header[1]), noted, notes=place >= tail)
    ]
    if not kept:
        raise no_rows(name, header)
    return header, kept


def names_of(rows: Sequence[Numbered], at: int, noted: FindingLog) -> tuple[int, Numbered]:
    """The row of names found at position `at`, and where it ends; titles above it and a second row are noted."""
    at, header = _with_second_row(rows, at, noted)
    above = [number for number, row in rows[:at] if any(cell.strip() for cell in row) and number < header[0]]
    if above:
        span = f"Row {above[0]} is" if len(above) == 1 else f"Rows {above[0]} to {above[-1]} are"
        noted.repair("preamble", f"{span} a title above the table, not data, and left out.", above[0])
    return at, header


def note_blank(rows: int, noted: FindingLog) -> None:
    """That rows without any cell stood between the data."""
    if rows > 0:
        noted.info("blank_rows", f"{rows:,} blank rows between the data were left out.")


def no_rows(name: str, header: Numbered) -> DataError:
    """What is said of a table that has names only."""
    return DataError(f"“{name}” has column names but no data below row {header[0]}.")


def _with_second_row(rows: Sequence[Numbered], at: int, noted: FindingLog) -> tuple[int, Numbered]:
    """The row of names, joined with a row of groups above it where the names alone repeat."""
    number, names = rows[at]
    below = rows[at + 1][1] if at + 1 < len(rows) else []
    groups: list[str] | None = None
    if _repeats(names) and len(below) == len(names) and all(map(_is_name, below[1:])) and not _repeats(below):
        at, groups, names = at + 1, names, below  # each group is written above each of its columns
    elif _repeats(names) and at and sum(1 for cell in rows[at - 1][1][1:] if cell.strip()) >= 2:
        groups = rows[at - 1][1]  # a group is written once, above the first of its columns
    if groups is None:
        return at, rows[at]
    joined: list[str] = []
    group = ""
    for place, name in enumerate(names):
        group = (groups[place].strip() if place < len(groups) else "") or group
        joined.append(name if name.strip() == group or not group else f"{name.strip()} {group}".strip())
    noted.repair("two_row_header", f"The names in row {number} stand below groups; both were joined.", number)
    return at, (rows[at][0] if at + 1 < len(rows) else number, joined)


def _repeats(names: Sequence[str]) -> bool:
    filled = [name.strip() for name in names if name.strip()]
    return len(set(filled)) < len(filled)


def _is_name(cell: str) -> bool:
    return not is_no_value(cell) and parse_number(cell) is None and not looks_like_date(cell)


def starts_like_total(row: Sequence[str]) -> bool:
    """A quick look that spares most rows the closer one."""
    first = row[0][:1]
    if first.isdigit():
        return False
    first = row[0].lstrip()[:1]
    return not first or not (first.isdigit() or first == "'")


def left_out(numbered: Numbered, width: int, noted: FindingLog, *, notes: bool) -> bool:
    """Whether a row is a total, or at the end of the table (`notes`) a note; it is noted then."""
    number, row = numbered
    if is_total(row):
        noted.repair("total", f"The row “{_first(row)}” adds up the rows above it and was left out.", number)
        return True
    if (
        notes
        and width > 2
        and sum(1 for cell in row if cell.strip()) == 1
        and row[0].strip()
        and date_share(pd.Series(row[:1])) == 0
    ):
        noted.repair("note", f"The row “{_first(row)}” is a note, not data, and was left out.", number)
        return True
    return False


def _first(row: Sequence[str]) -> str:
    return masked(next((cell.strip() for cell in row if cell.strip()), "")[:60])


def without_totals(frame: pd.DataFrame, noted: FindingLog) -> pd.DataFrame:
    """Without the rows of a market or item called just “Total”, which adds up the others."""
    labels = pa.array(sorted(WHOLE_TOTAL))
    dropped = np.zeros(len(frame), dtype=np.bool_)
    for column in frame.columns:
        cells = as_arrow(frame[column])
        if cells[0].as_py()[:1].isdigit():
            continue
        if len(cells) <= SHORT:
            dropped |= np.array([cell.strip().lower() in WHOLE_TOTAL for cell in cells.to_pylist()])
            continue
        text = pc.utf8_lower(pc.utf8_trim_whitespace(cells))
        dropped |= np.asarray(pc.is_in(text, value_set=labels).to_numpy(zero_copy_only=False), dtype=np.bool_)
    if not dropped.any() or dropped.all():
        return frame
    noted.each(
        "total",
        Severity.REPAIR,
        ((at, int(frame.index[at])) for at in np.flatnonzero(dropped).tolist()),
        lambda _, row: f"Row {row} is a total of other rows and was left out.",
    )
    return frame[~dropped]
