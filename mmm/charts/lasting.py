"""How long the effect of one period's spend lasts."""

from __future__ import annotations

import numpy as np

from mmm.charts.numbers import days, days_interval, percent
from mmm.charts.template import QUIET, Chart, bar, faded, figure, mark, value_axis
from mmm.data.inputs import Frequency
from mmm.effects.carryover import CarryOver

LANDED = 0.99  # what comes later is too little to see
FEWEST = 4  # periods always shown


def lasting(found: CarryOver, frequency: Frequency, colour: str, key: str = "carry_over") -> Chart:
    """Share of a pulse's effect that lands in each period after it, with its interval, and the half-life."""
    share = 100 * np.nan_to_num(found.share.mean)
    landed = int(np.searchsorted(np.cumsum(share), 100 * LANDED)) + 1
    n = min(len(share), max(FEWEST, landed + 1))
    lags = list(range(n))
    lo, hi = 100 * np.nan_to_num(found.share.lo[:n]), 100 * np.nan_to_num(found.share.hi[:n])
    unit = frequency.value
    texts = [
        f"{_when(lag, unit)}: {percent(m / 100)} ({percent(a / 100)} to {percent(b / 100)})"
        for lag, m, a, b in zip(lags, share, lo, hi, strict=False)
    ]
    whiskers = {
        "type": "data",
        "symmetric": False,
        "array": [float(v) for v in np.maximum(hi - share[:n], 0)],
        "arrayminus": [float(v) for v in np.maximum(share[:n] - lo, 0)],
        "color": QUIET,
        "thickness": 1.25,
        "width": 3,
    }
    bars = bar(lags, share[:n], found.channel, faded(colour, 0.75), hover=texts, error_y=whiskers)
    mean, low, high = found.half_life_days.floats()
    shapes, notes = [], []
    if np.isfinite(mean):
        shape, text = mark(mean / frequency.days, f"half-life {days(mean)}")
        shapes.append(shape)
        notes.append({**text, "xanchor": "left", "yanchor": "top", "xshift": 5})
    drawn = figure(
        [bars],
        key=key,
        height=300,
        xaxis={"title": {"text": f"{unit}s after the money was spent"}, "dtick": max(1, n // 8), "zeroline": False},
        yaxis=value_axis("% of the effect", plain=True, rangemode="tozero"),
        shapes=shapes,
        annotations=notes,
        hovermode="x",
        bargap=0.25,
    )
    return Chart(drawn, _finding(found, mean, low, high))


def _when(lag: int, unit: str) -> str:
    return f"the same {unit}" if lag == 0 else f"{lag} {unit}{'' if lag == 1 else 's'} later"


def _finding(found: CarryOver, mean: float, low: float, high: float) -> str:
    if not np.isfinite(mean):
        return f"The data show no effect of {found.channel} whose timing could be told."
    text = f"The effect of {found.channel} halves every {days(mean)} ({days_interval(low, high)})"
    if not np.isfinite(found.mostly_landed_days):
        return f"{text}."
    if found.mostly_landed_days == 0:
        return f"{text}; 90 % of it lands in the period it was paid for."
    return f"{text}; 90 % of it has landed after {days(found.mostly_landed_days)}."
