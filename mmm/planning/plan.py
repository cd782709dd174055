"""What an optimiser hands back: the plan, how far to go, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Labels
from mmm.effects.estimate import Estimate, Units
from mmm.planning.scenario import ScenarioOutcome

FloatArray = NDArray[np.float64]

DEFAULT_STEP = 0.7  # keeps five sixths of the plan's value and halves losses (docs/benchmarks.md, 60 + 60 worlds)


@dataclass(frozen=True, eq=False)
class Step:
    """A share of the way from today's split of the same total to the best one.

    Attributes:
        share: 0 is today's split, 1 the optimum.
        allocation: currency over the horizon `[channel]`, cents that add up to the total.
        uplift: over business as usual, horizon and tail, in `units.shown`.
        gain: over today's split of the same total, likewise.
        p_better: P(gain > 0); 0.5 where nothing moves.
        possible_loss: mean of what is lost in the draws where it goes wrong, `E[max(0, −gain)]`.
    """

    share: float
    allocation: FloatArray
    uplift: Estimate
    gain: Estimate
    p_better: float
    possible_loss: float


@dataclass(frozen=True, eq=False)
class PlanResult:
    """The best split of a budget, taken `step` of the way.

    Attributes:
        labels: names of the axes.
        periods: first day of each period of the horizon, `[period]`.
        units: what the numbers count; spend is in `units.currency`.
        total: the budget, currency over the horizon.
        allocation: currency over the horizon per channel; cents that add up to the total.
        spend: the plan `[market, period, channel]`; cents that add up to the allocation.
        baseline: business as usual `[market, period, channel]`.
        today: today's split of this total `[channel]`, moved inside the bounds where it lies outside.
        lower: floor of each channel over the horizon, currency `[channel]`.
        upper: ceiling, likewise.
        uplift: over business as usual, horizon and tail, in `units.shown`.
        p_better: P(uplift > 0), paired draws; 0.5 where nothing changes.
        outcome: everything about the plan, as a scenario.
        frontier: how far to go, from today (0) to the optimum (1).
        step: the share of the way `allocation` goes.
        advised_step: the share advised; see `DEFAULT_STEP`.
        advised: the frontier's step at `advised_step`.
        kept_today: the optimum promised no gain over today's split, so today's split is returned.
        notes: sentences a reader should see.
        method: how the optimum was found.
    """

    labels: Labels
    periods: DateArray
    units: Units
    total: float
    allocation: dict[str, float]
    spend: FloatArray
    baseline: FloatArray
    today: FloatArray
    lower: FloatArray
    upper: FloatArray
    uplift: Estimate
    p_better: float
    outcome: ScenarioOutcome
    frontier: tuple[Step, ...]
    step: float
    advised_step: float
    advised: Step
    kept_today: bool
    notes: tuple[str, ...]
    method: str
