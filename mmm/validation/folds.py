"""Rolling origin: how well a family forecasts from several points in time, not from the last one alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.data.folds import Fold, rolling_folds
from mmm.data.panel import Panel
from mmm.models.base import Fit, FitSettings, Progress, silent
from mmm.validation.holdout import HoldOut, hold_out


@dataclass(frozen=True, eq=False)
class RollingOrigin:
    """Forecasts from several origins.

    Attributes:
        folds: what was learnt from and what was forecast.
        forecasts: one for each fold, each with the yardstick's errors beside the model's.
    """

    folds: tuple[Fold, ...]
    forecasts: tuple[HoldOut, ...]

    @property
    def rmse(self) -> float:
        """Root mean squared error over all folds, KPI units per market and period."""
        return float(np.sqrt(np.mean([forecast.model.rmse**2 for forecast in self.forecasts])))

    @property
    def yardstick_rmse(self) -> float:
        """The same for a plain regression on spend and lagged spend."""
        return float(np.sqrt(np.mean([forecast.yardstick.rmse**2 for forecast in self.forecasts])))


def rolling_origin(
    panel: Panel,
    fit: Fit,
    settings: FitSettings,
    *,
    n_folds: int = 3,
    horizon: int | None = None,
    progress: Progress = silent,
) -> RollingOrigin:
    """Fit before each cut, forecast after it.

    Args:
        panel: the whole history.
        fit: the family.
        settings: seed and effort.
        n_folds: how many cuts at most.
        horizon: periods of each forecast; None lets the forecasts cover the later half of history.
        progress: told how far all fits together are.

    Raises:
        DataError: history is too short, or none of a fold's forecast periods was observed.
    """
    folds = rolling_folds(panel.n_periods, n_folds, horizon)
    forecasts = []
    for number, fold in enumerate(folds):

        def within(share: float, message: str, number: int = number) -> None:
            progress((number + share) / len(folds), message)

        length = fold.test.stop - fold.test.start
        forecasts.append(hold_out(panel.take(slice(0, fold.test.stop)), fit, settings, length, progress=within))
    return RollingOrigin(folds, tuple(forecasts))
