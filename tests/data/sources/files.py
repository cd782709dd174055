"""Small files as a person would upload them together, and what becomes of them on one calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from mmm.data.cells import parse_numbers
from mmm.data.findings import FindingLog
from mmm.data.read import RawTable, read_table
from mmm.data.sources.join import Joined, join
from mmm.data.sources.series import Series, complete, read_series
from mmm.data.sources.source import Layout, Measure, Source

MONDAY = date(2024, 1, 1)


def days(n: int, first: date = MONDAY, step: int = 1) -> list[date]:
    return [first + timedelta(days=step * i) for i in range(n)]


def file(columns: dict[str, Sequence[object]], name: str = "sales.csv") -> RawTable:
    return read_table(name, (pd.DataFrame(columns).to_csv(index=False)).encode())


def series_of(raw: RawTable, index: int = 0, noted: FindingLog | None = None, **source: object) -> Series | None:
    described = complete(Source(raw.name, **{"label": raw.name.partition(".")[0], **source}), raw)
    return read_series(raw, described, index, noted if noted is not None else FindingLog())


def rows(raw: RawTable, index: int = 0, **source: object) -> Series | None:
    """A widened platform export: amounts in every column, absent dates are days without any."""
    source = {"layout": Layout.ROWS, "date": raw.columns[0], "platform": "meta_ads"} | source
    return series_of(raw, index, measures=dict.fromkeys(raw.columns[1:], Measure.SPEND), **source)


def joined(*series: Series, fill: dict[str, str] | None = None) -> tuple[Joined | None, FindingLog]:
    noted = FindingLog()
    table = file({"date": ["2024-01-01", "2024-01-02"], "sales": [1, 2]})
    return join(series, [table] * len(series), fill or {}, noted), noted


def numbers(table: RawTable, column: str) -> list[float | None]:
    return [None if value != value else value for value in parse_numbers(table.frame[column]).values.tolist()]


def total(table: RawTable, column: str) -> float:
    return sum(value for value in numbers(table, column) if value is not None)


def codes(noted: FindingLog) -> list[str]:
    return [finding.code for finding in noted.findings()]


def message(noted: FindingLog, code: str) -> str:
    return next(finding.message for finding in noted.findings() if finding.code == code)
