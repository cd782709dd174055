"""What each channel's money earned, what the next euro earns, and its share of spend beside its share of effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import interval, money, percent, ratio, ratio_interval, symbol
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
    row_axis,
    safe,
    value_axis,
)
from mmm.effects.estimate import LEVEL, Estimate
from mmm.effects.roi import Roi

FloatArray = NDArray[np.float64]

One: TypeAlias = Callable[[float], str]
Two: TypeAlias = Callable[[float, float], str]

ROW = 52  # pixels a channel
UP, DOWN = 0.16, 0.24  # of a row: the bar lies above its middle, the next euro below
TEXT_ROOM = 112  # pixels right of the plot: the words beside the longest bar
NEAR_AXIS = 0.15  # of the axis: there half of the label would hang over its end
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
    drawn["layout"]["annotations"] += [
        label(
            end,
            1.0,
            f"break-even {ratio(end)}",
            yref="paper",
            xanchor=_side(end, returns.roi.hi),
            yanchor="bottom",
            yshift=2,
        )
    ]
    best, channels = order[0], returns.labels.channels
    alt = f"{channels[best]} returned most, {texts[0]}; " if np.isfinite(returns.roi.mean[best]) else ""
    return Chart(drawn, f"{alt}break-even lies at {ratio(end)}.")


def _side(end: float, upper: FloatArray) -> str:
    """Which part of the break-even's label stands at its line; near the axis its middle would push it off the plot."""
    furthest = float(np.max(upper, where=np.isfinite(upper), initial=end))
    return "left" if end < NEAR_AXIS * furthest else "center"


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
    places = np.arange(len(order), dtype=np.float64)
    fills = [colours[names[i]] for i in order]
    both = np.concatenate([now.mean, following.mean])
    top = FURTHEST * float(np.max(both, where=np.isfinite(both), initial=0.1))
    so_far = bar(
        (places - UP).tolist(),
        now.mean[order],
        "so far",
        [faded(fill, 0.75) for fill in fills],
        hover=texts[0],
        orientation="h",
        width=0.36,
        error_x=_whiskers(now, order, top, INK),
    )
    points = dots(numbers_of(following.mean[order]), places + DOWN, "next", GROUND, hover=texts[1])
    points["marker"] = {"symbol": "diamond", "size": 10, "color": GROUND, "line": {"color": fills, "width": 2}}
    points["error_x"] = _whiskers(following, order, top, QUIET)
    return figure(
        [so_far, points],
        key=key,
        xaxis=value_axis(title, plain=True, rangemode="tozero", showgrid=True),
        yaxis=row_axis([safe(names[i]) for i in order]),
        height=92 + ROW * len(order),
        hovermode="closest",
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        annotations=[
            label(0, 1.0, _key(returns), xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=20),
        ],
    )


def _key(returns: Roi) -> str:
    following = f"next {symbol(returns.units.currency)}1" if returns.roi is not None else "the next one"
    return f"▬ so far   ◇ {following}   ├┤ {percent(LEVEL)}"


def _whiskers(of: Estimate, order: list[int], top: float, colour: str) -> dict[str, object]:
    """The interval as an error bar, cut off at `top`; none where it is not known."""
    mean = of.mean[order]
    lo, hi = np.minimum(of.lo[order], mean), np.minimum(np.maximum(of.hi[order], mean), np.maximum(top, mean))

    def part(values: FloatArray) -> list[float]:
        return [float(v) if np.isfinite(v) and v > 0 else 0.0 for v in values]

    return {
        "type": "data",
        "symmetric": False,
        "array": part(hi - mean),
        "arrayminus": part(mean - lo),
        "color": colour,
        "thickness": 1.5,
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
        xaxis=value_axis("% of all channels", plain=True, showgrid=True, range=[min(0.0, float(effect.min())), top]),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        height=70 + 52 * len(rows),
        hovermode=False,
        margin={"l": 8, "r": TEXT_ROOM, "t": 8, "b": 8},
        barmode="group",
        bargap=0.3,
    )
    widest = int(np.argmax(np.abs(returns.effect_share - returns.spend_share)))
    alt = (
        f"{names[widest]} takes {percent(returns.spend_share[widest])} of spend and brings "
        f"{percent(returns.effect_share[widest])} of the effect."
    )
    return Chart(drawn, alt)
