"""The day of each row of a file, or why it has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from mmm.data.cells import as_arrow
from mmm.data.dates import parse_dates
from mmm.data.findings import FindingLog
from mmm.data.read import RawTable
from mmm.data.rows import note_dates
from mmm.data.sources.connectors.known import connector_named
from mmm.data.sources.headings import Headings
from mmm.data.sources.source import Source

_STAMP = r"^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}"


def days_of(raw: RawTable, source: Source, noted: FindingLog) -> NDArray[np.datetime64] | None:
    """The day of each row, `datetime64[D] [row]`, NaT where the cell holds none; None where the file has no days.

    Ambiguous orders of day and month become a question, cells that are no dates and files without days a refusal.
    """
    if not source.date or _spans(raw, source):
        noted.refuse("no_days", _without_days(source))
        return None
    cells = raw.frame[source.date]
    dates = parse_dates(_without_time(cells), source.date_order)
    note_dates(cells, dates, noted)
    return None if dates.ambiguous else dates.values


def _without_days(source: Source) -> str:
    connector = connector_named(source.platform)
    how = connector.how if connector is not None else "Add a column with the date of each row."
    return f"“{source.name}” has no day in its rows, so it does not tell when money was spent or earned. {how}"


def _spans(raw: RawTable, source: Source) -> bool:
    """Whether every row is about the whole report, from its first to its last day."""
    connector = connector_named(source.platform)
    end = Headings(raw.columns).first(connector.ends) if connector is not None else None
    if end is None:
        return False
    starts, ends = (set(raw.frame[column].str.strip()) - {""} for column in (source.date, end))
    return len(starts) == 1 and len(ends) == 1 and starts != ends


def _without_time(cells: pd.Series[str]) -> pd.Series[str]:
    """Time stamps cut to the day as written: far fewer distinct texts to read."""
    texts = pc.utf8_trim_whitespace(as_arrow(cells))
    stamps = pc.match_substring_regex(texts, _STAMP)
    if not pc.any(stamps).as_py():
        return cells
    days = pc.if_else(stamps, pc.utf8_slice_codeunits(texts, 0, 10), texts)
    return pd.Series(days.to_pylist(), index=cells.index, dtype="str", name=cells.name)
