"""What a fitted model is asked about: spend and controls over history and horizon."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmm.errors import DataError

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]

RECENT_PERIODS = 12  # what "today's level" means: business as usual, cost per exposure, market shares


class Frequency(StrEnum):
    """Length of a period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def days(self) -> float:
        """Mean length in days."""
        return {"day": 1.0, "week": 7.0, "month": 30.4375}[self.value]


class ControlRole(StrEnum):
    """Why a control is in the data; a mediator (a step between advertising and sale) is kept out of models."""

    CONFOUNDER = "confounder"
    PREDICTOR = "predictor"
    MEDIATOR = "mediator"


@dataclass(frozen=True)
class Labels:
    """Names that go with the arrays, in the order of their axes."""

    markets: tuple[str, ...]
    channels: tuple[str, ...]
    controls: tuple[str, ...] = ()
    control_roles: tuple[ControlRole, ...] = ()
    frequency: Frequency = Frequency.WEEK

    def __post_init__(self) -> None:
        for kind, names in (("market", self.markets), ("channel", self.channels), ("control", self.controls)):
            if len(set(names)) != len(names):
                raise DataError(f"Two {kind}s share a name; every {kind} needs its own.")
        if len(self.control_roles) != len(self.controls):
            raise DataError("Every control needs a role: confounder, predictor or mediator.")

    def channel(self, name: str) -> int:
        """Index of a channel.

        Raises:
            DataError: there is no such channel.
        """
        try:
            return self.channels.index(name)
        except ValueError:
            raise DataError(f"There is no channel “{name}”; the channels are {', '.join(self.channels)}.") from None

    @property
    def modelled_controls(self) -> tuple[int, ...]:
        """Indices of controls that may enter a model (mediators are kept out)."""
        return tuple(i for i, role in enumerate(self.control_roles) if role is not ControlRole.MEDIATOR)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a model needs to say what the KPI would be; P periods, the first `n_history` of them past.

    Attributes:
        periods: first day of each period, `datetime64[D] [P]`.
        spend: currency, `[market, period, channel]`.
        controls: `[market, period, control]`.
        exposure: as in `Panel`; NaN columns for channels without exposure.
        value_per_kpi: currency per KPI unit `[market, period]`, ones for revenue, None when unknown.
        country, countries: as in `Panel`.
        demand: index of demand read off each channel that catches it `[market, period, follower]`, channels sorted
            by name; it stays what it was under any other spend. None where no channel does.
    """

    labels: Labels
    periods: DateArray
    n_history: int
    spend: FloatArray
    controls: FloatArray
    exposure: FloatArray | None = None
    value_per_kpi: FloatArray | None = None
    country: str | None = None
    countries: tuple[str | None, ...] | None = None
    demand: FloatArray | None = None

    @property
    def n_periods(self) -> int:
        """P, history and horizon together."""
        return len(self.periods)

    @property
    def horizon(self) -> slice:
        """The periods after history."""
        return slice(self.n_history, self.n_periods)

    @property
    def drive(self) -> FloatArray:
        """What drives the effect `[market, period, channel]`: exposure where a channel has it, else spend."""
        if self.exposure is None:
            return self.spend
        return np.where(np.isnan(self.exposure), self.spend, self.exposure)

    def with_spend(self, spend: FloatArray) -> Self:
        """The same periods under another spend; k times the spend buys k times the exposure.

        Where a cell had no spend, exposure is bought at the channel's median cost per exposure.

        Raises:
            DataError: shape differs, or spend is negative or not finite.
        """
        if spend.shape != self.spend.shape:
            raise DataError(f"Spend has shape {spend.shape}; expected {self.spend.shape} (market, period, channel).")
        if not np.isfinite(spend).all() or (spend < 0).any():
            raise DataError("Spend must be a number of at least zero in every cell.")
        exposure = self.exposure
        if exposure is not None:
            exposure = _scaled_exposure(self.spend, spend, exposure)
        return replace(self, spend=np.asarray(spend, dtype=np.float64), exposure=exposure)

    def scaled(self, channel: int, factor: float, periods: slice | None = None) -> Self:
        """The same inputs with one channel's spend (and exposure) multiplied inside `periods`."""
        where = (slice(None), slice(None) if periods is None else periods, channel)
        spend = self.spend.copy()
        spend[where] *= factor
        exposure = None if self.exposure is None else self.exposure.copy()
        if exposure is not None:
            exposure[where] *= factor
        return replace(self, spend=spend, exposure=exposure)

    def media_off(self) -> Self:
        """The same inputs with every channel's spend and exposure at zero from the first period."""
        exposure = None if self.exposure is None else self.exposure * 0.0
        return replace(self, spend=np.zeros_like(self.spend), exposure=exposure)


@dataclass(frozen=True, eq=False)
class Future:
    """Periods after history. What is not given is derived: spend from recent rates, controls from their reference.

    Attributes:
        n_periods: how many periods, at least 1.
        spend: currency `[market, period, channel]` or None for the mean rate of the last 12 periods.
        controls: `[market, period, control]`, NaN where unknown, or None.
        value_per_kpi: currency per KPI unit `[market, period]`, or None for the last 12 periods' mean.
    """

    n_periods: int
    spend: FloatArray | None = None
    controls: FloatArray | None = None
    value_per_kpi: FloatArray | None = None


def next_periods(last: np.datetime64, frequency: Frequency, n: int) -> DateArray:
    """First days of the `n` periods that follow the period starting on `last`."""
    if frequency is Frequency.MONTH:
        months = last.astype("datetime64[M]") + np.arange(1, n + 1)
        return np.asarray(months.astype("datetime64[D]"))
    step = int(frequency.days)
    return np.asarray(last.astype("datetime64[D]") + step * np.arange(1, n + 1))


def control_reference(controls: FloatArray) -> FloatArray:
    """The level a control's contribution is counted from `[control]`: 0 for flags, the median otherwise."""
    markets, periods, k = controls.shape
    flat = controls.reshape(markets * periods, k)  # no -1: it cannot be worked out where there is no control
    is_flag = np.isin(flat, (0.0, 1.0)).all(axis=0)
    return np.where(is_flag, 0.0, np.median(flat, axis=0)) if flat.size else np.zeros(k)


def recent_rate(spend: FloatArray) -> FloatArray:
    """Mean spend per period over the last 12 periods, `[market, channel]`."""
    return np.asarray(spend[:, -RECENT_PERIODS:].mean(axis=1))


def future_inputs(history: Inputs, future: Future) -> Inputs:
    """History followed by `future`, every unknown derived as `Future` says.

    Raises:
        DataError: fewer than one future period, or arrays of the wrong shape.
    """
    n = future.n_periods
    g, _, c = history.spend.shape
    if n < 1:
        raise DataError("A horizon needs at least one period.")
    spend = np.repeat(recent_rate(history.spend)[:, None, :], n, axis=1) if future.spend is None else future.spend
    if spend.shape != (g, n, c):
        raise DataError(f"Future spend has shape {spend.shape}; expected {(g, n, c)} (market, period, channel).")
    reference = np.broadcast_to(control_reference(history.controls), (g, n, history.controls.shape[-1]))
    controls = reference if future.controls is None else np.where(np.isnan(future.controls), reference, future.controls)
    value = None
    if history.value_per_kpi is not None:
        recent = history.value_per_kpi[:, -RECENT_PERIODS:].mean(axis=1, keepdims=True)
        ahead = np.repeat(recent, n, axis=1) if future.value_per_kpi is None else future.value_per_kpi
        value = np.concatenate([history.value_per_kpi, ahead], axis=1)
    exposure = None
    if history.exposure is not None:
        ahead_exposure = spend * exposure_per_spend(history.spend, history.exposure)[:, None, :]
        exposure = np.concatenate([history.exposure, ahead_exposure], axis=1)
    demand = history.demand
    if demand is not None:  # tomorrow's is taken to be as of late
        demand = np.concatenate([demand, np.repeat(recent_rate(demand)[:, None, :], n, axis=1)], axis=1)
    return replace(
        history,
        periods=np.concatenate([history.periods, next_periods(history.periods[-1], history.labels.frequency, n)]),
        spend=np.concatenate([history.spend, spend], axis=1),
        controls=np.concatenate([history.controls, controls], axis=1),
        exposure=exposure,
        value_per_kpi=value,
        demand=demand,
    )


def exposure_per_spend(spend: FloatArray, exposure: FloatArray) -> FloatArray:
    """Exposure bought by one unit of currency `[market, channel]`: median of the last 12 periods that spent.

    Falls back to the whole history, then to the channel's other markets; NaN for channels without exposure.
    """
    ratio = np.divide(exposure, spend, out=np.full_like(spend, np.nan), where=spend > 0)
    recent = _nanmedian(ratio[:, -RECENT_PERIODS:], axis=1)
    whole = _nanmedian(ratio, axis=1)
    across = np.broadcast_to(_nanmedian(ratio.reshape(-1, ratio.shape[-1]), axis=0), whole.shape)
    best = np.where(np.isnan(recent), np.where(np.isnan(whole), across, whole), recent)
    has_exposure = ~np.isnan(exposure).all(axis=(0, 1))
    return np.where(has_exposure, np.nan_to_num(best), np.nan)


def _nanmedian(values: FloatArray, axis: int) -> FloatArray:
    """Median over `axis` ignoring NaN, NaN (without a warning) where nothing is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def _scaled_exposure(old: FloatArray, new: FloatArray, exposure: FloatArray) -> FloatArray:
    rate = exposure_per_spend(old, exposure)[:, None, :]
    factor = np.divide(new, old, out=np.zeros_like(new), where=old > 0)
    return np.where(old > 0, factor * exposure, np.where(new > 0, new * rate, exposure))
