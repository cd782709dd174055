"""Results as tables that people take with them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mmm.data.cells import is_no_value, parse_number

if TYPE_CHECKING:
    from mmm.study import Results

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS = (
    "channel",
    "spend",
    "contribution (drop-one)",
    "contribution low",
    "contribution high",
    "contribution (Shapley)",
    "share of spend",
    "share of effect",
    "ROI",
    "ROI low",
    "ROI high",
    "next-euro ROI",
    "next-euro ROI low",
    "next-euro ROI high",
    "currency",
    "contribution unit",
)


def contribution_rows(results: Results) -> Iterable[tuple[object, ...]]:
    """One row a channel under `COLUMNS`; intervals hold 90 %."""
    returns, one_out, split = results.roi, results.contributions.total.shown, results.decomposition.total.shown
    for i, name in enumerate(returns.labels.channels):
        so_far = (None,) * 3 if returns.roi is None else returns.roi.at(i).floats()
        following = (None,) * 3 if returns.next_roi is None else returns.next_roi.at(i).floats()
        yield (
            name,
            float(returns.spend[i]),
            *one_out.at(i).floats(),
            float(split.mean[i]),
            float(returns.spend_share[i]),
            float(returns.effect_share[i]),
            *so_far,
            *following,
            returns.units.currency,
            returns.units.shown,
        )


def to_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """UTF-8 CSV that a spreadsheet opens without computing anything in it; unknown numbers are empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
    return ("\ufeff" + text.getvalue()).encode("utf-8")


def neutral(text: str) -> str:
    """A text that a spreadsheet shows and does not compute; what is a number, such as “-120,00”, stays one."""
    if not text.startswith(_FORMULA_STARTS) or is_no_value(text):
        return text
    number = text[0] in "+-" and (parse_number(text) is not None or parse_number(text, ",") is not None)
    return text if number else f"'{text}"


def _cell(cell: object) -> object:
    if isinstance(cell, str):
        return neutral(cell)
    if isinstance(cell, float):
        return f"{cell:.10g}" if math.isfinite(cell) else ""
    return "" if cell is None else cell
