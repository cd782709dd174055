"""How far a forecast was from what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.errors import DataError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Errors of a forecast.

    Attributes:
        rmse, mae: KPI units per market and period.
        mape: mean absolute error as a share of the actual; None where an actual is zero.
        r2: share of the actual's variance explained, below 0 when worse than its mean; None when it never varies.
    """

    rmse: float
    mae: float
    mape: float | None
    r2: float | None

    def as_dict(self) -> dict[str, float | None]:
        """JSON-able."""
        return {"rmse": self.rmse, "mae": self.mae, "mape": self.mape, "r2": self.r2}


def metrics(actual: FloatArray, predicted: FloatArray) -> Metrics:
    """Errors over every entry whose actual is known (NaN entries are left out).

    Raises:
        DataError: no actual is known.
    """
    known = np.isfinite(actual)
    if not known.any():
        raise DataError("None of these periods was observed, so no forecast error can be measured.")
    truth, guess = actual[known], predicted[known]
    error = guess - truth
    variance = float(((truth - truth.mean()) ** 2).mean())
    return Metrics(
        rmse=float(np.sqrt((error**2).mean())),
        mae=float(np.abs(error).mean()),
        mape=float(np.abs(error / truth).mean()) if (truth != 0).all() else None,
        r2=1.0 - float((error**2).mean()) / variance if variance > 0 else None,
    )
