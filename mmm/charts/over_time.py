"""What sales were made of, period by period."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.layers import ends, layer, room
from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import amount, percent, short_date
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    BASELINE,
    DIRECT_LABELS,
    INK,
    Chart,
    channel_colours,
    colour_of,
    days_of,
    figure,
    grouped,
    line,
    time_axis,
    value_axis,
)
from mmm.effects.contributions import Decomposition
from mmm.effects.estimate import Units

FloatArray = NDArray[np.float64]


def stacked_area(decomposition: Decomposition, key: str = "area", *, marks: Sequence[Mark] = ()) -> Chart:
    """Baseline and channels stacked to the fitted KPI, the actual as a line over them; all markets together."""
    units, days = decomposition.units, days_of(decomposition.periods)
    baseline = decomposition.shown(decomposition.baseline).sum(axis=0)
    each = decomposition.shown(decomposition.channels).sum(axis=0)
    names, channels = grouped(decomposition.labels.channels, each)
    actual = None if decomposition.actual is None else decomposition.shown(decomposition.actual).sum(axis=0)
    scale = scale_of(baseline + channels.sum(axis=1), units.shown, decomposition.labels.frequency.value)
    colours = channel_colours(decomposition.labels.channels)
    fills = [BASELINE, *(colour_of(name, colours) for name in names)]
    layers = np.column_stack([np.maximum(baseline, 0.0), np.maximum(channels, 0.0)])
    said = np.column_stack([baseline, channels])
    series = ("Baseline", *names)
    named = len(names) <= DIRECT_LABELS
    data = [
        layer(days, scale(layers[:, place]), name, fills[place], [amount(v, units) for v in said[:, place]], not named)
        for place, name in enumerate(series)
    ]
    if actual is not None:
        data.append(line(days, scale(actual), "Actual", INK, width=1.5, hover=[_actual(v, units) for v in actual]))
    drawn_values = layers.sum(axis=1) if actual is None else np.append(layers.sum(axis=1), actual)
    top = 1.04 * float(np.nanmax(scale(drawn_values)))
    drawn = figure(
        data,
        key=key,
        height=400,
        xaxis=time_axis(range=[days[0], days[-1]]),  # labels beside the plot would stretch it
        yaxis=value_axis(scale.title, plain=True, range=[0, top]),
        annotations=ends(series, fills, scale(layers[-1]), top, days[-1]) if named else [],
        margin={"l": 8, "r": room(series) if named else 8, "t": 24, "b": 8},
    )
    return with_marks(Chart(drawn, _finding(decomposition, channels)), marks, decomposition.periods)


def _actual(value: float, units: Units) -> str:
    return amount(value, units) if np.isfinite(value) else "not observed"


def _finding(decomposition: Decomposition, channels: FloatArray) -> str:
    fitted = decomposition.shown(decomposition.fitted).sum(axis=0)
    share = np.divide(channels.sum(axis=1), fitted, out=np.zeros_like(fitted), where=fitted > 0)
    best = int(np.argmax(share))
    when = f"the {decomposition.labels.frequency.value} of {short_date(decomposition.periods[best])}"
    return (
        f"The channels' part of sales was highest in {when} with {percent(share[best])}; "
        f"on average it was {percent(share.mean())}."
    )
