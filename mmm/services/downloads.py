"""Data as files to take along: CSV and workbooks in which a spreadsheet computes nothing."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmm.errors import DataError
from mmm.services.exports import neutral

if TYPE_CHECKING:
    from mmm.data.mapping import Mapping
    from mmm.data.panel import Panel

MAX_SHEET_ROWS = 1_048_576  # of a worksheet, its header included
MAX_SHEET_NAME = 31
MAX_CELL = 32_767  # characters in a cell of a worksheet
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same tables give the same bytes at any time
_CANONICAL = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?")  # a number that is the same number as a float


def panel_table(panel: Panel, mapping: Mapping) -> pd.DataFrame:
    """One row for each market and period as the panel holds it, under the file's own column names."""
    labels = panel.labels
    markets, periods = panel.kpi.shape
    columns: dict[str, Any] = {mapping.date: np.tile(panel.periods.astype("datetime64[s]"), markets)}
    if mapping.market is not None:
        columns[mapping.market] = np.repeat(np.array(labels.markets, dtype=object), periods)
    columns[mapping.kpi] = panel.kpi.ravel()
    for place, name in enumerate(labels.channels):
        used = mapping.channels.get(name)
        columns[name if used is None else used.spend] = panel.spend[:, :, place].ravel()
        if panel.exposure is not None and used is not None and used.exposure is not None:
            columns[used.exposure] = panel.exposure[:, :, place].ravel()
    for place, name in enumerate(labels.controls):
        columns[name] = panel.controls[:, :, place].ravel()
    if panel.value_per_kpi is not None:
        value = mapping.value_per_kpi
        columns[value if isinstance(value, str) else "value per KPI unit"] = panel.value_per_kpi.ravel()
    if panel.population is not None and mapping.population is not None:
        columns[mapping.population] = np.repeat(panel.population, periods)
    for mark, cells in (("observed", panel.observed), ("filled", panel.filled)):
        columns[f"{mark} (panel)" if mark in columns else mark] = cells.ravel()
    return pd.DataFrame(columns)


def as_csv(tables: Sequence[tuple[str, pd.DataFrame]]) -> bytes:
    """One table as UTF-8 CSV; several as a zip of them, under their names."""
    if len(tables) == 1:
        return _csv(tables[0][1])
    names = _unique((re.sub(r"\.\w{1,5}$", "", name) for name, _ in tables), 100)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (_, table) in zip(names, tables, strict=True):
            info = zipfile.ZipInfo(f"{name}.csv", date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _csv(table))
    return buffer.getvalue()


def as_workbook(tables: Sequence[tuple[str, pd.DataFrame]]) -> bytes:
    """A workbook with a sheet for each table; numbers are numbers, dates are dates, the header stays in view.

    Raises:
        DataError: a table has more rows than a worksheet.
    """
    import xlsxwriter

    longest = max(len(table) for _, table in tables)
    if longest >= MAX_SHEET_ROWS:
        raise DataError(f"A worksheet holds {MAX_SHEET_ROWS - 1:,} rows, this table has {longest:,}. Take the CSV.")
    buffer = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(buffer, options)
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheets = _unique((re.sub(r"\.\w{1,5}$", "", name) for name, _ in tables), MAX_SHEET_NAME)
    for name, (_, table) in zip(sheets, tables, strict=True):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, neutral(str(column))[:MAX_CELL], bold)
            _write_column(sheet, place, table.iloc[:, place], day)
        sheet.set_column(0, max(0, table.shape[1] - 1), 14)
    book.close()
    return buffer.getvalue()


def _write_column(sheet: Any, place: int, column: pd.Series[Any], day: Any) -> None:  # noqa: ANN401 - xlsxwriter has no types
    """One column below its heading; text that is a plain number is written as that number."""
    if pd.api.types.is_datetime64_any_dtype(column):
        for row, moment in enumerate(column.dt.to_pydatetime(), start=1):
            if not pd.isna(moment):
                sheet.write_datetime(row, place, moment, day)
        return
    if pd.api.types.is_bool_dtype(column):
        for row, flag in enumerate(column.tolist(), start=1):
            sheet.write_boolean(row, place, flag)
        return
    if pd.api.types.is_numeric_dtype(column):
        for row, number in enumerate(column.tolist(), start=1):
            if np.isfinite(number):
                sheet.write_number(row, place, number)
        return
    for row, cell in enumerate(column.tolist(), start=1):
        if cell is None or cell == "" or cell != cell:  # noqa: PLR0124 - NaN is not itself
            continue
        if _CANONICAL.fullmatch(cell):
            sheet.write_number(row, place, float(cell))
        else:
            sheet.write_string(row, place, neutral(cell)[:MAX_CELL])


def _csv(table: pd.DataFrame) -> bytes:
    made = {place: _harmless(table.iloc[:, place]) for place in range(table.shape[1])}
    safe = pd.DataFrame(made, index=table.index)
    header = [neutral(str(column)) for column in table.columns]
    text = safe.to_csv(index=False, header=header, date_format="%Y-%m-%d", lineterminator="\r\n")
    return ("\ufeff" + text).encode("utf-8", errors="replace")


def _harmless(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column whose texts compute nothing; each distinct text is looked at once."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    texts = {text: neutral(str(text)) for text in column.dropna().unique()}
    changed = {text: safe for text, safe in texts.items() if safe != text}
    return column.replace(changed) if changed else column


def _unique(names: Iterable[str], longest: int) -> list[str]:
    """Names that files and worksheets may have, no two alike."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[\[\]:*?/\\<>|\"\x00-\x1f]", "_", name).strip(" '.")[:longest].strip(" '.") or "table"
        unique, number = plain, 1
        while unique.lower() in {other.lower() for other in found} or unique.lower() == "history":
            number += 1
            unique = f"{plain[: longest - 5]} ({number})"
        found.append(unique)
    return found
