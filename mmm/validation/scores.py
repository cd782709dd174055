"""How good forecasts with uncertainty were: errors of the mean, and of the whole predictive distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from mmm.data.inputs import Frequency
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, summarise
from mmm.errors import DataError
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

YEAR_DAYS = 364  # whole weeks: 52 weeks, 12 months or 364 days back
LEVEL_PERIODS = 4  # observed periods whose mean is the last level


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a model said of periods that it had not seen.

    Attributes:
        actual: observed KPI `[market, period]`, NaN where it was not observed.
        expected: KPI without noise `[draw, market, period]`.
        noise_sd: `[draw, market]`, KPI units.
        naive: seasonal-naive forecast of the same periods `[market, period]`.
        seed: of the noise in intervals.
    """

    actual: FloatArray
    expected: FloatArray
    noise_sd: FloatArray
    naive: FloatArray
    seed: int = 0

    @classmethod
    def of(cls, model: FittedModel, panel: Panel, where: slice, naive: FloatArray, seed: int) -> Self:
        """What `model` says of the periods `where`, whose spend and controls are given and whose KPI is not."""
        expected = model.expected(panel.inputs(), where)
        return cls(observed_kpi(panel)[:, where], expected, model.noise_sd, naive, seed)

    @property
    def sample(self) -> FloatArray:
        """Draws with their noise `[draw, market, period]`; the same in every call."""
        noise = np.random.default_rng(self.seed).standard_normal(self.expected.shape)
        return np.asarray(self.expected + noise * self.noise_sd[:, :, None])

    @property
    def interval(self) -> Estimate:
        """Predictive interval `[market, period]`, noise included; the mean is without noise."""
        spread = summarise(self.sample)
        return Estimate(np.asarray(self.expected.mean(axis=0)), spread.lo, spread.hi)

    @property
    def log_density(self) -> FloatArray:
        """Log predictive density of what came, a normal mixture over draws: `[market, period]`, NaN where unknown."""
        sd = self.noise_sd[:, :, None]
        each = -0.5 * ((self.actual - self.expected) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))


@dataclass(frozen=True)
class Scores:
    """Errors over all known points of one or several forecasts.

    Attributes:
        points: how many market-periods were known.
        rmse, mae: of the mean, KPI units; mape: share of the actual, None where an actual is zero.
        crps: continuous ranked probability score, KPI units; the absolute error where a forecast has no spread.
        coverage: share of actuals inside the 90 % interval.
        mase: mae over that of the seasonal-naive forecast of the same periods; None where that makes no error.
    """

    points: int
    rmse: float
    mae: float
    mape: float | None
    crps: float
    coverage: float
    mase: float | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; what is not a number is None."""
        return {key: finite(value) for key, value in asdict(self).items()}


def observed_kpi(panel: Panel) -> FloatArray:
    """KPI `[market, period]` with NaN where it was not observed."""
    return np.where(panel.observed, panel.kpi, np.nan)


def finite(value: float | None) -> float | None:
    """The value, or None where it is no finite number: a database column of JSON refuses NaN."""
    return value if value is not None and np.isfinite(value) else None


def score(forecasts: Sequence[Forecast]) -> Scores:
    """Scores over the points of all forecasts together.

    Raises:
        DataError: no period of them was observed.
    """
    actual, mean, lo, hi, naive, crps = (
        np.concatenate(parts) for parts in zip(*(_points(forecast) for forecast in forecasts), strict=True)
    )
    if len(actual) == 0:
        raise DataError("None of these periods was observed, so no forecast error can be measured.")
    error = np.abs(mean - actual)
    plain = float(np.abs(naive - actual).mean())
    return Scores(
        points=len(actual),
        rmse=float(np.sqrt((error**2).mean())),
        mae=float(error.mean()),
        mape=float((error / np.abs(actual)).mean()) if (actual != 0).all() else None,
        crps=float(crps.mean()),
        coverage=float(((actual >= lo) & (actual <= hi)).mean()),
        mase=float(error.mean()) / plain if plain > 0 else None,
    )


def _points(forecast: Forecast) -> tuple[FloatArray, ...]:
    known = np.isfinite(forecast.actual)
    sample, spread = forecast.sample, forecast.interval
    parts = (forecast.actual, spread.mean, spread.lo, spread.hi, forecast.naive, crps_of(sample, forecast.actual))
    return tuple(part[known] for part in parts)


def crps_of(sample: FloatArray, actual: FloatArray) -> FloatArray:
    """CRPS of a sample `[draw, ...]` against `actual [...]`: E|X - y| - E|X - X'| / 2.

    Source:
        Gneiting and Raftery (2007), equation 21; the second term without the pairs of a draw with itself (Ferro 2014),
        so that families with few and with many draws are compared fairly.
    """
    n = len(sample)
    ordered = np.sort(sample, axis=0)
    rank = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *([1] * actual.ndim))
    between = 2 * (rank * ordered).sum(axis=0) / (n * max(n - 1, 1))
    return np.asarray(np.abs(sample - actual).mean(axis=0) - between / 2)


def seasonal_naive(panel: Panel, cut: int, test: slice) -> FloatArray:
    """The same period a year earlier, from what was known before `cut`; else the last level: `[market, period]`."""
    lag = year_periods(panel.labels.frequency)
    known = observed_kpi(panel)[:, :cut]
    forecast = np.empty((known.shape[0], test.stop - test.start))
    for g, row in enumerate(known):
        seen = row[np.isfinite(row)]
        level = seen[-LEVEL_PERIODS:].mean() if len(seen) else 0.0
        for place, t in enumerate(range(test.start, test.stop)):
            back = t - lag * (1 + max(0, t - cut) // lag)
            year_ago = row[back] if 0 <= back < cut else np.nan
            forecast[g, place] = year_ago if np.isfinite(year_ago) else level
    return forecast


def year_periods(frequency: Frequency) -> int:
    """Periods a year: 52 weeks, 12 months, 364 days (the same weekday)."""
    return round(YEAR_DAYS / frequency.days)


def mixed(forecasts: Sequence[Forecast], picks: Sequence[NDArray[np.int64]]) -> Forecast:
    """One forecast from some draws of each of several: `picks` says which."""
    first = forecasts[0]
    return Forecast(
        actual=first.actual,
        expected=np.concatenate([f.expected[pick] for f, pick in zip(forecasts, picks, strict=True)]),
        noise_sd=np.concatenate([f.noise_sd[pick] for f, pick in zip(forecasts, picks, strict=True)]),
        naive=first.naive,
        seed=first.seed,
    )
