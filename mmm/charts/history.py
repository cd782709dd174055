"""A data set over time: the KPI above, the spend of every channel below, on one axis of dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import count, long_date, money
from mmm.charts.template import (
    INK,
    Chart,
    bar,
    channel_colours,
    colour_of,
    days_of,
    figure,
    grouped,
    line,
    safe,
    shade,
    time_axis,
    value_axis,
)
from mmm.data.panel import KpiKind, Panel

KPI_PART, SPEND_PART = (0.56, 1.0), (0.0, 0.42)  # of the height


def history(panel: Panel, key: str = "history", *, marks: Sequence[Mark] = ()) -> Chart:
    """KPI and spend of all markets together; periods that no market is fitted in are shaded."""
    days = days_of(panel.periods)
    seen = panel.observed.any(axis=0)
    kpi = np.where(seen, np.where(panel.observed | panel.filled, panel.kpi, 0.0).sum(axis=0), np.nan)
    names, spend = grouped(panel.labels.channels, panel.spend.sum(axis=0))
    colours = channel_colours(panel.labels.channels)
    is_money = panel.kpi_kind is KpiKind.REVENUE
    said = [money(v, panel.currency) if is_money else count(v, panel.kpi_name) for v in kpi.tolist()]
    traces = [line(days, kpi, panel.kpi_name, INK, hover=said, width=1.5)]
    for place, name in enumerate(names):
        texts = [f"{name} {money(v, panel.currency)}" for v in spend[:, place].tolist()]
        traces.append(
            bar(days, spend[:, place], name, colour_of(name, colours), hover=texts, yaxis="y2", showlegend=True)
        )
    per = panel.labels.frequency.value
    unit = f"{panel.kpi_name[:24]}, {panel.currency}" if is_money else panel.kpi_name[:24]
    drawn = figure(
        traces,
        key=key,
        height=420,
        barmode="stack",
        bargap=0.05,
        xaxis=time_axis(anchor="y2"),
        yaxis=value_axis(safe(f"{unit} a {per}"), plain=_small(kpi), domain=list(KPI_PART), zeroline=False),
        yaxis2=value_axis(
            safe(f"spend, {panel.currency} a {per}"), plain=_small(spend.sum(axis=1)), domain=list(SPEND_PART)
        ),
        legend={"orientation": "h", "x": 0, "y": -0.12, "yanchor": "top", "traceorder": "normal"},
        shapes=list(_gaps(panel)),
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
    )
    return with_marks(Chart(drawn, _finding(panel, spend)), marks, panel.periods)


def _small(values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether ticks need no k or M, and would rather be given an m for a thousandth."""
    return float(np.nanmax(np.abs(values), initial=0.0)) < 1000


def _gaps(panel: Panel) -> Iterator[dict[str, Any]]:
    """A quiet ground behind stretches of periods that no market has a usable KPI in."""
    short = (~panel.observed).all(axis=0)
    step = np.diff(panel.periods)[0] if len(panel.periods) > 1 else np.timedelta64(1, "D")
    edges = np.flatnonzero(np.diff(np.concatenate([[False], short, [False]]).astype(np.int8)))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield shade(str(panel.periods[start] - step // 2), str(panel.periods[stop - 1] + step // 2))


def _finding(panel: Panel, spend: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    largest = int(np.argmax(panel.spend.sum(axis=(0, 1)))) if spend.size else 0
    return (
        f"{panel.kpi_name} and spend from {long_date(panel.periods[0])} to {long_date(panel.periods[-1])}; "
        f"{panel.labels.channels[largest]} is the largest of {len(panel.labels.channels)} channels by spend."
    )
