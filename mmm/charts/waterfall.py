"""Actual sales taken apart: baseline, channels, what is left unexplained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, percent, signed_amount
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    BASELINE,
    INK,
    RULE,
    UNEXPLAINED,
    Chart,
    Trace,
    bar,
    channel_colours,
    colour_of,
    figure,
    grouped,
    safe,
    value_axis,
)
from mmm.effects.contributions import Decomposition
from mmm.effects.estimate import Units

FloatArray = NDArray[np.float64]

ROW = 36  # pixels a bar
TEXT_ROOM = 118  # pixels right of the plot: the amounts beside the longest bars


@dataclass(frozen=True, eq=False)
class Parts:
    """What the observed KPI is made of: `actual = baseline + channels.sum() + unexplained`, in `units.shown`.

    Attributes:
        names: channels, those beyond the tenth as "other".
        channels: `[channel]`.
        left_out: periods that no market has an observed KPI in; they are in none of the numbers.
    """

    units: Units
    names: tuple[str, ...]
    baseline: float
    channels: FloatArray
    unexplained: float
    actual: float
    left_out: int

    @property
    def media_share(self) -> float:
        """Share of the actual that the channels account for; 0 where nothing was sold."""
        return float(self.channels.sum()) / self.actual if self.actual else 0.0


def parts_of(decomposition: Decomposition) -> Parts:
    """The parts over the periods whose KPI was observed, all markets together."""
    seen = np.isfinite(decomposition.fitted if decomposition.actual is None else decomposition.actual)
    actual = decomposition.fitted if decomposition.actual is None else decomposition.actual

    def total(values: FloatArray) -> FloatArray:
        shown = decomposition.shown(values)
        mask = seen if values.ndim == 2 else seen[..., None]
        return np.asarray(np.where(mask, shown, 0.0).sum(axis=(0, 1)))

    names, channels = grouped(decomposition.labels.channels, total(decomposition.channels))
    whole, baseline = float(total(np.where(seen, actual, 0.0))), float(total(decomposition.baseline))
    return Parts(
        units=decomposition.units,
        names=names,
        baseline=baseline,
        channels=channels,
        unexplained=whole - baseline - float(channels.sum()),
        actual=whole,
        left_out=int((~seen).all(axis=0).sum()),
    )


def waterfall(decomposition: Decomposition, key: str = "waterfall") -> Chart:
    """Baseline, then every channel, then what is unexplained, ending in the actual (Shapley, so that it adds up)."""
    parts = parts_of(decomposition)
    colours = channel_colours(decomposition.labels.channels)
    order = np.argsort(-parts.channels, kind="stable")
    rows = ["Baseline", *(safe(parts.names[i]) for i in order), "Unexplained", "Actual"]
    values = np.array([parts.baseline, *parts.channels[order], parts.unexplained, parts.actual])
    starts = np.array([0.0, *np.cumsum(values[:-2]), 0.0])
    scale = scale_of(parts.actual, parts.units.shown)
    fills = [BASELINE, *(colour_of(parts.names[i], colours) for i in order), UNEXPLAINED, INK]
    said = [amount(v, parts.units) for v in values]
    said[-2] = signed_amount(parts.unexplained, parts.units)
    texts = [
        text if place == len(values) - 1 or not parts.actual else f"{text} · {percent(v / parts.actual)}"
        for place, (text, v) in enumerate(zip(said, values, strict=True))
    ]
    trace = bar(
        rows,
        scale(values),
        "part",
        fills,
        hover=texts,
        orientation="h",
        base=[float(s) for s in scale(starts)],
        text=texts,
        textposition="none",
        marker={
            "pattern": {"shape": ["/" if row == "Unexplained" else "" for row in rows], "size": 5, "solidity": 0.3}
        },
    )
    drawn = figure(
        [trace, *_texts(rows, scale(starts), scale(values), texts)],
        key=key,
        xaxis=value_axis(
            scale.title, plain=True, showgrid=True, range=[0, 1.02 * float(scale(np.max(starts + values)))]
        ),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        height=56 + ROW * len(rows),
        hovermode=False,
        bargap=0.38,
        margin={"l": 8, "r": TEXT_ROOM, "t": 8, "b": 8},
        shapes=_steps(scale(starts + values)[:-1]),
    )
    return Chart(drawn, _finding(parts))


def _texts(rows: list[str], starts: FloatArray, values: FloatArray, texts: list[str]) -> list[Trace]:
    """What each bar is worth, right of it."""
    ends = np.maximum(starts, starts + values)
    return [
        {
            "type": "scatter",
            "mode": "text",
            "x": [float(end) for end in ends],
            "y": rows,
            "text": [f"\u2002{safe(text)}" for text in texts],
            "textposition": "middle right",
            "textfont": {"size": 12},
            "cliponaxis": False,
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _steps(ends: FloatArray) -> list[dict[str, object]]:
    """Thin lines from the end of each bar down to the next one."""
    line = {"color": RULE, "width": 1}
    return [
        {
            "type": "line",
            "x0": float(x),
            "x1": float(x),
            "y0": place,
            "y1": place + 1,
            "yref": "y",
            "line": line,
            "layer": "below",
        }
        for place, x in enumerate(ends)
    ]


def _finding(parts: Parts) -> str:
    largest = int(np.argmax(parts.channels)) if len(parts.channels) else None
    most = (
        "" if largest is None else f"; {parts.names[largest]} adds most, {amount(parts.channels[largest], parts.units)}"
    )
    return (
        f"Of {amount(parts.actual, parts.units)}, {amount(parts.baseline, parts.units)} would have come without media "
        f"and {percent(parts.media_share)} is put down to the channels{most}. "
        f"Unexplained: {signed_amount(parts.unexplained, parts.units)}."
    )
