"""How sure it is where a channel's next euro stops paying for itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.estimate import LEVEL, Estimate
from mmm.effects.roi import break_even
from mmm.effects.steady import SteadyState
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

FURTHEST = 10.0  # × mean spend; a crossing beyond it counts as none
_LEVELS = np.concatenate([[0.0], np.geomspace(0.03, FURTHEST, 36)])


@dataclass(frozen=True, eq=False)
class Crossing:
    """Where the next euro stops returning `threshold`, draw by draw.

    Attributes:
        channel: its name.
        threshold: 1 ÷ margin, 1 where the margin is unknown.
        spend: median and interval, currency per period, all markets together; an end is 0 where even the first euro
            may not pay, and infinite where the crossing may lie beyond `FURTHEST` × mean spend.
        never: share of draws in which no spend pays.
        always: share of draws in which every spend up to `FURTHEST` × mean spend still pays.
    """

    channel: str
    threshold: float
    spend: Estimate
    never: float
    always: float


def crossing(model: FittedModel, panel: Panel, channel: str) -> Crossing | None:
    """The spend of highest profit in every draw, in a steady state with the other channels at their mean.

    None where a KPI unit has no known value, or the channel never spent.

    Raises:
        DataError: there is no such channel.
        ModelError: the panel carries other labels than the model.
    """
    index, threshold = panel.labels.channel(channel), break_even(panel)
    steady = SteadyState(model, panel)
    mean_spend = float(steady.mean_spend[:, index].sum())
    if not steady.value_known or mean_spend <= 0:
        return None
    asked = [steady.per_period(steady.at(index, float(level)))[1] for level in _LEVELS]
    money = np.stack([answer for answer in asked if answer is not None], axis=1)
    best = _peaks(money - threshold * mean_spend * _LEVELS)
    never, always = best <= 0, best >= FURTHEST
    at = np.where(always, np.inf, best * mean_spend)
    tail = (1.0 - LEVEL) / 2.0
    # A quantile between a number and "never" would be neither, so an actual draw is taken.
    lo, middle, hi = np.quantile(at, (tail, 0.5, 1.0 - tail), method="nearest")
    spend = Estimate(np.asarray(middle), np.asarray(lo), np.asarray(hi))
    return Crossing(channel, threshold, spend, float(never.mean()), float(always.mean()))


def _peaks(profit: FloatArray) -> FloatArray:
    """Level of the highest `profit [draw, level]`, refined by a parabola through its neighbours."""
    best = profit.argmax(axis=1)
    inner = np.clip(best, 1, profit.shape[1] - 2)
    rows = np.arange(len(profit))
    x0, x1, x2 = _LEVELS[inner - 1], _LEVELS[inner], _LEVELS[inner + 1]
    y0, y1, y2 = profit[rows, inner - 1], profit[rows, inner], profit[rows, inner + 1]
    above = (x1 - x0) ** 2 * (y1 - y2) - (x1 - x2) ** 2 * (y1 - y0)
    below = (x1 - x0) * (y1 - y2) - (x1 - x2) * (y1 - y0)
    moved = np.divide(above, 2 * below, out=np.zeros_like(above), where=np.abs(below) > 1e-300)
    refined = np.clip(x1 - moved, x0, x2)
    return np.asarray(np.where(best == inner, refined, _LEVELS[best]))
