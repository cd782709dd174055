"""How spend was split over the channels, and how the split moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.layers import ends, layer, room
from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import long_date, money, percent
from mmm.charts.template import (
    DIRECT_LABELS,
    Chart,
    channel_colours,
    colour_of,
    days_of,
    figure,
    grouped,
    time_axis,
    value_axis,
)
from mmm.data.inputs import DateArray, Frequency
from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]

MOST_PERIODS = 60  # more are added up to months: a share that flickers by the week shows no shift


def share_of_spend(panel: Panel, key: str = "share_of_spend", *, marks: Sequence[Mark] = ()) -> Chart:
    """Each channel's share of spend stacked to the whole; all markets together, by month in a long history."""
    periods, spend, per = _by_month(panel)
    names, spend = grouped(panel.labels.channels, spend)
    total = spend.sum(axis=1, keepdims=True)
    share = np.divide(spend, total, out=np.zeros_like(spend), where=total > 0)
    colours = channel_colours(panel.labels.channels)
    fills = [colour_of(name, colours) for name in names]
    named = len(names) <= DIRECT_LABELS
    days = days_of(periods)
    data = [
        layer(
            days,
            100 * share[:, c],
            name,
            fills[c],
            [
                f"{name} {percent(part)} ({money(amount, panel.currency)})"
                for part, amount in zip(share[:, c].tolist(), spend[:, c].tolist(), strict=True)
            ],
            not named,
        )
        for c, name in enumerate(names)
    ]
    drawn = figure(
        data,
        key=key,
        height=360 if named else 400,
        xaxis=time_axis(range=[days[0], days[-1]]),
        yaxis=value_axis(f"% of spend a {per}", plain=True, range=[0, 100], dtick=25),
        annotations=ends(names, fills, 100 * share[-1], 100.0, days[-1]) if named else [],
        legend={"orientation": "h", "x": 0, "y": -0.12, "yanchor": "top", "traceorder": "normal"},
        margin={"l": 8, "r": room(names) if named else 8, "t": 12, "b": 8},
    )
    return with_marks(Chart(drawn, _finding(names, periods, spend)), marks, periods)


def _by_month(panel: Panel) -> tuple[DateArray, FloatArray, str]:
    """Periods, spend of all markets `[period, channel]` and the length of a period in words."""
    spend = panel.spend.sum(axis=0)
    frequency = panel.labels.frequency
    if frequency is Frequency.MONTH or panel.n_periods <= MOST_PERIODS:
        return panel.periods, spend, frequency.value
    months, place = np.unique(panel.periods.astype("datetime64[M]"), return_inverse=True)
    added = np.zeros((len(months), spend.shape[1]))
    np.add.at(added, place, spend)
    return months.astype("datetime64[D]"), added, "month"


def _finding(names: Sequence[str], periods: DateArray, spend: FloatArray) -> str:
    """The channel whose share moved most between the first and the last quarter of the history."""
    part = max(1, len(periods) // 4)
    before, after = (
        rows.sum(axis=0) / max(float(rows.sum()), np.finfo(np.float64).tiny) for rows in (spend[:part], spend[-part:])
    )
    span = f"from {long_date(periods[0])} to {long_date(periods[-1])}"
    moved = int(np.argmax(np.abs(after - before)))
    if abs(after[moved] - before[moved]) < 0.01:
        return f"The split of spend hardly moved {span}."
    return (
        f"{names[moved]} moved most: from {percent(before[moved])} of spend in the first quarter to "
        f"{percent(after[moved])} in the last, {span}."
    )
