"""What was believed of each channel before the data spoke, beside what is known now."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmm.charts.numbers import days, days_interval, ratio, ratio_interval
from mmm.charts.template import (
    ACCENT,
    BEYOND,
    Chart,
    Trace,
    dots,
    figure,
    label,
    numbers_of,
    row_axis,
    safe,
    value_axis,
)
from mmm.data.inputs import Labels
from mmm.effects.estimate import Estimate
from mmm.effects.priors import Learnt

ROW, AROUND = 52, 96  # pixels of a channel, and around the plot
STEP = 0.14  # of a row, to either side
MUCH, LITTLE = 2 / 3, 0.9  # spread left of what it was: the data told a good deal, or hardly anything

TITLES = {
    "roi": "return on spend",
    "half_life_days": "half-life",
    "half_saturation": "half-saturation",
    "slope": "slope of the saturation",
}
AXES = {
    "roi": "back per unit of spend",
    "half_life_days": "days until half of the effect has come",
    "half_saturation": "level at which half is reached, multiples of the channel's mean",
    "slope": "slope; above 1 the curve is S-shaped",
}


def before_and_after_data(found: Learnt, labels: Labels, key: str = "priors") -> Chart:
    """Each channel's 90 % interval before the data (grey) and after (ink), for one quantity."""
    known = [
        i for i in range(len(labels.channels)) if np.isfinite([found.prior.mean[i], found.posterior.mean[i]]).all()
    ]
    said, between = _words(found.quantity)
    series = [
        _dots("before the data", BEYOND, found.prior, known, -STEP, (said, between)),
        _dots("after", ACCENT, found.posterior, known, STEP, (said, between)),
    ]
    rows = [f"{safe(labels.channels[i])}<br>{_told(float(found.narrowing[i]))}" for i in known]
    drawn = figure(
        series,
        key=key,
        height=AROUND + ROW * max(len(rows), 1),
        xaxis=value_axis(AXES[found.quantity], plain=True, showgrid=True, rangemode="tozero"),
        yaxis=row_axis(rows),
        hovermode="closest",
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        annotations=[
            label(0, 1.0, "● before the data   ● after", xref="paper", yref="paper", xanchor="left", yshift=12)
        ],
    )
    return Chart(drawn, _finding(found, labels, known))


def _told(narrowing: float) -> str:
    """How much narrower the data made it, in a few words."""
    if narrowing >= LITTLE:
        return "hardly told by the data"
    return f"{100 * (1 - narrowing):.0f} % narrower"


def _finding(found: Learnt, labels: Labels, known: list[int]) -> str:
    title = TITLES[found.quantity]
    if not known:
        return f"No channel's {title} can be told."
    told = [labels.channels[i] for i in known if found.narrowing[i] <= MUCH]
    untold = [labels.channels[i] for i in known if found.narrowing[i] >= LITTLE]
    first = f"The data narrowed the {title} of {len(told)} of {len(known)} channels by a third or more"
    if not untold:
        return f"{first}."
    return f"{first}; for {', '.join(untold)} it is hardly more than what was believed before."


def _words(quantity: str) -> tuple[Callable[[float], str], Callable[[float, float], str]]:
    """How a value and an interval of a quantity are written."""
    if quantity == "half_life_days":
        return days, days_interval
    return ratio, ratio_interval


def _dots(
    name: str,
    colour: str,
    of: Estimate,
    rows: list[int],
    shift: float,
    words: tuple[Callable[[float], str], Callable[[float, float], str]],
) -> Trace:
    said, between = words
    mean, lo, hi = of.mean[rows], of.lo[rows], of.hi[rows]
    texts = [f"{name}: {said(float(m))} ({between(float(a), float(b))})" for m, a, b in zip(mean, lo, hi, strict=True)]
    points = dots(numbers_of(mean), (np.arange(len(rows)) + shift).tolist(), name, colour, hover=texts)
    points["hovertemplate"] = "%{customdata}<extra></extra>"
    points["error_x"] = {
        "type": "data",
        "symmetric": False,
        "array": numbers_of(np.maximum(hi - mean, 0.0)),
        "arrayminus": numbers_of(np.maximum(mean - lo, 0.0)),
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }
    return points
