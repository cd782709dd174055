"""Pictures of plans: sales ahead, spend by channel, what channels bring, how far to go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import amount, amount_interval, money, percent, probability, signed_amount
from mmm.charts.scale import apart, scale_of
from mmm.charts.template import (
    ACCENT,
    BEYOND,
    QUIET,
    RULE,
    Chart,
    Trace,
    band,
    channel_colours,
    days_of,
    dots,
    faded,
    figure,
    label,
    line,
    mark,
    safe,
    time_axis,
    value_axis,
)
from mmm.data.inputs import DateArray, Frequency
from mmm.effects.support import SupportStatus
from mmm.planning.plan import PlanResult, Step
from mmm.planning.scenario import ScenarioOutcome

FloatArray = NDArray[np.float64]

BAND_HUE = "#5F80BC"  # between the accents of the light and the dark appearance
ROW = 44  # pixels a channel
CHANNEL_AXIS = {"type": "category", "autorange": "reversed", "title": {"text": ""}, "ticklabelstandoff": 6}
WORDS = 18  # pixels above the plot that "the plan starts" takes
LINE = 22  # pixels between two labels, borders of the plot allowed for
HEADROOM = 0.08  # of the range, above and below what is drawn


def sales_ahead(
    outcome: ScenarioOutcome,
    recent_periods: DateArray,
    recent: FloatArray,
    *,
    key: str,
    y_range: tuple[float, float] | None = None,
    height: int = 400,
    marks: Sequence[Mark] = (),
) -> Chart:
    """What was sold lately, what is expected as today, and what the plan is expected to bring with its interval.

    Args:
        outcome: the plan.
        recent_periods: first days of the last periods of history.
        recent: what was sold in them in `units.shown`, NaN where not observed.
        key: `uirevision`, so that the chart changes in place.
        y_range: the same for two charts that are compared; None fits the data.
        height: pixels, without the labels of marks.
        marks: what happened when, and what is to come.
    """
    units, x, past = outcome.units, days_of(outcome.periods), days_of(recent_periods)
    plan, usual = outcome.predicted.shown, outcome.business_as_usual.shown
    low, high = y_range or shared_range([outcome], recent)
    scale = scale_of([low, high], units.shown, outcome.labels.frequency.value)
    sold = [f"sold {amount(v, units)}" for v in recent]
    as_today = [f"as today {amount(v, units)}" for v in usual.mean]
    planned = [
        f"this plan {amount(m, units)} ({amount_interval(lo, hi, units)})"
        for m, lo, hi in zip(plan.mean, plan.lo, plan.hi, strict=True)
    ]
    data: list[Trace] = [
        *band(x, scale(plan.lo), scale(plan.hi), faded(BAND_HUE)),
        line(past, scale(recent), "sold", QUIET, hover=sold, width=1.5),
        line(x, scale(usual.mean), "as today", QUIET, hover=as_today, width=1.5, dash="dash"),
        line(x, scale(plan.mean), "this plan", ACCENT, hover=planned, width=2.5),
    ]
    start, words = mark(x[0], "the plan starts", colour=QUIET)
    gap = LINE / height * (high - low)
    ends = apart([float(plan.mean[-1]), float(usual.mean[-1])], gap, low, high)
    drawn = figure(
        data,
        key=key,
        xaxis=time_axis(range=[past[0], x[-1]]),
        yaxis=value_axis(scale.title, range=[low / scale.factor, high / scale.factor], tickformat=",.4~g"),
        height=height,
        shapes=[start],
        annotations=[
            words,
            label(x[-1], ends[0] / scale.factor, "this plan", colour=ACCENT, xanchor="left", xshift=6),
            label(x[-1], ends[1] / scale.factor, "as today", xanchor="left", xshift=6),
        ],
        margin={"l": 8, "r": 72, "t": 28, "b": 8},
    )
    total, before = float(np.sum(plan.mean)), float(np.sum(usual.mean))
    alt = f"The plan is expected to bring {amount(total, units)}, spending as today {amount(before, units)}."
    shown = np.concatenate([recent_periods, outcome.periods])
    return with_marks(Chart(drawn, alt), marks, shown, above=WORDS)


def shared_range(outcomes: Sequence[ScenarioOutcome], *recent: FloatArray) -> tuple[float, float]:
    """One y-range that holds every outcome and the history beside it."""
    parts = [
        np.concatenate([o.predicted.shown.lo, o.predicted.shown.hi, o.business_as_usual.shown.mean]) for o in outcomes
    ]
    values = np.concatenate([*parts, *recent])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = HEADROOM * max(high - low, 1e-9 + 0.02 * abs(high))
    return low - room, high + room


def spend_by_channel(
    channels: Sequence[str],
    usual: FloatArray,
    plan: FloatArray,
    *,
    currency: str,
    frequency: Frequency,
    key: str,
    limits: tuple[FloatArray, FloatArray] | None = None,
    status: Sequence[SupportStatus] = (),
) -> Chart:
    """Spend per period today and in the plan: a ring and a dot a channel, and how far each may move.

    Args:
        channels: their names, in the order of the data set.
        usual: today, currency per period `[channel]`.
        plan: the plan, likewise.
        currency: ISO code.
        frequency: length of a period.
        key: `uirevision`.
        limits: floors and ceilings, currency per period.
        status: where the plan lies relative to what was ever spent.
    """
    colours = channel_colours(channels)
    rows = [safe(name) for name in channels]
    scale = scale_of(np.concatenate([usual, plan, *(limits or ())]), currency, frequency.value)
    data: list[Trace] = []
    if limits is not None:
        for row, low, high in zip(rows, scale(limits[0]), scale(limits[1]), strict=True):
            span = line([low, high], [0, 0], "may move", RULE, width=8, hoverinfo="skip")
            data.append({**span, "y": [row, row]})
    for name, row, before, after in zip(channels, rows, scale(usual), scale(plan), strict=True):
        way = line([before, after], [0, 0], name, colours[name], width=3, hoverinfo="skip")
        data.append({**way, "y": [row, row]})
    ring = {"color": "rgba(0,0,0,0)", "size": 11, "line": {"color": QUIET, "width": 1.5}}
    before_text = [f"today {money(v, currency)}" for v in usual]
    after_text = [f"plan {money(v, currency)}" for v in plan]
    data.append(_points(scale(usual), rows, "today", QUIET, before_text, ring))
    known = status or [SupportStatus.INSIDE] * len(rows)
    fill = [BEYOND if s is SupportStatus.BEYOND else colours[n] for n, s in zip(channels, known, strict=True)]
    data.append(_points(scale(plan), rows, "plan", fill, after_text, {"size": 12}))
    notes = [
        label(v, row, "beyond what was ever spent", xanchor="left", xshift=12, font={"color": QUIET, "size": 11})
        for v, row, s in zip(scale(plan), rows, known, strict=True)
        if s is SupportStatus.BEYOND
    ]
    drawn = figure(
        data,
        key=key,
        xaxis=value_axis(scale.title, rangemode="tozero", showgrid=True, tickformat=",.4~g"),
        yaxis=dict(CHANNEL_AXIS),
        height=70 + ROW * len(rows),
        annotations=notes,
        hovermode="y unified",
    )
    largest = int(np.argmax(np.abs(plan - usual)))
    alt = (
        f"The largest change is {channels[largest]}: {money(usual[largest], currency)} a {frequency.value} today, "
        f"{money(plan[largest], currency)} in the plan."
    )
    return Chart(drawn, alt)


def channels_bring(outcome: ScenarioOutcome, *, key: str) -> Chart:
    """What each channel's planned spend adds over horizon and carry-over (everything on − that channel off).

    Raises:
        ValueError: the outcome was asked for without channels.
    """
    found = outcome.channels.incremental
    if found is None:
        raise ValueError("The outcome holds no effects of channels; ask for it with per_channel=True.")
    names, units, shown = outcome.labels.channels, outcome.units, found.shown
    colours = channel_colours(names)
    rows = [safe(name) for name in names]
    scale = scale_of(shown.hi, units.shown)
    texts = [
        f"{amount(m, units)} ({amount_interval(lo, hi, units)}) from {money(s, units.currency)}"
        for m, lo, hi, s in zip(shown.mean, shown.lo, shown.hi, outcome.channels.spend, strict=True)
    ]
    data: list[Trace] = []
    for row, name, lo, hi in zip(rows, names, scale(shown.lo), scale(shown.hi), strict=True):
        span = line([lo, hi], [0, 0], name, faded(colours[name], 0.35), width=12, hoverinfo="skip")
        data.append({**span, "y": [row, row]})
    data.append(_points(scale(shown.mean), rows, "brings", [colours[n] for n in names], texts, {"size": 12}))
    drawn = figure(
        data,
        key=key,
        xaxis=value_axis(scale.title, rangemode="tozero", showgrid=True, tickformat=",.4~g"),
        yaxis=dict(CHANNEL_AXIS),
        height=70 + ROW * len(rows),
        hovermode="y unified",
    )
    best = int(np.argmax(shown.mean))
    return Chart(drawn, f"{names[best]} brings most: {texts[best]}.")


def how_far(result: PlanResult, chosen: Step, *, key: str, height: int = 300) -> Chart:
    """What going further towards the best split is expected to gain over today's split, with its interval."""
    steps = result.frontier
    x = [100 * step.share for step in steps]
    gain, lo, hi = (np.array([float(getattr(step.gain, end)) for step in steps]) for end in ("mean", "lo", "hi"))
    scale = scale_of([lo.min(), hi.max()], result.units.shown)
    texts = [
        f"{percent(s.share)} of the way: {signed_amount(s.gain.mean, result.units)} "
        f"({amount_interval(s.gain.lo, s.gain.hi, result.units)}), {probability(s.p_better)} likely better"
        for s in steps
    ]
    data = [
        *band(x, scale(lo), scale(hi), faded(BAND_HUE)),
        line(x, scale(gain), "gain", ACCENT, hover=texts),
        dots(
            [100 * chosen.share],
            scale([float(chosen.gain.mean)]),
            "chosen",
            ACCENT,
            marker={"size": 12},
            hoverinfo="skip",
        ),
    ]
    shape, words = mark(100 * result.advised_step, "recommended", colour=QUIET)
    drawn = figure(
        data,
        key=key,
        xaxis={"title": {"text": "% of the way from today to the best split"}, "range": [-2, 102], "dtick": 20},
        yaxis=value_axis(scale.title, tickformat=",.4~g"),
        height=height,
        shapes=[shape],
        annotations=[words],
        hovermode="closest",
    )
    alt = f"Going {texts[steps.index(chosen)]}."
    return Chart(drawn, alt)


def _points(
    x: FloatArray,
    rows: Sequence[str],
    name: str,
    colour: str | list[str],
    hover: Sequence[str],
    marker: dict[str, object],
) -> Trace:
    return {**dots(x.tolist(), np.zeros(len(rows)), name, colour, hover=hover, marker=marker), "y": list(rows)}
