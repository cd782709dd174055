"""Layers stacked over time, each with its name at its right end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.charts.scale import apart
from mmm.charts.template import BASELINE, QUIET, Trace, faded, label, numbers_of, safe

FloatArray = NDArray[np.float64]

LONGEST = 18  # letters of a label; the whole name is in the hover
PIXELS_A_LETTER = 6.6  # at 12 px
LABEL_GAP = 0.052  # of the y-range: a line of 12 px at 380 px of height


def layer(days: list[str], values: FloatArray, name: str, colour: str, said: list[str], in_legend: bool) -> Trace:
    """One layer of a stack; `said` holds one ready text a period."""
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


def room(names: tuple[str, ...]) -> int:
    """Pixels right of the plot that the longest label takes."""
    return 16 + round(PIXELS_A_LETTER * max(len(short(name)) for name in names))


def short(name: str) -> str:
    """The name as far as a label holds it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def ends(names: tuple[str, ...], fills: list[str], last: FloatArray, top: float, day: str) -> list[dict[str, object]]:
    """The name of every layer at its right end, no two on each other."""
    middles = np.cumsum(last) - last / 2
    places = apart(middles.tolist(), LABEL_GAP * top, 0.0, top)
    return [
        label(day, place, short(name), colour=QUIET if fill == BASELINE else fill, xanchor="left", xshift=8)
        for name, fill, place in zip(names, fills, places, strict=True)
    ]
