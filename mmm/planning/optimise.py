"""The best split of a budget, how far to go towards it, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.estimate import probability_above, summarise
from mmm.effects.support import SupportStatus
from mmm.errors import SpecError
from mmm.models.base import FittedModel
from mmm.planning.baseline import business_as_usual
from mmm.planning.bounds import DEFAULT_BOUNDS, Limits, cents_inside, inside, limits
from mmm.planning.cents import CENTS
from mmm.planning.plan import DEFAULT_STEP, PlanResult, Step
from mmm.planning.presets import channel_shapes, spread
from mmm.planning.scenario import Planner, ScenarioOutcome
from mmm.planning.surface import Box, anchored_surface, best_splits, closed_form_surface

__all__ = ["DEFAULT_BOUNDS", "DEFAULT_STEP", "PlanResult", "Step", "feasible_range", "optimise"]

FloatArray = NDArray[np.float64]

FRONTIER = tuple(k / 10 for k in range(11))  # shares of the way shown to a person
EXACT_CANDIDATES = 3  # best splits of the surface that are asked of the model itself
BLACK_BOX_ROUNDS = 3  # times a black box is tabulated anew around the best split so far
_WORTH_MORE = 1e-3  # a round that adds less than this share of the gain is the last


def feasible_range(
    panel: Panel,
    horizon: int,
    bounds: Mapping[str, tuple[float, float]] = DEFAULT_BOUNDS,
    *,
    floors: Mapping[str, float] | None = None,
    ceilings: Mapping[str, float] | None = None,
    baseline: FloatArray | None = None,
) -> tuple[float, float]:
    """Smallest and largest total, currency over the horizon, that the bounds of `optimise` allow.

    Raises:
        SpecError: a bound is not usable.
    """
    usual = business_as_usual(panel, horizon) if baseline is None else baseline
    limit = limits(panel.labels, usual.sum(axis=(0, 1)), bounds, floors, ceilings)
    return int(limit.lower_cents.sum()) / CENTS, int(limit.upper_cents.sum()) / CENTS


def optimise(
    model: FittedModel,
    panel: Panel,
    *,
    horizon: int,
    total: float | None = None,
    bounds: Mapping[str, tuple[float, float]] = DEFAULT_BOUNDS,
    floors: Mapping[str, float] | None = None,
    ceilings: Mapping[str, float] | None = None,
    baseline: FloatArray | None = None,
    controls: FloatArray | None = None,
    step: float = 1.0,
    advised_step: float = DEFAULT_STEP,
    seed: int = 0,
) -> PlanResult:
    """The split of `total` over channels with the highest mean return over the horizon and its tail.

    Each channel keeps the timing and the markets of business as usual: a constant weekly rate at recent market shares
    unless `baseline` says otherwise. Families with main and pairwise terms are tabulated and searched with exact
    gradients; of a black box every channel is tabulated around the best split so far, up to three times. The best
    candidates, today's split among them, are then asked of the model itself with all draws.

    Args:
        model: the fitted model.
        panel: history.
        horizon: periods planned.
        total: currency over the horizon; default: what business as usual spends.
        bounds: per channel, and under "default", (lowest, highest) as multiples of business as usual.
        floors: absolute floors, currency over the horizon, in place of the multiple.
        ceilings: absolute ceilings; they open a channel that is dark today.
        baseline: business as usual `[market, period, channel]`; default: the last 12 periods' mean rate.
        controls: over the horizon `[market, period, control]`, NaN where unknown.
        step: share of the way from today's split to the best one that the returned plan goes, 0..1.
        advised_step: share of the way advised.
        seed: of the starting points and of the noise in predictive intervals.

    Raises:
        InfeasiblePlanError: no split respects total and bounds; says what clashes and the nearest total that fits.
        SpecError: a bound, a step or the total is not usable.
        ModelError: the family does not support planning.
    """
    _check(total, step, advised_step)
    usual = business_as_usual(panel, horizon) if baseline is None else baseline
    limit = limits(panel.labels, usual.sum(axis=(0, 1)), bounds, floors, ceilings)
    budget = float(usual.sum()) if total is None else float(total)
    cents = limit.check(budget, panel.currency)
    planner = Planner(model, panel, horizon, baseline=usual, controls=controls, seed=seed)
    box = _box(planner, limit, cents)
    today = _today(box)
    best, method = _search(box, today, seed)
    kept = box.gain(best) <= box.gain(today)
    frontier = _Frontier(box, limit, cents, today, today if kept else best)
    steps = tuple(frontier.at(share) for share in sorted({*FRONTIER, step, advised_step}))
    taken = next(s for s in steps if s.share == step)
    spend, outcome = frontier.outcome(taken.allocation)
    return PlanResult(
        labels=panel.labels,
        periods=outcome.periods,
        units=planner.units,
        total=cents / CENTS,
        allocation={name: float(taken.allocation[i]) for i, name in enumerate(panel.labels.channels)},
        spend=spend,
        baseline=usual,
        today=today,
        lower=limit.lower,
        upper=limit.upper,
        uplift=outcome.uplift.shown,
        p_better=outcome.p_better,
        outcome=outcome,
        frontier=steps,
        step=step,
        advised_step=advised_step,
        advised=next(s for s in steps if s.share == advised_step),
        kept_today=kept,
        notes=tuple(_notes(box, limit, today, kept, outcome)),
        method=method,
    )


class _Frontier:
    """The way from today's split to the best one; every share of it is rounded to cents and asked of the model."""

    def __init__(self, box: Box, limit: Limits, cents: int, today: FloatArray, best: FloatArray) -> None:
        self._box, self._limit, self._cents = box, limit, cents
        self._today, self._best = today, best
        self._today_draws = self._draws(self._plan(self._rounded(0.0)))

    def at(self, share: float) -> Step:
        allocation = self._rounded(share)
        draws = self._draws(self._plan(allocation))
        gain = draws - self._today_draws
        return Step(
            share=share,
            allocation=allocation,
            uplift=summarise(draws),
            gain=summarise(gain),
            p_better=float(probability_above(gain)),
            possible_loss=float(np.maximum(0.0, -gain).mean()),
        )

    def outcome(self, allocation: FloatArray) -> tuple[FloatArray, ScenarioOutcome]:
        """The plan in cents, and everything about it."""
        plan = self._plan(allocation)
        return plan, self._box.planner.outcome(self._snapped(plan))

    def _rounded(self, share: float) -> FloatArray:
        amounts = self._today + share * (self._best - self._today)
        return np.asarray(cents_inside(amounts, self._cents, self._limit) / CENTS)

    def _plan(self, allocation: FloatArray) -> FloatArray:
        return spread(self._box.shapes, allocation)

    def _draws(self, plan: FloatArray) -> FloatArray:
        return self._box.planner.uplift_draws(self._snapped(plan))

    def _snapped(self, plan: FloatArray) -> FloatArray:
        """Business as usual itself where the plan differs by rounding only, so that no change is exactly none."""
        usual = self._box.planner.baseline
        return usual if np.abs(plan - usual).max() <= 1.0 / CENTS else plan


def _search(box: Box, today: FloatArray, seed: int) -> tuple[FloatArray, str]:
    """The best totals found `[channel]`, by the model's own answer with all draws, and how."""
    surface = closed_form_surface(box)
    if surface is not None:
        candidates = [*_distinct(best_splits(surface, box, today, seed))[:EXACT_CANDIDATES], today]
        return max(candidates, key=box.gain), "tables of main and pairwise terms"
    best, gain, start = today, box.gain(today), box.gain(today)
    for _ in range(BLACK_BOX_ROUNDS):
        splits = _distinct(best_splits(anchored_surface(box, best), box, best, seed))[:EXACT_CANDIDATES]
        candidates = [point for split in splits for point in (split, (split + best) / 2)]
        found = max(candidates, key=box.gain)
        found_gain = box.gain(found)
        small = found_gain - gain <= _WORTH_MORE * abs(found_gain - start)
        if found_gain > gain:
            best, gain = found, found_gain
        if small:
            break
    return best, "repeated tables of single channels"


def _distinct(splits: list[FloatArray]) -> list[FloatArray]:
    """Splits in their order without those within 1 % of the budget of an earlier one."""
    kept: list[FloatArray] = []
    for split in splits:
        if all(np.abs(split - other).max() > 0.01 * max(float(split.sum()), 1.0) for other in kept):
            kept.append(split)
    return kept


def _box(planner: Planner, limit: Limits, cents: int) -> Box:
    """The limits in exact numbers; a budget that fits them in cents only is moved by less than a cent a channel."""
    lower, upper = limit.lower, limit.upper
    total = min(max(cents / CENTS, float(lower.sum())), float(upper.sum()))
    return Box(planner, channel_shapes(planner.panel, planner.baseline), lower, upper, total)


def _today(box: Box) -> FloatArray:
    """Business as usual at this total, moved inside the bounds."""
    usual = box.planner.baseline.sum(axis=(0, 1))
    whole = float(usual.sum())
    return inside(usual * (box.total / whole) if whole > 0 else usual, box.total, box.lower, box.upper)


def _notes(box: Box, limit: Limits, today: FloatArray, kept: bool, outcome: ScenarioOutcome) -> list[str]:
    units, names = box.planner.units, limit.channels
    notes = []
    if kept:
        notes.append("No split within these bounds is expected to bring more than today's, so today's split is kept.")
    if not units.has_value:
        notes.append(
            f"The value of one unit of “{units.kpi}” is unknown: the plan is judged in {units.kpi}, not money."
        )
    usual = box.planner.baseline.sum(axis=(0, 1))
    level = usual * (box.total / usual.sum()) if usual.any() else usual
    if np.abs(today - level).max() > max(0.01, 1e-6 * box.total):
        notes.append(
            "Today's split of this total breaks a bound; the way starts from the nearest split inside the bounds."
        )
    dark = [name for i, name in enumerate(names) if usual[i] == 0 and limit.upper[i] == 0]
    if dark:
        notes.append(
            f"{', '.join(dark)}: no spend today, so a multiple of it is nothing; a ceiling in currency opens it."
        )
    beyond = [n for n, s in zip(names, outcome.channels.support, strict=True) if s is SupportStatus.BEYOND]
    if beyond:
        notes.append(f"{', '.join(beyond)}: the plan spends more than was ever sustained; what it brings is a guess.")
    return notes


def _check(total: float | None, step: float, advised_step: float) -> None:
    problems = [
        f"{name} is {value:g}; it must lie between 0 and 1"
        for name, value in (("the step", step), ("the advised step", advised_step))
        if not 0 <= value <= 1
    ]
    if total is not None and not (np.isfinite(total) and total >= 0):
        problems.append(f"the total is {total:g}; it must be at least 0")
    if problems:
        raise SpecError("The plan cannot be made: " + "; ".join(problems) + ".")
