"""What if one channel got a multiple of what it gets today?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.effects.estimate import Estimate, Units, probability_above, summarise
from mmm.effects.support import SupportStatus
from mmm.planning.scenario import Planner


@dataclass(frozen=True, eq=False)
class Multiplied:
    """One channel at a multiple of business as usual over the horizon, the others as usual.

    Attributes:
        channel: its name.
        factor: × business as usual.
        horizon: periods.
        extra: currency more than usual over the horizon.
        gain: over business as usual, horizon and tail, in `units.shown`.
        back: money per unit of extra spend; None without a value per KPI unit.
        p_pays: P(margin × gain > extra), the margin counting as 1 where nobody told it; None without a value.
        margin_known: whether `p_pays` rests on a margin somebody told.
        support: where the multiplied spend lies relative to history.
    """

    channel: str
    units: Units
    factor: float
    horizon: int
    extra: float
    gain: Estimate
    back: Estimate | None
    p_pays: float | None
    margin_known: bool
    support: SupportStatus


def multiplied(planner: Planner, channel: int, factor: float = 2.0) -> Multiplied | None:
    """What `factor` × business as usual on one channel brings; None where it does not spend as usual.

    Raises:
        DataError: `factor` is negative.
    """
    spend = planner.baseline.copy()
    spend[..., channel] *= factor
    extra = float((spend - planner.baseline).sum())
    if extra == 0:
        return None
    draws = planner.uplift_draws(spend)
    panel, has_value = planner.panel, planner.value is not None
    margin = 1.0 if panel.margin is None else panel.margin
    return Multiplied(
        channel=panel.labels.channels[channel],
        units=planner.units,
        factor=factor,
        horizon=planner.n_horizon,
        extra=extra,
        gain=summarise(draws),
        back=summarise(draws / extra) if has_value else None,
        p_pays=float(probability_above(margin * draws - extra)) if has_value else None,
        margin_known=panel.margin is not None,
        support=planner.status(np.asarray(spend))[channel],
    )
