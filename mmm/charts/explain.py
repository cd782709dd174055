"""Where each channel's value comes from, and how sales follow one channel's spend: for analysts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, amount_interval, count, money, percent
from mmm.charts.scale import scale_of
from mmm.charts.sentences import begin, listed
from mmm.charts.template import (
    BASELINE,
    INK,
    Chart,
    band,
    bar,
    channel_colours,
    dots,
    faded,
    figure,
    label,
    line,
    safe,
    value_axis,
)
from mmm.data.inputs import Frequency
from mmm.effects.shap import Explanation, PartialDependence, TreeValues

FloatArray = NDArray[np.float64]

ROW = 40  # pixels a channel
MOST_FEATURES = 15
PARTS = {"immediate": 0.95, "carry-over": 0.55, "interaction": 0.22}  # opacity of the channel's colour


def split_bars(explanation: Explanation, key: str = "split") -> Chart:
    """Mean |SHAP value| a period of every channel, split into immediate, carry-over and interaction."""
    names, units = explanation.labels.channels, explanation.units
    colours = channel_colours(names)
    found = _mean_abs(explanation)
    total = np.sum(list(found.values()), axis=0)
    order = [int(i) for i in np.argsort(-total, kind="stable")]
    rows = [safe(names[i]) for i in order]
    scale = scale_of(total, units.shown, explanation.labels.frequency.value)
    data = []
    for part, opacity in PARTS.items():
        values = found[part][order]
        texts = [
            f"{part}: {amount(v, units)} ({percent(v / t if t else 0.0)})"
            for v, t in zip(values, total[order], strict=True)
        ]
        fills = [faded(colours[names[i]], opacity) for i in order]
        rim = [colours[names[i]] for i in order]
        data.append(
            bar(
                rows,
                scale(values),
                part,
                fills,
                hover=texts,
                orientation="h",
                text=[part, *[""] * (len(rows) - 1)],  # named once, in the longest bar, where there is room
                textposition="inside",
                insidetextanchor="middle",
                insidetextfont={"color": "#FFFFFF" if part == "immediate" else INK},
                marker={"line": {"width": 0.75, "color": rim}},
            )
        )
    drawn = figure(
        data,
        key=key,
        barmode="stack",
        bargap=0.4,
        height=72 + ROW * len(rows),
        xaxis=value_axis(f"mean |SHAP|, {scale.title}", plain=True, rangemode="tozero", showgrid=True),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        uniformtext={"minsize": 10, "mode": "hide"},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="y unified",
    )
    return Chart(drawn, _finding(explanation, found, order))


def _finding(explanation: Explanation, found: dict[str, FloatArray], order: list[int]) -> str:
    """The channel that moves sales most, where the intervals leave no other, and where that comes from."""
    names, sure = explanation.labels.channels, explanation.importance
    first = order[0]
    total = float(sum(values[first] for values in found.values()))
    if total <= 0:
        return "No channel moves sales in these periods."
    share = {part: float(values[first]) / total for part, values in found.items()}
    main = max(share, key=lambda part: share[part])
    rivals = [names[i] for i in order[1:] if float(sure.hi[i]) > float(sure.lo[first])][:2]
    if rivals:
        which = listed([names[first], *rivals])
        part = f"{percent(share[main])} of {names[first]} is {main}"
        return f"The data cannot tell which of {which} moves sales most; {part}."
    return f"{begin(names[first])} moves sales most; {percent(share[main])} of that is {main}."


def _mean_abs(explanation: Explanation) -> dict[str, FloatArray]:
    """Mean |value| of each part by channel in `units.shown`, all markets together, `[channel]`."""
    value = explanation.value_per_kpi
    parts = {
        "immediate": explanation.immediate,
        "carry-over": explanation.carry_over,
        "interaction": explanation.interaction,
    }
    shown = {name: part if value is None else part * value[..., None] for name, part in parts.items()}
    return {name: np.asarray(np.abs(part).sum(axis=0).mean(axis=0)) for name, part in shown.items()}


def dependence(found: PartialDependence, frequency: Frequency, colour: str, key: str = "dependence") -> Chart:
    """Mean sales a period if one channel's spend had been multiplied throughout history, with its interval."""
    units, per = found.units, frequency.value
    shown = found.kpi.shown
    across = scale_of(found.spend, units.currency, per)
    up = scale_of(shown.hi, units.shown, per)
    x = [float(v) for v in across(found.spend)]
    texts = [
        f"× {count(m)}: {amount(v, units)} ({amount_interval(lo, hi, units)})"
        for m, v, lo, hi in zip(found.multipliers, shown.mean, shown.lo, shown.hi, strict=True)
    ]
    today = int(np.argmin(np.abs(found.multipliers - 1.0)))
    drawn = figure(
        [
            *band(x, up(shown.lo), up(shown.hi), colour),
            line(x, up(shown.mean), found.channel, colour, width=2.5, hover=texts),
            dots(
                [x[today]], [float(up(shown.mean)[today])], "as it was", colour, marker={"size": 11}, hoverinfo="skip"
            ),
        ],
        key=key,
        height=340,
        xaxis=value_axis(f"{safe(found.channel)}: {across.title}", plain=True),
        yaxis=value_axis(up.title, plain=True),
        annotations=[label(x[today], float(up(shown.mean)[today]), "as it was", yanchor="top", yshift=-8)],
        hovermode="x",
    )
    ends = [money(found.spend[place], units.currency) for place in (0, -1)]
    sales = [amount(shown.mean[place], units) for place in (0, -1)]
    alt = f"With {found.channel} between {ends[0]} and {ends[1]} a {per}, mean sales go from {sales[0]} to {sales[1]}."
    return Chart(drawn, alt)


def tree_bars(trees: TreeValues, kpi: str, channels: tuple[str, ...], key: str = "trees") -> Chart:
    """Mean |SHAP value| of the trees' features: what they corrected in the structural base, KPI units."""
    order = [int(i) for i in np.argsort(-trees.mean_abs, kind="stable")][:MOST_FEATURES]
    colours = channel_colours(channels)
    scale = scale_of(trees.mean_abs, kpi)
    names = [trees.features[i] for i in order]
    values = trees.mean_abs[order]
    drawn = figure(
        [
            bar(
                [safe(name) for name in names],
                scale(values),
                "feature",
                [colours.get(name, BASELINE) for name in names],
                hover=[f"{name}: {count(v)}" for name, v in zip(names, values, strict=True)],
                orientation="h",
            )
        ],
        key=key,
        height=80 + 26 * len(names),
        xaxis=value_axis(f"mean |SHAP|, {scale.title}", plain=True, rangemode="tozero", showgrid=True),
        yaxis={"type": "category", "autorange": "reversed", "ticklabelstandoff": 8},
        hovermode="closest",
    )
    return Chart(drawn, f"The trees corrected the structural base most through {names[0]}.")
