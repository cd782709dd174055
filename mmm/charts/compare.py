"""Models side by side: what each ascribes to every channel, and how far its forecasts were off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, amount_interval, count, percent
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    CHANNEL_COLOURS,
    OTHER_COLOUR,
    Chart,
    Trace,
    dots,
    figure,
    line,
    row_axis,
    safe,
    value_axis,
)
from mmm.effects.contributions import Contributions
from mmm.validation.agreement import Disagreement

FloatArray = NDArray[np.float64]

ROW, DOT = 22, 11  # pixels of a channel, and of every family in it
LEGEND_ROOM = 64
FURTHEST = 2.5  # x the median error: what lies further off is cut off


def disagreement(found: Mapping[str, Contributions], bands: Sequence[Disagreement], key: str = "apart") -> Chart:
    """A row a channel, and in it a dot with its interval for every model: drop-one contribution over all history.

    Args:
        found: contributions by the model's title, at least one.
        bands: how far the models lie apart, in the order of the channels.
        key: `uirevision`.
    """
    first = next(iter(found.values()))
    units, names = first.units, first.labels.channels
    order = np.argsort(-np.mean([c.total.shown.mean for c in found.values()], axis=0), kind="stable")
    scale = scale_of(np.concatenate([c.total.shown.hi for c in found.values()]), units.shown)
    places = np.arange(len(names), dtype=np.float64)
    spread = 0.6 * (np.arange(len(found)) / max(len(found) - 1, 1) - 0.5) if len(found) > 1 else np.zeros(1)
    data: list[Trace] = []
    for (title, one), shift, colour in zip(found.items(), spread.tolist(), _colours(len(found)), strict=True):
        shown = one.total.shown
        mean, lo, hi = (values[order] for values in (shown.mean, shown.lo, shown.hi))
        said = [
            f"{title}: {amount(m, units)} ({amount_interval(a, b, units)})"
            for m, a, b in zip(mean, lo, hi, strict=True)
        ]
        trace = dots(scale(mean).tolist(), places + shift, title, colour, hover=said, marker={"size": 8})
        whiskers = {"type": "data", "symmetric": False, "color": colour, "thickness": 1.25, "width": 0}
        whiskers |= {"array": scale(hi - mean).tolist(), "arrayminus": scale(mean - lo).tolist()}
        data.append({**trace, "error_x": whiskers, "showlegend": len(found) > 1})
    drawn = figure(
        data,
        key=key,
        xaxis=value_axis(scale.title, plain=True, showgrid=True),
        yaxis=row_axis([safe(names[i]) for i in order], below=0.5),
        height=LEGEND_ROOM + 40 + len(names) * (ROW + DOT * len(found)),
        hovermode="closest",
        margin={"l": 8, "r": 16, "t": LEGEND_ROOM, "b": 8},
    )
    return Chart(drawn, _apart(bands))


def _apart(bands: Sequence[Disagreement]) -> str:
    """The channel on which models lie furthest apart, measured by the largest of their means."""
    widest = max(bands, key=lambda band: band.contribution.highest - band.contribution.lowest)
    low, high = widest.contribution.lowest, widest.contribution.highest
    if low <= 0:
        return f"The models disagree most about {widest.channel}: one of them sees no gain from it."
    return f"The models disagree most about {widest.channel}: the highest sees {high / low:.1f} times the lowest."


def errors(
    found: Mapping[str, Sequence[float | None]],
    at: Sequence[str],
    *,
    share: bool,
    title: str,
    alt: str,
    key: str,
) -> Chart:
    """Forecast errors as a line a model over folds or amounts of data; zero is on the axis.

    Args:
        found: errors by the model's title, one for each of `at`.
        at: what stands below each point.
        share: errors are shares of the KPI, shown in percent; else KPI units.
        title: unit of the axis.
        alt: the finding.
        key: `uirevision`.
    """
    data: list[Trace] = []
    places = list(range(len(at)))
    top, beyond = _top(found)
    for (name, values), colour in zip(found.items(), _colours(len(found)), strict=True):
        drawn = [np.nan if value is None else (100 * value if share else value) for value in values]
        said = [f"{name}: {percent(value) if share else count(value)}" for value in values]
        data.append({**line(places, drawn, name, colour, hover=said, width=1.75), "showlegend": len(found) > 1})
        data.append(dots(places, drawn, name, colour, hover=said, marker={"size": 7}, hoverinfo="skip"))
    return Chart(
        figure(
            data,
            key=key,
            height=320 + 8 * len(found),
            xaxis={
                "tickvals": places,
                "ticktext": [safe(text) for text in at],
                "range": [-0.25, len(at) - 0.75],
                "tickangle": 0,
                "zeroline": False,
            },
            yaxis=value_axis(title, plain=share, range=[0.0, 100 * top if share else top]),
            hovermode="closest",
            margin={"l": 8, "r": 16, "t": LEGEND_ROOM, "b": 8},
        ),
        alt + "".join(f" {name} is off this chart at times." for name in beyond),
    )


def _top(found: Mapping[str, Sequence[float | None]]) -> tuple[float, list[str]]:
    """Where the axis of errors ends, and whose errors lie beyond: one bad model may not flatten all others."""
    known = [value for values in found.values() for value in values if value is not None]
    if not known:
        return 1.0, []
    top = min(1.1 * max(known), FURTHEST * float(np.median(known)))
    return top, [name for name, values in found.items() if any(v is not None and v > top for v in values)]


def _colours(n: int) -> list[str]:
    """One a model; the eleventh and later share the colour of "other"."""
    return [CHANNEL_COLOURS[place] if place < len(CHANNEL_COLOURS) else OTHER_COLOUR for place in range(n)]
