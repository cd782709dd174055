"""Two channels together: what every combination of spend brings."""

from __future__ import annotations

import numpy as np

from mmm.charts.numbers import between, money, signed_amount
from mmm.charts.scale import scale_of
from mmm.charts.template import GROUND, QUIET, Chart, figure, label, numbers_of, safe
from mmm.data.inputs import Frequency
from mmm.effects.interactions import InteractionGrid

LESS, MIDDLE, MORE = "#B3623C", "rgba(138,147,161,0.10)", "#2F5F9E"  # apart for every kind of colour blindness


def together(grid: InteractionGrid, frequency: Frequency, key: str = "together") -> Chart:
    """What the pair brings beyond the two alone, at every combination of spend; the mark is the mean spend."""
    units, per = grid.units, frequency.value
    across, up = (scale_of(spend, units.currency, per) for spend in (grid.second_spend, grid.first_spend))
    found = grid.synergy.shown
    extent = max(float(np.abs(found.mean).max()), 1e-9)
    texts = [
        [
            safe(
                f"{grid.first} {money(a, units.currency)}, {grid.second} {money(b, units.currency)}: "
                f"together {signed_amount(found.mean[i, j], units)} more than alone "
                f"({between(found.lo[i, j], found.hi[i, j], units)})"
            )
            for j, b in enumerate(grid.second_spend)
        ]
        for i, a in enumerate(grid.first_spend)
    ]
    scale = scale_of(found.mean, units.shown, per)
    heat = {
        "type": "heatmap",
        "x": numbers_of(across(grid.second_spend)),
        "y": numbers_of(up(grid.first_spend)),
        "z": [numbers_of(row) for row in scale(found.mean)],
        "zmin": -extent / scale.factor,
        "zmax": extent / scale.factor,
        "colorscale": [[0.0, LESS], [0.5, MIDDLE], [1.0, MORE]],
        "colorbar": {
            "title": {"text": scale.title, "side": "right", "font": {"color": QUIET, "size": 12}},
            "tickfont": {"color": QUIET, "size": 12},
            "thickness": 10,
            "outlinewidth": 0,
            "nticks": 5,
        },
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
        "xgap": 1,
        "ygap": 1,
    }
    x, y = (
        float(np.interp(1.0, grid.multipliers, scaled)) for scaled in (across(grid.second_spend), up(grid.first_spend))
    )
    here = label(x, y, "on average", colour=QUIET)
    drawn = figure(
        [heat],
        key=key,
        height=420,
        xaxis={"title": {"text": f"{safe(grid.second)}: {across.title}"}, "zeroline": False},
        yaxis={"title": {"text": f"{safe(grid.first)}: {up.title}"}, "zeroline": False, "showgrid": False},
        hovermode="closest",
        annotations=[{**here, "bgcolor": GROUND, "opacity": 0.9, "borderpad": 3}],
    )
    return Chart(drawn, _finding(grid))


def _finding(grid: InteractionGrid) -> str:
    place = int(np.argmin(np.abs(grid.multipliers - 1.0)))
    found = grid.synergy.shown
    mean, lo, hi = float(found.mean[place, place]), float(found.lo[place, place]), float(found.hi[place, place])
    pair = f"{grid.first} and {grid.second}"
    if lo <= 0 <= hi:
        return f"The data do not show whether {pair} help each other: {between(lo, hi, grid.units)} at average spend."
    word = "help each other" if mean > 0 else "stand in for each other"
    return f"{pair} {word}: {signed_amount(mean, grid.units)} at average spend, {between(lo, hi, grid.units)}."
