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


def observed_kpi(panel: Panel) -> FloatArray:
    """KPI `[market, period]` with NaN where it was not observed."""
    return np.where(panel.observed, panel.kpi, np.nan)


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
    n = hold_out_periods(panel.n_periods) if periods is None else periods
    first = panel.n_periods - n
    if n < 1 or first < MIN_TRAINING_PERIODS:
        raise DataError(
            f"Keeping {n} of {panel.n_periods} periods back leaves {max(first, 0)} to learn from; "
            f"at least {MIN_TRAINING_PERIODS} are needed. Keep fewer back, or add history."
        )
    seen = panel.take(slice(0, first))
    ahead = panel.inputs()
    where = slice(first, panel.n_periods)
    actual = observed_kpi(panel)[:, first:]
    predicted = predictive(fit(seen, settings, progress), ahead, where, settings.seed)
    plain = fit_linear(seen, settings).expected(ahead, where).mean(axis=0)
    inside = (actual >= predicted.lo) & (actual <= predicted.hi)
    return HoldOut(
        periods=panel.periods[where],
        actual=actual,
        predicted=predicted,
        model=metrics(actual, predicted.mean),
        yardstick=metrics(actual, plain),
        coverage=float(inside[np.isfinite(actual)].mean()),
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
