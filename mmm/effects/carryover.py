"""How long a channel's effect lasts: the response to a pulse of one period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Future
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, summarise
from mmm.effects.spans import SETTLE_DAYS, periods_in
from mmm.effects.steady import SteadyState
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

PULSES = (0.1, 1.0)  # × mean spend: small enough not to bend saturation; the large one where trees do not notice it
MOSTLY = 0.9  # "most of the effect has landed"


@dataclass(frozen=True, eq=False)
class CarryOver:
    """The share of a pulse's effect that lands in each period after it.

    Attributes:
        channel: its name.
        lag_days: days since the pulse, `[lag]`.
        share: of the whole effect, `[lag]`; the means add up to 1 over 26 weeks.
        half_life_days: days from the peak until the effect has fallen to half of it (at most 26 weeks); NaN where a
            pulse does nothing.
        mostly_landed_days: days until 90 % of the effect has landed, by the mean shares; NaN where it does nothing.
    """

    channel: str
    lag_days: FloatArray
    share: Estimate
    half_life_days: Estimate
    mostly_landed_days: float


def carry_over(model: FittedModel, panel: Panel, channel: str) -> CarryOver:
    """Response to one period of a little more spend, on top of every channel's mean spend.

    Draws in which the channel has no effect say nothing about its timing and are left out.

    Raises:
        DataError: there is no such channel.
        ModelError: the panel carries other labels than the model.
    """
    index, frequency = panel.labels.channel(channel), panel.labels.frequency
    lags = periods_in(SETTLE_DAYS, frequency)
    shares = _shares(SteadyState(model, panel), panel, index, lags)
    days: FloatArray = np.arange(lags + 1, dtype=np.float64) * frequency.days
    if not len(shares):
        nothing = np.full(lags + 1, np.nan)
        none = Estimate(np.asarray(np.nan), np.asarray(np.nan), np.asarray(np.nan))
        return CarryOver(channel, days, Estimate(nothing, nothing, nothing), none, float("nan"))
    half_lives = np.array([half_life(draw) for draw in shares]) * frequency.days
    share = summarise(shares)
    landed = int(np.argmax(np.cumsum(share.mean) >= MOSTLY - 1e-9))
    return CarryOver(channel, days, share, summarise(half_lives), float(days[landed]))


def half_life(response: FloatArray) -> float:
    """Periods from the peak of `response [lag]` until it has fallen to half, exact for geometric decay.

    Between two lags the response is taken to fall geometrically. Where it never halves: the last lag.
    """
    peak = int(np.argmax(response))
    half = response[peak] / 2
    fallen = np.flatnonzero(response[peak:] <= half)
    if not len(fallen):
        return float(len(response) - 1 - peak)
    after = peak + int(fallen[0])
    before = after - 1
    if response[after] <= 0:
        return float(before - peak)
    part = np.log(response[before] / half) / np.log(response[before] / response[after])
    return float(before - peak + part)


def _shares(steady: SteadyState, panel: Panel, channel: int, lags: int) -> FloatArray:
    """Share of the pulse's effect by lag in every draw that has one, `[draw, lag]`."""
    start = steady.inputs.n_periods
    base = steady.constant(np.ones(steady.n_channels), panel.inputs(Future(start + lags + 1 - panel.n_periods)))
    after = slice(start, start + lags + 1)
    rest = steady.model.expected(base, after)
    for pulse in PULSES:
        more = base.scaled(channel, 1 + pulse, slice(start, start + 1))
        response = (steady.model.expected(more, after) - rest).sum(axis=1)
        total = response.sum(axis=1)
        felt = np.abs(total) > 1e-12 * np.abs(rest).mean()
        if felt.any():
            return np.asarray(response[felt] / total[felt, None])
    return np.zeros((0, lags + 1))
