"""Two channels together: what they bring at every combination of spend, and what only the pair brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.estimate import Effect, Units, effect
from mmm.effects.steady import SteadyState
from mmm.errors import DataError
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

GRID_MULTIPLIERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)


@dataclass(frozen=True, eq=False)
class InteractionGrid:
    """Steady-state KPI per period of two channels at every combination of constant spends.

    Attributes:
        first: name of the channel on axis 0.
        second: name of the channel on axis 1.
        units: what the numbers count.
        multipliers: × mean spend, `[point]`, of both axes.
        first_spend: currency per period, all markets together, `[point]`.
        second_spend: likewise.
        response: over both channels at zero, `[point, point]`.
        synergy: what the pair brings beyond the two alone: f(a,b) − f(a,0) − f(0,b) + f(0,0), `[point, point]`.
    """

    first: str
    second: str
    units: Units
    multipliers: FloatArray
    first_spend: FloatArray
    second_spend: FloatArray
    response: Effect
    synergy: Effect


def interaction_grid(
    model: FittedModel, panel: Panel, a: str, b: str, multipliers: Sequence[float] = GRID_MULTIPLIERS
) -> InteractionGrid:
    """Two channels at every combination of `multipliers` × their mean spend, the others at their mean.

    Raises:
        DataError: there is no such channel, or both are the same.
        ModelError: the panel carries other labels than the model.
    """
    if a == b:
        raise DataError(f"An interaction needs two channels; “{a}” was given twice.")
    i, j = panel.labels.channel(a), panel.labels.channel(b)
    steady = SteadyState(model, panel)
    at = np.asarray(multipliers, np.float64)
    levels = np.unique(np.concatenate([[0.0], at]))
    place = np.searchsorted(levels, at)
    cells = [[_cell(steady, i, j, x, y) for y in levels] for x in levels]
    kpi = np.moveaxis(np.array([[cell[0] for cell in row] for row in cells]), 2, 0)
    money = None
    if steady.value_known:
        money = np.moveaxis(np.array([[cell[1] for cell in row] for row in cells]), 2, 0)
    spend = steady.mean_spend.sum(axis=0)
    return InteractionGrid(
        first=a,
        second=b,
        units=Units.of(panel),
        multipliers=at,
        first_spend=at * spend[i],
        second_spend=at * spend[j],
        response=effect(_over_zero(kpi, place), None if money is None else _over_zero(money, place)),
        synergy=effect(_together(kpi, place), None if money is None else _together(money, place)),
    )


def _cell(steady: SteadyState, i: int, j: int, x: float, y: float) -> tuple[FloatArray, FloatArray | None]:
    multipliers = np.ones(steady.n_channels)
    multipliers[i], multipliers[j] = x, y
    return steady.per_period(steady.constant(multipliers))


def _over_zero(grid: FloatArray, place: NDArray[np.intp]) -> FloatArray:
    """`grid [draw, level, level]`, level 0 being no spend, counted from both channels at zero."""
    return (grid - grid[:, :1, :1])[:, place][:, :, place]


def _together(grid: FloatArray, place: NDArray[np.intp]) -> FloatArray:
    return (grid - grid[:, :1, :] - grid[:, :, :1] + grid[:, :1, :1])[:, place][:, :, place]
