"""What each channel's money earned, what the next euro earns, and its share of spend beside its share of effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import interval, money, percent, ratio, ratio_interval
from mmm.charts.template import (
    BASELINE,
    GROUND,
    INK,
    QUIET,
    Chart,
    Figure,
    Trace,
    bar,
    channel_colours,
    dots,
    faded,
    figure,
    label,
    numbers_of,
    safe,
    value_axis,
)
from mmm.effects.estimate import Estimate
from mmm.effects.roi import Roi

FloatArray = NDArray[np.float64]

One: TypeAlias = Callable[[float], str]
Two: TypeAlias = Callable[[float, float], str]

ROW = 44  # pixels a channel
FURTHEST = 3.0  # × the largest mean: an upper end further away is cut off, and the text says where it lies


def return_bars(returns: Roi, key: str = "returns") -> Chart:
    """Money back per unit of spend with its interval, and the next euro's beside it; cost per KPI without a value."""
    if returns.roi is None or returns.next_roi is None:
        return _cost_bars(returns, key)
    order = _by_size(returns.roi.mean)
    texts = [_said(returns.roi, i, ratio, ratio_interval) for i in order]
    next_texts = [f"next: {_said(returns.next_roi, i, ratio, ratio_interval)}" for i in order]
    drawn = _bars(
        returns, order, returns.roi, returns.next_roi, (texts, next_texts), "money back for each unit spent", key
    )
    end = returns.break_even
    drawn["layout"]["shapes"] = [
        {
            "type": "line",
            "yref": "paper",
            "x0": end,
            "x1": end,
            "y0": 0,
            "y1": 1,
            "line": {"color": QUIET, "width": 1, "dash": "dash"},
        }
    ]
    drawn["layout"]["annotations"] = [
        label(end, 1.0, f"break-even {ratio(end)}", yref="paper", yanchor="bottom", yshift=2)
    ]
    best, channels = order[0], returns.labels.channels
    alt = f"{channels[best]} returned most, {texts[0]}; " if np.isfinite(returns.roi.mean[best]) else ""
    return Chart(drawn, f"{alt}break-even lies at {ratio(end)}.")


def _cost_bars(returns: Roi, key: str) -> Chart:
    kpi, currency = returns.units.kpi, returns.units.currency
    order = _by_size(-returns.cost_per_kpi.mean)

    def cost(value: float) -> str:
        return money(value, currency)

    def costs(lo: float, hi: float) -> str:
        return interval(lo, hi, currency) if np.isfinite(hi) else f"{money(lo, currency)} or more, without a limit"

    texts = [_said(returns.cost_per_kpi, i, cost, costs) for i in order]
    next_texts = [f"next: {_said(returns.next_cost_per_kpi, i, cost, costs)}" for i in order]
    title = f"{currency} for one of {safe(kpi)}"
    drawn = _bars(returns, order, returns.cost_per_kpi, returns.next_cost_per_kpi, (texts, next_texts), title, key)
    best = order[0]
    return Chart(drawn, f"{returns.labels.channels[best]} costs least for one of {kpi}: {texts[0]}.")


def _bars(
    returns: Roi,
    order: list[int],
    now: Estimate,
    following: Estimate,
    texts: tuple[list[str], list[str]],
    title: str,
    key: str,
) -> Figure:
    names = returns.labels.channels
    colours = channel_colours(names)
    rows = [safe(names[i]) for i in order]
    means = now.mean[order]
    nexts = following.mean[order]
    both = np.concatenate([means, nexts])
    top = FURTHEST * float(np.max(both, where=np.isfinite(both), initial=0.1))
    lo, hi = np.minimum(now.lo[order], means), np.minimum(np.maximum(now.hi[order], means), top)
    body = bar(
        rows,
        means,
        "so far",
        [faded(colours[names[i]], 0.75) for i in order],
        hover=texts[0],
        orientation="h",
        width=0.46,
        error_x=_whiskers(means, lo, hi, INK, 1.5),
    )
    point = dots(numbers_of(nexts), np.zeros(len(rows)), "next", GROUND, hover=texts[1])
    point["y"] = rows
    point["marker"] = {"symbol": "diamond", "size": 10, "color": GROUND, "line": {"color": INK, "width": 1.75}}
    return figure(
        [body, point],
        key=key,
        xaxis=value_axis(title, plain=True, rangemode="tozero", showgrid=True),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        height=78 + ROW * len(rows),
        hovermode="y unified",
        margin={"l": 8, "r": 16, "t": 28, "b": 8},
    )


def _whiskers(mean: FloatArray, lo: FloatArray, hi: FloatArray, colour: str, thickness: float) -> dict[str, object]:
    def part(values: FloatArray) -> list[float]:
        return [float(v) if np.isfinite(v) and v > 0 else 0.0 for v in values]

    return {
        "type": "data",
        "symmetric": False,
        "array": part(hi - mean),
        "arrayminus": part(mean - lo),
        "color": colour,
        "thickness": thickness,
        "width": 4,
    }


def _said(of: Estimate, index: int, one: One, two: Two) -> str:
    mean, lo, hi = of.at(index).floats()
    return f"{one(mean)} ({two(lo, hi)})" if np.isfinite(mean) else "nothing to measure it by"


def _by_size(values: FloatArray) -> list[int]:
    """Largest first, what is not known last."""
    return [int(i) for i in np.argsort(-np.where(np.isfinite(values), values, -np.inf), kind="stable")]


def shares(returns: Roi, key: str = "shares") -> Chart:
    """Share of all spend beside share of all effect, a pair of bars a channel."""
    names = returns.labels.channels
    colours = channel_colours(names)
    order = _by_size(returns.effect_share)
    rows = [safe(names[i]) for i in order]
    spend, effect = 100 * returns.spend_share[order], 100 * returns.effect_share[order]

    def pair(values: FloatArray, name: str, fill: str | list[str], word: str) -> Trace:
        texts = [f"{percent(v / 100)} of {word}" for v in values]
        return bar(
            rows,
            values,
            name,
            fill,
            hover=texts,
            orientation="h",
            text=texts,
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 12},
        )

    data = [
        pair(effect, "effect", [colours[names[i]] for i in order], "effect"),
        pair(spend, "spend", BASELINE, "spend"),
    ]
    top = float(np.max(np.concatenate([spend, effect]), initial=1.0))
    drawn = figure(
        data,
        key=key,
        xaxis=value_axis(
            "% of all channels", plain=True, showgrid=True, range=[min(0.0, float(effect.min())), top * 1.3]
        ),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        height=70 + 52 * len(rows),
        hovermode=False,
        barmode="group",
        bargap=0.3,
    )
    widest = int(np.argmax(np.abs(returns.effect_share - returns.spend_share)))
    alt = (
        f"{names[widest]} takes {percent(returns.spend_share[widest])} of spend and brings "
        f"{percent(returns.effect_share[widest])} of the effect."
    )
    return Chart(drawn, alt)
