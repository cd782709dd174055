"""How likely a plan is better than business as usual: the distribution of its uplift."""

from __future__ import annotations

import numpy as np

from mmm.charts.numbers import between, percent, probability
from mmm.charts.scale import scale_of
from mmm.charts.template import GAIN, INK, LOSS, Chart, faded, figure, label, value_axis
from mmm.planning.scenario import ScenarioOutcome

BINS = 40


def uplift_distribution(outcome: ScenarioOutcome, key: str = "uplift") -> Chart:
    """How often each uplift occurs among the draws: worse than today left of zero, better right of it."""
    units, draws = outcome.units, outcome.uplift_draws
    scale = scale_of(np.quantile(draws, [0.005, 0.995]), units.shown)
    counts, edges = np.histogram(draws, bins=_edges(draws))
    middles, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    share = 100 * counts / len(draws)
    bars = {
        "type": "bar",
        "x": [float(v) for v in scale(middles)],
        "y": [float(v) for v in share],
        "width": width / scale.factor,
        "marker": {"color": [faded(GAIN if v > 0 else LOSS, 0.65) for v in middles], "line": {"width": 0}},
        "customdata": [f"{percent(v / 100)} of the possible outcomes" for v in share],
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": False,
    }
    top = float(share.max(initial=1.0))
    drawn = figure(
        [bars],
        key=key,
        height=240,
        bargap=0.02,
        xaxis=value_axis(f"{scale.title} against business as usual", plain=True, zerolinewidth=1.5),
        yaxis={"visible": False, "range": [0, 1.2 * top]},
        annotations=[
            label(
                0, 1.0, f"{probability(outcome.p_better)} better", colour=INK, yref="paper", xanchor="left", xshift=6
            ),
            label(0, 1.0, f"{probability(1 - outcome.p_better)} worse", yref="paper", xanchor="right", xshift=-6),
        ],
        hovermode="closest",
    )
    found = outcome.uplift.shown
    alt = (
        f"The plan is better than business as usual with a chance of {probability(outcome.p_better)}: "
        f"{between(found.lo, found.hi, units)}."
    )
    return Chart(drawn, alt)


def _edges(draws: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Bins of one width with an edge exactly at zero, over all but the rarest draws."""
    low, high = (float(v) for v in np.quantile(draws, [0.002, 0.998]))
    low, high = min(low, 0.0), max(high, 0.0)
    width = max((high - low) / BINS, 1e-9)
    return np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
