"""What the model says about the past beside what happened, and its forecast of weeks it had not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import amount, amount_interval, percent, short_date
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    CHANNEL_COLOURS,
    INK,
    Chart,
    Trace,
    band,
    days_of,
    dots,
    figure,
    label,
    line,
    shade,
    time_axis,
    value_axis,
)
from mmm.data.inputs import Frequency
from mmm.effects.estimate import Units
from mmm.validation.holdout import FittedPeriods, HoldOut

FloatArray = NDArray[np.float64]

LINE = 18  # pixels above the plot that its own labels take
FIT, FORECAST = CHANNEL_COLOURS[0], CHANNEL_COLOURS[1]


def fit_and_forecast(
    fitted: FittedPeriods,
    held: HoldOut,
    kpi: str,
    frequency: Frequency,
    *,
    market: int | None = None,
    key: str = "fit",
    marks: Sequence[Mark] = (),
) -> Chart:
    """Actual, fit with its interval, and the forecast of the hold-out in a shaded stretch; KPI units.

    Args:
        fitted: by the model that saw everything.
        held: by one that did not see the last periods.
        kpi: unit of the KPI: an ISO currency or what it counts.
        frequency: length of a period.
        market: index of one market; None adds all up, and then shows no interval where there are several, because
            intervals do not add up.
        key: `uirevision`.
        marks: what happened when.
    """
    one = market if fitted.actual.shape[0] > 1 else 0

    def rows(values: FloatArray) -> FloatArray:
        return np.asarray(values.sum(axis=0) if one is None else values[one])

    units = Units(kpi=kpi, currency=kpi, has_value=len(kpi) == 3 and kpi.isupper())
    actual, expected = rows(fitted.actual), rows(fitted.expected.mean)
    scale = scale_of(np.append(actual, expected), kpi, frequency.value)
    days, ahead = days_of(fitted.periods), days_of(held.periods)
    data: list[Trace] = []
    if one is not None:
        data += band(days, scale(rows(fitted.predicted.lo)), scale(rows(fitted.predicted.hi)), FIT)
        data += band(ahead, scale(rows(held.predicted.lo)), scale(rows(held.predicted.hi)), FORECAST)
    said = [f"fit {amount(v, units)}" for v in expected]
    if one is not None:
        ends = zip(said, rows(fitted.predicted.lo), rows(fitted.predicted.hi), strict=True)
        said = [f"{text} ({amount_interval(lo, hi, units)})" for text, lo, hi in ends]
    forecast = rows(held.predicted.mean)
    data.append(line(days, scale(expected), "fit", FIT, width=1.75, hover=said))
    texts = [f"forecast {amount(v, units)}" for v in forecast]
    data.append(line(ahead, scale(forecast), "forecast", FORECAST, width=1.75, hover=texts))
    points = [f"actual {amount(v, units)}" for v in actual]
    data.append(dots(days, scale(actual), "actual", INK, hover=points, marker={"size": 4, "line": {"width": 0}}))
    drawn = figure(
        data,
        key=key,
        height=400,
        xaxis=time_axis(range=[days[0], ahead[-1]]),
        yaxis=value_axis(scale.title, plain=True),
        shapes=[shade(ahead[0], ahead[-1])],
        annotations=[
            label(
                ahead[-1], 1.0, "forecast, not seen", colour=FORECAST, yref="paper", xanchor="right", yanchor="bottom"
            ),
            label(0, 1.0, "● actual", colour=INK, xref="paper", yref="paper", xanchor="left", yanchor="bottom"),
            label(0, 1.0, "fit", colour=FIT, xref="paper", yref="paper", xanchor="left", yanchor="bottom", xshift=62),
        ],
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
    )
    shown = np.union1d(fitted.periods, held.periods)
    return with_marks(Chart(drawn, _finding(held, frequency)), marks, shown, above=LINE)


def _finding(held: HoldOut, frequency: Frequency) -> str:
    n = len(held.periods)
    return (
        f"Of the {n} {frequency.value}s from {short_date(held.periods[0])}, which the model had not seen, "
        f"{percent(held.coverage)} fell inside its 90 % interval."
    )
