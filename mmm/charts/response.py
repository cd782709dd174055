"""What a channel brings at any level of spend, and where on that curve it stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.charts.numbers import amount, amount_interval, money
from mmm.charts.scale import Scale, scale_of
from mmm.charts.template import (
    BEYOND,
    GROUND,
    INK,
    QUIET,
    Chart,
    Trace,
    band,
    dots,
    figure,
    label,
    line,
    mark,
    safe,
    value_axis,
)
from mmm.data.inputs import Frequency
from mmm.effects.curves import CurvePoint, ResponseCurve

FloatArray = NDArray[np.float64]

TOO_NEAR = 0.3  # of the axis: names of points nearer than this can lie on each other


def response(
    curve: ResponseCurve, frequency: Frequency, colour: str, *, plan: float | None = None, key: str = "response"
) -> Chart:
    """The curve with its interval; grey and dashed beyond what was ever spent.

    Args:
        curve: of one channel.
        frequency: length of a period.
        colour: the channel's.
        plan: spend per period of a plan, all markets together, or None.
        key: `uirevision`.
    """
    units, per = curve.units, frequency.value
    across = scale_of(curve.spend, units.currency, per)
    up = scale_of(np.append(curve.response.shown.hi, curve.response.shown.mean), units.shown, per)
    edge = curve.supported.edge
    known, ahead = _split(curve, edge)
    data = [
        *_piece(known, across, up, colour, curve, inside=True),
        *_piece(ahead, across, up, BEYOND, curve, inside=False),
    ]
    points, notes = _points(curve, plan, across, up, colour)
    shapes = []
    shown = curve.break_even.point
    if shown is not None and 0 < shown.spend <= float(curve.spend[-1]):
        shape, text = mark(float(across(shown.spend)), f"break-even {money(shown.spend, units.currency)}", colour=QUIET)
        shapes.append(shape)
        notes.append(text)
    if len(ahead[0]) > 1:
        beyond = label(1.0, 0.0, "beyond what was ever spent", xref="paper", yref="paper")
        notes.append({**beyond, "xanchor": "right", "yanchor": "bottom", "xshift": -6, "yshift": 6})
    drawn = figure(
        [*data, *points],
        key=key,
        height=400,
        xaxis=value_axis(f"{safe(curve.channel)}: {across.title}", plain=True, rangemode="tozero", showgrid=False),
        yaxis=value_axis(up.title, plain=True, rangemode="tozero"),
        shapes=shapes,
        annotations=notes,
        hovermode="x",
        margin={"l": 8, "r": 16, "t": 28, "b": 8},
    )
    return Chart(drawn, _finding(curve, frequency))


Piece = tuple[FloatArray, FloatArray, FloatArray, FloatArray]  # spend, mean, lo, hi


def _split(curve: ResponseCurve, edge: float) -> tuple[Piece, Piece]:
    """The curve up to `edge` and from there on, both with a point exactly there."""
    found = curve.response.shown
    spend = np.unique(np.append(curve.spend, min(max(edge, 0.0), float(curve.spend[-1]))))

    def at(values: FloatArray) -> FloatArray:
        return np.asarray(np.interp(spend, curve.spend, values))

    whole = (spend, at(found.mean), at(found.lo), at(found.hi))
    inside, outside = spend <= edge, spend >= edge
    known = (whole[0][inside], whole[1][inside], whole[2][inside], whole[3][inside])
    return known, (whole[0][outside], whole[1][outside], whole[2][outside], whole[3][outside])


def _piece(piece: Piece, across: Scale, up: Scale, colour: str, curve: ResponseCurve, *, inside: bool) -> list[Trace]:
    spend, mean, lo, hi = piece
    if len(spend) < 2:
        return []
    units = curve.units
    said = [
        f"{amount(m, units)} ({amount_interval(a, b, units)}) from {money(s, units.currency)}"
        for s, m, a, b in zip(spend, mean, lo, hi, strict=True)
    ]
    x = [float(v) for v in across(spend)]
    style = {} if inside else {"dash": "dash"}
    drawn = line(x, up(mean), curve.channel, colour, width=2.5, hover=said)
    drawn["line"].update(style)
    return [*band(x, up(lo), up(hi), colour), drawn]


def _points(
    curve: ResponseCurve, plan: float | None, across: Scale, up: Scale, colour: str
) -> tuple[list[Trace], list[dict[str, object]]]:
    """Half-saturation, today and the plan, with their names beside them."""
    top = float(curve.spend[-1])
    traces: list[Trace] = []
    notes: list[dict[str, object]] = []

    def put(spend: float, response: float, name: str, fill: str, rim: str, symbol: str, *, above: bool) -> None:
        if not 0 <= spend <= top:
            return
        x, y = float(across(spend)), float(up(response))
        marker = {"symbol": symbol, "size": 11, "color": fill, "line": {"color": rim, "width": 2}}
        hover = [f"{name}: {money(spend, curve.units.currency)} brings {amount(response, curve.units)}"]
        traces.append(dots([x], [y], name, fill, hover=hover, marker=marker))
        side = {"yanchor": "bottom", "yshift": 8, "xanchor": "right", "xshift": -6}
        if not above:
            side = {"yanchor": "top", "yshift": -8, "xanchor": "left", "xshift": 6}
        notes.append(label(x, y, name, colour=INK if name != "half-saturation" else QUIET, **side))

    half: CurvePoint | None = curve.half_saturation
    if half is not None:
        others = [curve.today.spend, *([plan] if plan is not None else [])]
        near = any(abs(half.spend - other) < TOO_NEAR * top for other in others)
        put(half.spend, half.response, "half-saturation", GROUND, QUIET, "circle", above=False)
        if near and notes:
            notes.clear()  # its name would lie on another; the ring and its hover text stay
    put(curve.today.spend, curve.today.response, "today", colour, GROUND, "circle", above=True)
    if plan is not None:
        at = float(np.interp(plan, curve.spend, curve.response.shown.mean))
        put(plan, at, "plan", GROUND, colour, "diamond", above=False)
    return traces, notes


def _finding(curve: ResponseCurve, frequency: Frequency) -> str:
    units, today = curve.units, curve.today
    per = f"a {frequency.value}"
    text = (
        f"Today {curve.channel} spends {money(today.spend, units.currency)} {per} and brings "
        f"{amount(today.response, units)}."
    )
    if curve.half_saturation is not None:
        text += f" Half of what it can bring is reached at {money(curve.half_saturation.spend, units.currency)} {per}."
    return text
