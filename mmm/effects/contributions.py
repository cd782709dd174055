"""What each channel brought in: drop-one for comparison and planning, Shapley for pictures that add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Inputs, Labels
from mmm.effects.estimate import Effect, Units, effect, in_total, thinned, value_of
from mmm.effects.shapley import EXACT_CHANNELS, exact_shares, sampled_shares
from mmm.models.base import FittedModel, MediaTerms

FloatArray = NDArray[np.float64]

MAX_SHAPLEY_DRAWS = 50  # a black box is asked about every subset of channels: 50 draws carry its interval
SPLIT_BYTES = 128 * 1024 * 1024  # draws of the terms held at once; 20 markets and 3 years would be ten times as much
UNNAMED = Units()


@dataclass(frozen=True, eq=False)
class Contributions:
    """Drop-one contributions: everything on − that channel's spend at zero from the first period.

    They need not add up: what two channels make only together counts for both.

    Attributes:
        labels: names of the axes.
        periods: first day of each period, `[period]`.
        units: what the numbers count.
        total: over all markets and periods, `[channel]`.
        mean: KPI units, `[market, period, channel]`, mean over draws; sales that *landed* in the period.
        value_per_kpi: currency per KPI unit `[market, period]`, None where unknown.
        draws: totals in KPI units, `[draw, channel]`.
        money_draws: totals in money, `[draw, channel]`, None where no value is known.
    """

    labels: Labels
    periods: DateArray
    units: Units
    total: Effect
    mean: FloatArray
    value_per_kpi: FloatArray | None
    draws: FloatArray
    money_draws: FloatArray | None

    method: str = "drop-one"


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Shapley contributions: fitted = baseline + sum of channels, and actual = fitted + unexplained.

    Attributes:
        labels: names of the axes.
        periods: first day of each period, `[period]`.
        units: what the numbers count.
        total: channels over all markets and periods, `[channel]`.
        baseline_total: the KPI with all media off, a single number.
        baseline: KPI units `[market, period]`, mean over the draws used.
        channels: KPI units `[market, period, channel]`, mean over the draws used.
        fitted: KPI units `[market, period]`: `baseline + channels.sum(-1)`.
        actual: the observed KPI `[market, period]`, NaN where it is not observed; None when not given.
        value_per_kpi: currency per KPI unit `[market, period]`, None where unknown.
        how: "closed form", "all subsets" or "sampled orders".
        n_draws: how many draws were used.
    """

    labels: Labels
    periods: DateArray
    units: Units
    total: Effect
    baseline_total: Effect
    baseline: FloatArray
    channels: FloatArray
    fitted: FloatArray
    actual: FloatArray | None
    value_per_kpi: FloatArray | None
    how: str
    n_draws: int

    method: str = "Shapley"

    @property
    def unexplained(self) -> FloatArray | None:
        """Actual − fitted `[market, period]`, KPI units; NaN where the KPI was not observed."""
        return None if self.actual is None else self.actual - self.fitted

    def shown(self, values: FloatArray) -> FloatArray:
        """KPI-unit values `[market, period]` or `[market, period, channel]` in `units.shown`."""
        if self.value_per_kpi is None:
            return values
        return values * (self.value_per_kpi[..., None] if values.ndim == 3 else self.value_per_kpi)


def drop_one(
    model: FittedModel, inputs: Inputs, periods: slice | None = None, *, units: Units = UNNAMED
) -> Contributions:
    """Everything on minus each channel's spend at zero from the first period, summed over `periods` (default: history).

    Raises:
        ModelError: the inputs carry other labels than the model.
    """
    where = _window(inputs, periods)
    value = value_of(inputs, where)
    on = model.expected(inputs, where)
    n_channels = len(inputs.labels.channels)
    mean = np.zeros((*on.shape[1:], n_channels))
    draws = np.zeros((on.shape[0], n_channels))
    money = None if value is None else np.zeros_like(draws)
    for channel in active_channels(inputs):
        gain = on - model.expected(inputs.scaled(channel, 0.0), where)
        mean[..., channel] = gain.mean(axis=0)
        draws[:, channel], in_money = in_total(gain, value)
        if money is not None and in_money is not None:
            money[:, channel] = in_money
    return Contributions(inputs.labels, inputs.periods[where], units, effect(draws, money), mean, value, draws, money)


def shapley(
    model: FittedModel,
    inputs: Inputs,
    periods: slice | None = None,
    max_draws: int = MAX_SHAPLEY_DRAWS,
    *,
    actual: FloatArray | None = None,
    units: Units = UNNAMED,
    seed: int = 0,
) -> Decomposition:
    """Baseline and channels that add up to the fitted KPI over `periods` (default: history).

    First all media on and off (that difference is what is shared), then shared within media by the Shapley
    value: in closed form (own term plus half of every pairwise term) where the family has such terms,
    otherwise over all subsets of up to 10 spending channels, and over sampled orders above that.

    Args:
        model: the fitted model.
        inputs: what happened.
        periods: which periods to split.
        max_draws: draws used when the model is a black box; the closed form uses all.
        actual: observed KPI of these periods `[market, period]`, NaN where not observed.
        units: what the numbers count.
        seed: for sampled orders.

    Raises:
        ModelError: the inputs carry other labels than the model.
    """
    where = _window(inputs, periods)
    parts = [_split(model, inputs, part, max_draws, seed) for part in _parts(model, inputs, where)]
    value = value_of(inputs, where)
    baseline = np.concatenate([part.baseline for part in parts], axis=1)
    channels = np.concatenate([part.channels for part in parts], axis=1)
    return Decomposition(
        labels=inputs.labels,
        periods=inputs.periods[where],
        units=units,
        total=effect(_sum_of(part.totals for part in parts), _sum_known(part.money_totals for part in parts)),
        baseline_total=effect(_sum_of(part.off for part in parts), _sum_known(part.money_off for part in parts)),
        baseline=baseline,
        channels=channels,
        fitted=baseline + channels.sum(axis=-1),
        actual=actual,
        value_per_kpi=value,
        how=parts[0].how,
        n_draws=len(parts[0].off),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """The split of some periods: means over draws, and totals over markets and periods by draw."""

    baseline: FloatArray
    channels: FloatArray
    off: FloatArray
    money_off: FloatArray | None
    totals: FloatArray
    money_totals: FloatArray | None
    how: str


def _split(model: FittedModel, inputs: Inputs, where: slice, max_draws: int, seed: int) -> _Part:
    terms = model.media_terms(inputs, where)
    off_inputs = inputs.media_off()
    off = model.expected(off_inputs, where)
    if terms is not None:
        shares, how = closed_form_shares(terms, model.media_terms(off_inputs, where)), "closed form"
    else:
        kept, players = thinned(off.shape[0], max_draws), active_channels(inputs)
        off = off[kept]
        exact = len(players) <= EXACT_CHANNELS
        share_out, how = (exact_shares, "all subsets") if exact else (sampled_shares, "sampled orders")
        shares = share_out(model, inputs, where, kept, players, seed)
    value = value_of(inputs, where)
    off_kpi, off_money = in_total(off, value)
    return _Part(
        baseline=off.mean(axis=0),
        channels=shares.mean(axis=0),
        off=off_kpi,
        money_off=off_money,
        totals=shares.sum(axis=(1, 2)),
        money_totals=None if value is None else np.einsum("dgtc,gt->dc", shares, value),
        how=how,
    )


def _parts(model: FittedModel, inputs: Inputs, where: slice) -> list[slice]:
    """The window in pieces whose main and pairwise terms, with media on and off, fit into `SPLIT_BYTES`."""
    c = len(inputs.labels.channels)
    per_period = model.n_draws * len(inputs.labels.markets) * 8 * (3 * c + c * (c - 1))
    size = max(1, int(SPLIT_BYTES // per_period))
    starts = range(where.start, max(where.stop, where.start + 1), size)
    return [slice(start, min(start + size, where.stop)) for start in starts]


def _sum_known(values: Iterable[FloatArray | None]) -> FloatArray | None:
    known = [value for value in values if value is not None]
    return _sum_of(known) if known else None


def _sum_of(values: Iterable[FloatArray]) -> FloatArray:
    return np.asarray(np.sum(np.stack(list(values)), axis=0))


def closed_form_shares(on: MediaTerms, off: MediaTerms | None) -> FloatArray:
    """Shapley value of an additive and pairwise effect, `[draw, market, period, channel]`.

    `main_i + sum_j pair_ij / 2` (Shapley 1953, for a game of one- and two-player terms), counted from `off`, the
    same terms without any spend: these hold what spend before the first period still carries over.
    """
    shares = on.main.copy() if off is None else on.main - off.main
    for (i, j), pair in on.pairs.items():
        gain = pair if off is None or (i, j) not in off.pairs else pair - off.pairs[i, j]
        shares[..., i] += gain / 2
        shares[..., j] += gain / 2
    return shares


def active_channels(inputs: Inputs) -> tuple[int, ...]:
    """Channels that spend or show anything at all; the others contribute exactly nothing."""
    return tuple(int(c) for c in np.flatnonzero((inputs.drive > 0).any(axis=(0, 1))))


def _window(inputs: Inputs, periods: slice | None) -> slice:
    start, stop, _ = (slice(0, inputs.n_history) if periods is None else periods).indices(inputs.n_periods)
    return slice(start, stop)
