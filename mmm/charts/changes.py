"""What the latest change of sales is put down to."""

from __future__ import annotations

import numpy as np

from mmm.charts.numbers import signed_amount
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    BASELINE,
    UNEXPLAINED,
    Chart,
    bar,
    channel_colours,
    colour_of,
    figure,
    grouped,
    safe,
    value_axis,
)
from mmm.effects.change import Change

ROW = 34  # pixels a bar
ROOM = 0.34  # of the range, for the amounts beside the bars


def changes(change: Change, key: str = "changes") -> Chart:
    """A bar for what each channel, the baseline and the unexplained added or took, largest first."""
    units = change.units
    colours = channel_colours(change.labels.channels)
    names, channels = grouped(change.labels.channels, change.channels)
    parts = [*names, "Baseline", "Unexplained"]
    rows = [safe(part) for part in parts]
    values = np.array([*channels, change.baseline, change.unexplained])
    fills = [*(colour_of(name, colours) for name in names), BASELINE, UNEXPLAINED]
    order = [int(i) for i in np.argsort(-np.abs(values), kind="stable")]
    scale = scale_of(values, units.shown)
    texts = [signed_amount(values[i], units) for i in order]
    drawn_values = scale(values[order])
    low, high = min(0.0, float(drawn_values.min())), max(0.0, float(drawn_values.max()))
    room = ROOM * max(high - low, 1e-9)
    trace = bar(
        [rows[i] for i in order],
        drawn_values,
        "change",
        [fills[i] for i in order],
        hover=texts,
        orientation="h",
        text=[safe(text) for text in texts],
        textposition="outside",
        textfont={"size": 12},
        cliponaxis=False,
        marker={"pattern": {"shape": ["/" if rows[i] == "Unexplained" else "" for i in order], "size": 5}},
    )
    drawn = figure(
        [trace],
        key=key,
        height=64 + ROW * len(rows),
        xaxis=value_axis(
            f"{scale.title}, change", plain=True, showgrid=True, range=[low - (room if low < 0 else 0), high + room]
        ),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        hovermode=False,
        bargap=0.38,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    first = order[0]
    return Chart(drawn, f"The largest part of the change is {parts[first]}: {texts[0]}.")
