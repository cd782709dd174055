"""Steps in the level of the KPI that trend, season, spend and controls do not explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.checks.calendar import A_YEAR, basis, calendar_of, left_over
from mmm.data.checks.check import Check, FloatArray, day, listed, of_market, passed
from mmm.data.checks.explained import explaining, far_off, level_weekdays, running_median
from mmm.data.findings import whole_percent
from mmm.data.panel import Panel

STEP = 0.10  # of the mean KPI: a smaller step is within what a drifting baseline follows
CLEARLY = 5.0  # standard errors, those of noise that remembers the period before; the largest of 100 tries passes 3.5
SIDE = 8  # periods on each side of a step; fewer are an event, not a level
SIDE_SHARE = 0.08  # the same as a share of a long history
MOST_STEPS = 3  # in one market
CANDIDATES = 100  # places tried; more only cost time
STUBBORN = 0.9  # most autocorrelation that is allowed for


@dataclass(frozen=True)
class Step:
    """A step from `period` on, as a share of the mean KPI before it."""

    period: int
    size: float


def level_break(panel: Panel) -> Check:
    """Periods from which the KPI stands on another level."""
    title, code = "One level throughout", "level_break"
    if calendar_of(panel).years < A_YEAR:
        return passed(code, title, "The history is shorter than a year, so a new level cannot be told from a season.")
    found = [
        f"from {day(panel.periods[step.period])}{of_market(panel, market)} it is {whole_percent(abs(step.size))} "
        f"{'higher' if step.size > 0 else 'lower'}"
        for market in range(len(panel.labels.markets))
        for step in steps(panel, market)
    ]
    if not found:
        return passed(code, title, f"{panel.kpi_name} makes no step that trend, season and spend leave unexplained.")
    return Check(
        code,
        title,
        "warn",
        f"{panel.kpi_name} steps to another level: {listed(found, '; ')} than trend, season, spend and controls tell.",
        "Find out what changed (tracking, price, a shop opened, a definition) and add a 0/1 control that is 1 from "
        "then on; after a change of definition use only the periods since.",
    )


def steps(panel: Panel, market: int) -> tuple[Step, ...]:
    """The steps of one market, in time order.

    For each place the step is estimated beside trend, season, spend and controls (Frisch-Waugh-Lovell: both sides less
    what those explain); the clearest one is kept, and the search goes on beside it.
    """
    seen = np.flatnonzero(panel.observed[market])
    side = max(SIDE, int(SIDE_SHARE * len(seen)))
    if len(seen) < 3 * side:
        return ()
    kpi = level_weekdays(panel, panel.kpi[market][seen], seen)
    strange = far_off(kpi)
    kpi = np.where(strange, running_median(kpi), kpi) if strange.any() else kpi  # one freak period is no level
    scale = abs(float(kpi.mean()))
    columns = explaining(panel, market, seen)
    places = np.unique(np.linspace(side, len(seen) - side, CANDIDATES).astype(np.int64))
    found: list[Step] = []
    for _ in range(MOST_STEPS):
        best, size, clearness = _clearest(columns, kpi, places)
        if scale == 0 or clearness < CLEARLY or abs(size) < STEP * scale:
            break
        before = abs(float(kpi[max(0, best - side) : best].mean())) or scale
        found.append(Step(int(seen[best]), size / before))
        columns = np.column_stack([columns, np.arange(len(seen)) >= best])
        places = places[np.abs(places - best) >= side]
        if not len(places):
            break
    return tuple(sorted(found, key=lambda step: step.period))


def _clearest(columns: FloatArray, kpi: FloatArray, places: NDArray[np.int64]) -> tuple[int, float, float]:
    """Place, size in KPI units and clearness in standard errors of the step that stands out most."""
    span = basis(columns)
    rest = left_over(span, kpi)
    ramps = left_over(span, (np.arange(len(kpi))[:, None] >= places).astype(np.float64))
    power = (ramps**2).sum(axis=0)
    size = np.divide(ramps.T @ rest, power, out=np.zeros(len(places)), where=power > 1e-6)
    best = int(np.argmax(size**2 * power))
    noise = rest - size[best] * ramps[:, best]
    free = max(1, len(kpi) - span.shape[1] - 1)
    memory = float(np.clip(noise[1:] @ noise[:-1] / max(float(noise @ noise), 1e-300), 0.0, STUBBORN))
    error = np.sqrt(float(noise @ noise) / free * (1 + memory) / (1 - memory) / max(float(power[best]), 1e-300))
    return int(places[best]), float(size[best]), abs(float(size[best])) / max(error, 1e-300)
