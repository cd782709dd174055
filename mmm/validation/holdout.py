"""The last periods kept back: what a model that had not seen them would have said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Inputs
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, summarise
from mmm.errors import DataError
from mmm.models.base import Fit, FitSettings, FittedModel, Progress, silent
from mmm.models.linear import fit_linear
from mmm.validation.metrics import Metrics, metrics
from mmm.validation.scores import Forecast, observed_kpi, score, seasonal_naive

FloatArray = NDArray[np.float64]

MAX_HOLD_OUT_PERIODS = 24
MAX_HOLD_OUT_SHARE = 0.2
MIN_TRAINING_PERIODS = 16


@dataclass(frozen=True, eq=False)
class HoldOut:
    """A forecast of the last periods, whose spend and controls were given and whose KPI was not.

    Attributes:
        periods: first day of each period kept back.
        actual: observed KPI `[market, period]`, NaN where it was not observed.
        predicted: predictive interval `[market, period]`, noise included.
        model: errors of the model; yardstick: errors of a plain regression on spend and lagged spend.
        coverage: share of known actuals inside the predictive interval.
    """

    periods: DateArray
    actual: FloatArray
    predicted: Estimate
    model: Metrics
    yardstick: Metrics
    coverage: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-able figures."""
        return {
            "periods": len(self.periods),
            "model": self.model.as_dict(),
            "yardstick": self.yardstick.as_dict(),
            "coverage": self.coverage,
        }


@dataclass(frozen=True, eq=False)
class FittedPeriods:
    """Fit against actual over all history, by the model that was fitted on all of it.

    Attributes:
        periods: `[period]`.
        actual: `[market, period]`, NaN where not observed.
        expected: KPI without noise `[market, period]`; predicted: with noise.
        metrics: errors inside the fitted window.
    """

    periods: DateArray
    actual: FloatArray
    expected: Estimate
    predicted: Estimate
    metrics: Metrics


def hold_out_periods(n_periods: int) -> int:
    """The smaller of 24 periods and a fifth of history, at least one."""
    return max(1, min(MAX_HOLD_OUT_PERIODS, int(MAX_HOLD_OUT_SHARE * n_periods)))


def hold_out(
    panel: Panel, fit: Fit, settings: FitSettings, periods: int | None = None, progress: Progress = silent
) -> HoldOut:
    """Fit on all but the last periods and forecast these.

    Args:
        panel: the whole history.
        fit: the family.
        settings: seed and effort.
        periods: how many to keep back; None for `hold_out_periods`.
        progress: told how far the fit is.

    Raises:
        DataError: too few periods would be left to fit on, or no period kept back was observed.
    """
    first = first_kept_back(panel.n_periods, periods)
    where = slice(first, panel.n_periods)
    model = fit(panel.take(slice(0, first)), settings, progress)
    forecast = Forecast.of(model, panel, where, seasonal_naive(panel, first, where), settings.seed)
    return held_out(panel, forecast, settings)


def first_kept_back(n_periods: int, periods: int | None = None) -> int:
    """Index of the first of the periods kept back.

    Raises:
        DataError: too few periods would be left to fit on.
    """
    n = hold_out_periods(n_periods) if periods is None else periods
    first = n_periods - n
    if n < 1 or first < MIN_TRAINING_PERIODS:
        raise DataError(
            f"Keeping {n} of {n_periods} periods back leaves {max(first, 0)} to learn from; "
            f"at least {MIN_TRAINING_PERIODS} are needed. Keep fewer back, or add history."
        )
    return first


def held_out(panel: Panel, forecast: Forecast, settings: FitSettings) -> HoldOut:
    """The hold-out of a forecast of the last periods, beside that of a plain regression.

    Raises:
        DataError: no period kept back was observed.
    """
    first = panel.n_periods - forecast.actual.shape[1]
    where = slice(first, panel.n_periods)
    plain = fit_linear(panel.take(slice(0, first)), settings).expected(panel.inputs(), where).mean(axis=0)
    predicted = forecast.interval
    return HoldOut(
        periods=panel.periods[where],
        actual=forecast.actual,
        predicted=predicted,
        model=metrics(forecast.actual, predicted.mean),
        yardstick=metrics(forecast.actual, plain),
        coverage=score([forecast]).coverage,
    )


def fitted_periods(model: FittedModel, panel: Panel, seed: int = 0) -> FittedPeriods:
    """What the model says of the history it was fitted on."""
    inputs, actual = panel.inputs(), observed_kpi(panel)
    draws = model.expected(inputs)
    expected = summarise(draws)
    return FittedPeriods(
        periods=panel.periods,
        actual=actual,
        expected=expected,
        predicted=_with_noise(draws, model, seed),
        metrics=metrics(actual, expected.mean),
    )


def predictive(model: FittedModel, inputs: Inputs, periods: slice, seed: int) -> Estimate:
    """Interval of the KPI with its noise `[market, period]`; the mean is without noise."""
    return _with_noise(model.expected(inputs, periods), model, seed)


def _with_noise(expected: FloatArray, model: FittedModel, seed: int) -> Estimate:
    noise = np.random.default_rng(seed).standard_normal(expected.shape) * model.noise_sd[:, :, None]
    spread = summarise(expected + noise)
    return Estimate(np.asarray(expected.mean(axis=0)), spread.lo, spread.hi)
