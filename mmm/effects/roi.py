"""Return on a channel's spend: what it earned with its tail, what the next euro earns, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import RECENT_PERIODS, DateArray, Future, Inputs, Labels
from mmm.data.panel import Panel
from mmm.effects.contributions import active_channels
from mmm.effects.estimate import Effect, Estimate, Units, effect, in_total, probability_above, summarise, value_of
from mmm.effects.spans import tail_periods
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

NEXT_EURO = 0.01  # the next-euro return is measured on 1 % more spend over the last 12 periods


@dataclass(frozen=True, eq=False)
class Roi:
    """Returns of every channel, on the spend inside a window with its carry-over after it.

    NaN marks a channel that spent nothing there.

    Attributes:
        labels: names of the axes.
        periods: first day of each period of the window, `[period]`.
        matured: `[period]`; False where the carry-over of that period's spend reaches beyond the last observed period.
        units: what the numbers count.
        spend: currency, `[channel]`.
        contribution: drop-one with the tail, `[channel]`.
        roi: money per unit of spend `[channel]`; None where a KPI unit has no known value.
        next_roi: money per unit of *extra* spend, `[channel]`; None where no value is known.
        cost_per_kpi: spend per KPI unit `[channel]`; its `hi` is infinite where the contribution may be nothing.
        next_cost_per_kpi: extra spend per extra KPI unit, `[channel]`.
        p_pays_back: P(margin × ROI > 1) `[channel]`; None where no value is known.
        spend_share: share of all spend, `[channel]`.
        effect_share: share of the sum of mean contributions, `[channel]`.
        break_even: the ROI at which a channel pays for itself: 1 ÷ margin, 1 where the margin is unknown.
        margin_known: whether `break_even` rests on a margin somebody told.
    """

    labels: Labels
    periods: DateArray
    matured: BoolArray
    units: Units
    spend: FloatArray
    contribution: Effect
    roi: Estimate | None
    next_roi: Estimate | None
    cost_per_kpi: Estimate
    next_cost_per_kpi: Estimate
    p_pays_back: FloatArray | None
    spend_share: FloatArray
    effect_share: FloatArray
    break_even: float
    margin_known: bool


def break_even(panel: Panel) -> float:
    """The ROI at which spend pays for itself: 1 ÷ margin, or 1 where the margin is unknown."""
    return 1.0 if panel.margin is None else 1.0 / panel.margin


def roi(model: FittedModel, panel: Panel, window: slice | None = None) -> Roi:
    """Return of every channel on its spend inside `window` (default: all of history).

    A channel's spend is set to zero inside the window only; the difference is summed over the window and 8 weeks
    after it, which lie at business as usual in both cases. The next-euro return adds 1 % to the last 12 periods'
    spend (of the mean rate where a channel is dark at the moment) and counts the same tail.

    Raises:
        ModelError: the panel carries other labels than the model.
    """
    tail = tail_periods(panel.labels.frequency)
    inputs = panel.inputs(Future(tail))
    start, stop, _ = (window or slice(None)).indices(panel.n_periods)
    inside = slice(start, stop)
    spend = panel.spend[:, inside].sum(axis=(0, 1))
    kpi, money = _window_returns(model, inputs, inside, tail)
    extra, extra_kpi, extra_money = _next_euro_returns(model, inputs, tail)
    return_on = None if money is None else _ratio(money, spend)
    mean = kpi.mean(axis=0)
    return Roi(
        labels=panel.labels,
        periods=panel.periods[inside],
        matured=np.arange(start, stop) < panel.n_periods - tail,
        units=Units.of(panel),
        spend=spend,
        contribution=effect(kpi, money),
        roi=None if return_on is None else summarise(return_on),
        next_roi=None if extra_money is None else summarise(_ratio(extra_money, extra)),
        cost_per_kpi=_cost(spend, summarise(kpi)),
        next_cost_per_kpi=_cost(extra, summarise(extra_kpi)),
        p_pays_back=None if return_on is None else _pays_back(return_on, break_even(panel)),
        spend_share=_shares(spend),
        effect_share=_shares(mean),
        break_even=break_even(panel),
        margin_known=panel.margin is not None,
    )


def _window_returns(
    model: FittedModel, inputs: Inputs, inside: slice, tail: int
) -> tuple[FloatArray, FloatArray | None]:
    """Drop-one totals of spend inside a window, with the tail: KPI units and money, `[draw, channel]`."""
    counted = slice(inside.start, inside.stop + tail)
    on = model.expected(inputs, counted)
    return _differences(
        inputs,
        counted,
        {c: on - model.expected(inputs.scaled(c, 0.0, inside), counted) for c in active_channels(inputs)},
        on.shape[0],
    )


def _next_euro_returns(
    model: FittedModel, inputs: Inputs, tail: int
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Extra spend `[channel]` and what it brings, KPI units and money `[draw, channel]`."""
    end = inputs.n_history
    recent = slice(max(0, end - RECENT_PERIODS), end)
    counted = slice(recent.start, end + tail)
    now = model.expected(inputs, counted)
    gains: dict[int, FloatArray] = {}
    extra = np.zeros(inputs.spend.shape[-1])
    for channel in active_channels(inputs):
        now_spent = inputs.spend[:, recent, channel]
        rate = inputs.spend[:, :end, channel].mean(axis=1, keepdims=True)
        more = NEXT_EURO * (now_spent if now_spent.any() else np.broadcast_to(rate, now_spent.shape))
        spend = inputs.spend.copy()
        spend[:, recent, channel] += more
        extra[channel] = more.sum()
        gains[channel] = model.expected(inputs.with_spend(spend), counted) - now
    return extra, *_differences(inputs, counted, gains, now.shape[0])


def _differences(
    inputs: Inputs, counted: slice, gains: dict[int, FloatArray], n_draws: int
) -> tuple[FloatArray, FloatArray | None]:
    value = value_of(inputs, counted)
    kpi = np.zeros((n_draws, inputs.spend.shape[-1]))
    money = None if value is None else np.zeros_like(kpi)
    for channel, gain in gains.items():
        kpi[:, channel], in_money = in_total(gain, value)
        if money is not None and in_money is not None:
            money[:, channel] = in_money
    return kpi, money


def _ratio(returns: FloatArray, spend: FloatArray) -> FloatArray:
    """Returns `[draw, channel]` per unit of spend, NaN where nothing was spent."""
    return np.divide(returns, spend, out=np.full_like(returns, np.nan), where=spend > 0)


def _cost(spend: FloatArray, contribution: Estimate) -> Estimate:
    """Spend per KPI unit; infinite where the contribution is not above zero, NaN where nothing was spent."""

    def per(kpi: FloatArray) -> FloatArray:
        cost = np.divide(spend, kpi, out=np.full_like(spend, np.inf), where=kpi > 0)
        return np.where(spend > 0, cost, np.nan)

    return Estimate(per(contribution.mean), per(contribution.hi), per(contribution.lo))


def _pays_back(return_on: FloatArray, threshold: float) -> FloatArray:
    return np.where(np.isnan(return_on).any(axis=0), np.nan, probability_above(return_on, threshold))


def _shares(values: FloatArray) -> FloatArray:
    total = values.sum()
    return np.asarray(np.divide(values, total, out=np.zeros_like(values), where=total > 0))
