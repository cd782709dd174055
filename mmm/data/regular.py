"""The short way through a large text: no quotation mark, and every line cut into the same number of cells.

Such a text is cut by Arrow at once, column by column, without a Python object for each cell. Any other goes the long
way, row by row; both ways give the same table.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from mmm.data.dialect import find_header
from mmm.data.findings import FindingLog
from mmm.data.trim import HEAD_ROWS, TAIL_ROWS, Numbered, left_out, names_of, no_rows, note_blank, starts_like_total
from mmm.errors import DataError

LARGE = 200_000  # characters; a shorter text costs the long way next to nothing
MOST_LOOKED_AT = 0.05  # share of rows that may need a look of their own; beyond it the long way is no longer
BLOCK_BYTES = 4 << 20  # a line longer than that goes the long way


@dataclass(frozen=True, eq=False)
class Regular:
    """The rows of a regular text below its names.

    Attributes:
        header: the row of names and its number.
        cells: columns of text in the file's order, all `[row]`.
        numbers: each row's number in the file, `[row]`.
    """

    header: Numbered
    cells: tuple[pa.Array, ...]
    numbers: NDArray[np.int64]


def regular_table(text: str, delimiter: str, name: str, noted: FindingLog) -> Regular | None:
    """The table of a regular text without its blank rows, totals and notes; None where the text is another.

    Nothing is noted where None comes back.
    """
    cut_plainly = '"' not in text and text.count("\r") == text.count("\r\n")
    if len(text) < LARGE or not cut_plainly or text[:4].lower() == "sep=":
        return None
    lines = islice(io.StringIO(text, newline=""), HEAD_ROWS + 1)
    head = list(enumerate(csv.reader(lines, delimiter=delimiter), start=1))
    try:
        found = find_header([row for _, row in head[:HEAD_ROWS]], name)
    except DataError:  # the long way says so
        return None
    at, header = names_of(head, found, FindingLog())
    table = _cut(text, delimiter, skip=at + 1)
    if table is None or table.num_columns != len(header[1]) or not table.num_rows:
        return None
    looked = _rows_to_look_at(table)
    if looked is None:
        return None
    names_of(head, found, noted)
    columns = [column.chunk(0) for column in table.columns]
    blank, dropped = _left_out(columns, header, at + 2, looked, noted)
    kept = np.ones(table.num_rows, dtype=np.bool_)
    kept[blank] = kept[dropped] = False
    if not kept.any():
        raise no_rows(name, header)
    numbers = np.arange(at + 2, at + 2 + table.num_rows)
    if kept.all():
        return Regular(header, tuple(columns), numbers)
    return Regular(header, tuple(column.filter(pa.array(kept)) for column in columns), numbers[kept])


def _cut(text: str, delimiter: str, skip: int) -> pa.Table | None:
    """The lines after the first `skip` as columns of text; None where they differ in their number of cells."""
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.rstrip("\r\n").encode()),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, skip_rows=skip, autogenerate_column_names=True
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(default_column_type=pa.string()),
        )
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return table.combine_chunks()


def _rows_to_look_at(table: pa.Table) -> list[int] | None:
    """Positions of the rows that may be blank or a total; None where they are too many."""
    ordinary = pc.match_substring_regex(table.column(0), "^[0-9']").to_numpy(zero_copy_only=False)
    looked = np.flatnonzero(~np.asarray(ordinary, dtype=np.bool_))
    return looked.tolist() if len(looked) <= MOST_LOOKED_AT * table.num_rows else None


def _left_out(
    columns: list[pa.Array], header: Numbered, first: int, looked: list[int], noted: FindingLog
) -> tuple[list[int], list[int]]:
    """Positions of the blank rows, and of totals and notes."""

    def row(at: int) -> list[str]:
        return [column[at].as_py() for column in columns]

    rows = len(columns[0])
    blank = [at for at in looked if not any(cell.strip() for cell in row(at))]
    empty = set(blank)
    tail = [at for at in range(max(0, rows - TAIL_ROWS - len(blank)), rows) if at not in empty][-TAIL_ROWS:]
    if tail:
        note_blank(sum(1 for at in blank if at < tail[-1]), noted)
    dropped = []
    for at in sorted({*looked, *tail} - empty):
        notes = at >= tail[0]
        cells = row(at)
        if (notes or starts_like_total(cells)) and left_out((first + at, cells), len(header[1]), noted, notes=notes):
            dropped.append(at)
    return blank, dropped
