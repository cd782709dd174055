"""How well known effects come back: what was put into simulated look-alikes against what a model found there."""

from __future__ import annotations

from mmm.charts.numbers import percent
from mmm.charts.template import Chart, Trace, channel_colours, colour_of, dots, figure, value_axis
from mmm.effects.estimate import LEVEL
from mmm.validation.twin_report import FamilyRecovery

ROOM = 1.08  # above the largest share


def recovery(found: FamilyRecovery, key: str = "recovery") -> Chart:
    """One dot a channel and simulated world: its true share of what media bring, and the share the model gave it."""
    names = tuple(one.channel for one in found.channels)
    colours = channel_colours(names)
    data: list[Trace] = []
    for one in found.channels:
        told = [
            f"{one.channel}: {percent(real)} of what media bring, found {percent(guess)}"
            for real, guess in zip(one.truth, one.found, strict=True)
        ]
        truth, guesses = ([100 * share for share in shares] for shares in (one.truth, one.found))
        data.append(dots(truth, guesses, one.channel, colour_of(one.channel, colours), hover=told, showlegend=True))
    ends = [share for one in found.channels for share in (*one.truth, *one.found)]
    low, high = 100 * min([0.0, *ends]), 100 * ROOM * max([0.01, *ends])
    drawn = figure(
        data,
        key=key,
        height=420,
        xaxis=value_axis("put in, % of what media bring", plain=True, range=[low, high]),
        yaxis=value_axis("found, % of what media bring", plain=True, range=[low, high]),
        shapes=[_diagonal(low, high)],
        hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top"},
    )
    return Chart(drawn, _finding(found))


def _diagonal(low: float, high: float) -> dict[str, object]:
    """Where a dot lies that was found exactly."""
    line = {"width": 1, "dash": "dot", "color": "rgba(127,127,127,0.8)"}
    return {"type": "line", "x0": low, "y0": low, "x1": high, "y1": high, "layer": "below", "line": line}


def _finding(found: FamilyRecovery) -> str:
    if not found.channels:
        return "This model was tried on no simulated look-alike yet."
    worst = max(found.channels, key=lambda one: one.error)
    best = min(found.channels, key=lambda one: one.error)
    told = f"On the dotted line an effect came back exactly. {best.channel} comes back best"
    if best is worst:
        return f"{told}, off by {percent(best.error)} of what media bring."
    return (
        f"{told} (off by {percent(best.error)} of what media bring), {worst.channel} worst "
        f"({percent(worst.error)}); the {percent(LEVEL)} intervals held {percent(found.coverage)} of the effects."
    )
