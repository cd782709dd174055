"""What sales were made of, period by period."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, percent, short_date
from mmm.charts.scale import apart, scale_of
from mmm.charts.template import (
    BASELINE,
    DIRECT_LABELS,
    INK,
    QUIET,
    Chart,
    Trace,
    channel_colours,
    colour_of,
    days_of,
    faded,
    figure,
    grouped,
    label,
    line,
    numbers_of,
    safe,
    time_axis,
    value_axis,
)
from mmm.effects.contributions import Decomposition
from mmm.effects.estimate import Units

FloatArray = NDArray[np.float64]

LONGEST = 18  # letters of a label; the whole name is in the hover
PIXELS_A_LETTER = 6.6  # at 12 px
LABEL_GAP = 0.052  # of the y-range: a line of 12 px at 380 px of height


def stacked_area(decomposition: Decomposition, key: str = "area") -> Chart:
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
        _layer(days, scale(layers[:, place]), name, fills[place], [amount(v, units) for v in said[:, place]], not named)
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
        annotations=_ends(series, fills, scale(layers[-1]), top, days[-1]) if named else [],
        margin={"l": 8, "r": _room(series) if named else 8, "t": 24, "b": 8},
    )
    return Chart(drawn, _finding(decomposition, channels))


def _layer(days: list[str], values: FloatArray, name: str, colour: str, said: list[str], in_legend: bool) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "y": numbers_of(values),
        "name": safe(name),
        "stackgroup": "parts",
        "line": {"width": 0.5, "color": colour},
        "fillcolor": faded(colour, 0.75),
        "customdata": [safe(text) for text in said],
        "hovertemplate": "%{customdata}",
        "showlegend": in_legend,
    }


def _room(names: tuple[str, ...]) -> int:
    """Pixels right of the plot that the longest label takes."""
    return 16 + round(PIXELS_A_LETTER * max(len(_short(name)) for name in names))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _actual(value: float, units: Units) -> str:
    return amount(value, units) if np.isfinite(value) else "not observed"


def _ends(names: tuple[str, ...], fills: list[str], last: FloatArray, top: float, day: str) -> list[dict[str, object]]:
    """The name of every layer at its right end, no two on each other."""
    middles = np.cumsum(last) - last / 2
    places = apart(middles.tolist(), LABEL_GAP * top, 0.0, top)
    return [
        label(day, place, _short(name), colour=QUIET if fill == BASELINE else fill, xanchor="left", xshift=8)
        for name, fill, place in zip(names, fills, places, strict=True)
    ]


def _finding(decomposition: Decomposition, channels: FloatArray) -> str:
    fitted = decomposition.shown(decomposition.fitted).sum(axis=0)
    share = np.divide(channels.sum(axis=1), fitted, out=np.zeros_like(fitted), where=fitted > 0)
    best = int(np.argmax(share))
    when = f"the {decomposition.labels.frequency.value} of {short_date(decomposition.periods[best])}"
    return (
        f"The channels' part of sales was highest in {when} with {percent(share[best])}; "
        f"on average it was {percent(share.mean())}."
    )
