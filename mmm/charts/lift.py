"""Lift tests beside the model: measured and expected, and what each channel brings with and without the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, amount_interval, long_date
from mmm.charts.scale import scale_of
from mmm.charts.template import (
    ACCENT,
    BEYOND,
    INK,
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
from mmm.data.findings import counted
from mmm.effects.contributions import Contributions
from mmm.effects.estimate import Estimate, Units
from mmm.effects.lift import LiftComparison

FloatArray = NDArray[np.float64]

ROW = 56  # pixels a test or channel
STEP = 0.2  # of a row between what stands side by side


@dataclass(frozen=True, eq=False)
class _Series:
    """Points with intervals, one a row.

    Attributes:
        name: as the key says.
        colour, symbol: of the points.
        estimate: `[row]`.
        shift: how far below the middle of its row, share of a row.
    """

    name: str
    colour: str
    symbol: str
    estimate: Estimate
    shift: float


def measured_and_expected(found: LiftComparison, units: Units, key: str = "lift_tests") -> Chart:
    """What each test measured above what the model expects of the same window, each with its 90 % interval."""
    series = [
        _Series("measured", INK, "diamond", found.measured, -STEP),
        _Series("expected by this model", ACCENT, "circle", found.expected, 0.0),
    ]
    if found.without is not None:
        series.append(_Series("expected without tests", BEYOND, "circle", found.without, STEP))
    rows = [_named(each.test.channel, each.test.market, each.test.start) for each in found.tests]
    drawn = _intervals(rows, series, units.of_kpi, key)
    agreeing, n = sum(each.agrees for each in found.tests), len(found.tests)
    learnt = "learnt from them" if found.learnt else "did not learn from them"
    return Chart(drawn, f"The model agrees with {agreeing} of {counted(n, 'lift test')}; it {learnt}.")


def before_and_after(after: Contributions, before: Contributions, key: str = "lift_changes") -> Chart:
    """What each channel brought in all: with the tests above, without them below."""
    names, units = after.labels.channels, after.units
    order = np.argsort(-after.total.shown.mean)
    series = [
        _Series("with lift tests", ACCENT, "circle", _at(after.total.shown, order), -STEP / 2),
        _Series("without", BEYOND, "circle", _at(before.total.shown, order), STEP / 2),
    ]
    drawn = _intervals([safe(names[i]) for i in order], series, units, key)
    return Chart(drawn, _what_changed(after, before))


def _what_changed(after: Contributions, before: Contributions) -> str:
    """The channel that moved most, and what became of the width of intervals."""
    new, old, units = after.total.shown, before.total.shown, after.units
    most = int(np.argmax(np.abs(new.mean - old.mean)))
    width = float((new.hi - new.lo).sum() / max(float((old.hi - old.lo).sum()), 1e-12))
    moved = (
        f"Lift tests moved {after.labels.channels[most]} most, "
        f"from {amount(old.mean[most], units)} to {amount(new.mean[most], units)}"
    )
    if width < 0.95:
        return f"{moved}; intervals are {100 * (1 - width):.0f} % narrower."
    return f"{moved}; intervals are as wide as without them."


def _named(channel: str, market: str | None, start: np.datetime64) -> str:
    where = "" if market is None else f", {market}"
    return f"{safe(channel + where)}<br>{long_date(start)}"


def _at(found: Estimate, order: NDArray[np.int64]) -> Estimate:
    return Estimate(found.mean[order], found.lo[order], found.hi[order])


def _intervals(rows: Sequence[str], series: Sequence[_Series], units: Units, key: str) -> dict[str, object]:
    """Dots with intervals, a row each; names are safe already."""
    ends = np.concatenate([np.concatenate([each.estimate.lo, each.estimate.hi]) for each in series])
    scale = scale_of(ends, units.shown)
    traces = [
        _dots(each, scale(each.estimate.mean), scale(each.estimate.lo), scale(each.estimate.hi), units)
        for each in series
    ]
    symbols = {"diamond": "◆", "circle": "●"}
    words = "   ".join(f"{symbols[each.symbol]} {each.name}" for each in series)
    return figure(
        traces,
        key=key,
        height=96 + ROW * len(rows),
        xaxis=value_axis(scale.title, plain=True, showgrid=True),
        yaxis=row_axis(rows),
        hovermode="closest",
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        annotations=[
            label(0, 1.0, words, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=12),
        ],
    )


def _dots(of: _Series, mean: FloatArray, lo: FloatArray, hi: FloatArray, units: Units) -> Trace:
    texts = [
        f"{of.name}: {amount(of.estimate.mean[i], units)} "
        f"({amount_interval(of.estimate.lo[i], of.estimate.hi[i], units)})"
        for i in range(len(mean))
    ]
    places = (np.arange(len(mean)) + of.shift).tolist()
    points = dots(numbers_of(mean), places, of.name, of.colour, hover=texts, marker={"symbol": of.symbol})
    points["hovertemplate"] = "%{customdata}<extra></extra>"
    points["error_x"] = {
        "type": "data",
        "symmetric": False,
        "array": numbers_of(np.maximum(hi - mean, 0.0)),
        "arrayminus": numbers_of(np.maximum(mean - lo, 0.0)),
        "color": of.colour,
        "thickness": 1.5,
        "width": 4,
    }
    return points
