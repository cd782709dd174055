"""The yardstick: an ordinary regression on spend and its lags, which a model of advertising has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.models.additive import labels_from_meta, labels_meta
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.design import Design
from mmm.models.ordering import IntArray, by_name
from mmm.models.scaling import Scaling
from mmm.models.state import ModelState

FloatArray = NDArray[np.float64]

STATE_VERSION = 1
LAGS = 3  # periods of earlier spend beside this period's own
HARMONICS = 2  # of the year: a yardstick is kept plain


class LinearModel(FittedModel):
    """KPI = intercept + trend + season + controls + sum over channels and lags 0..3 of coefficient * spend.

    Coefficients may be negative and effects never saturate, so it forecasts but does not plan: its plans would be worth
    19 and 46 % of the best on the worlds of docs/benchmarks.md, and lose a fifth of it where they are wrong.
    """

    family: ClassVar[str] = "linear"
    supports_planning: ClassVar[bool] = False
    monotone_in_media: ClassVar[bool] = False

    def __init__(
        self,
        labels: Labels,
        scaling: Scaling,
        design: Design,
        coefficients: FloatArray,
        noise: FloatArray,
        diagnostics: Mapping[str, Any],
    ) -> None:
        """`coefficients [draw, column]` and `noise [draw, market]` are in scaled units."""
        self.labels = labels
        self.scaling = scaling
        self.design = design
        self.coefficients = coefficients
        self.noise = noise
        self.noise_sd = noise * scaling.kpi
        self.diagnostics = dict(diagnostics)

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        columns = regression_columns(self.design, self.scaling, inputs, periods)
        scaled = np.einsum("gpk,dk->dgp", columns, self.coefficients, optimize=True)
        return np.asarray(scaled * self.scaling.kpi[:, None])

    def state(self) -> ModelState:
        """Everything as arrays and JSON."""
        arrays = {"coefficients": self.coefficients, "noise": self.noise}
        arrays |= {f"scaling.{name}": value for name, value in vars(self.scaling).items()}
        meta = {"labels": labels_meta(self.labels), "design": self.design.meta(), "diagnostics": self.diagnostics}
        return ModelState(family=self.family, version=STATE_VERSION, meta=meta, arrays=arrays)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the model; its answers are identical to the last digit."""
        state.require(cls.family, STATE_VERSION)
        scaling = {name.removeprefix("scaling."): a for name, a in state.arrays.items() if name.startswith("scaling.")}
        return cls(
            labels=labels_from_meta(state.meta["labels"]),
            scaling=Scaling(**scaling),
            design=Design.from_meta(state.meta["design"]),
            coefficients=state.arrays["coefficients"],
            noise=state.arrays["noise"],
            diagnostics=state.meta["diagnostics"],
        )


def fit_linear(panel: Panel, settings: FitSettings, progress: Progress = silent) -> LinearModel:
    """Ordinary least squares on every observed period; the smallest solution where columns cannot be told apart.

    Draws are from the coefficients' sampling distribution, in mirrored pairs, so that their mean is the regression.
    """
    ordered, place = by_name(panel)
    scaling = Scaling.of(ordered)
    design = _plain_design(panel)
    columns = regression_columns(design, scaling, ordered.inputs(), slice(0, panel.n_periods))
    rows = np.flatnonzero(panel.observed.ravel())
    matrix = columns.reshape(-1, columns.shape[-1])[rows]
    kpi = (np.where(panel.observed, panel.kpi, 0.0) / scaling.kpi[:, None]).ravel()[rows]
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    kept = singular > 1e-8 * np.max(singular, initial=0.0)
    loading = right[kept].T / singular[kept]
    estimate = loading @ (left[:, kept].T @ kpi)
    residual = kpi - matrix @ estimate
    variance = float(residual @ residual) / max(len(rows) - int(kept.sum()), 1)
    z = _mirrored(np.random.default_rng(settings.seed), settings.n_draws, loading.shape[1])
    coefficients = (estimate + np.sqrt(variance) * z @ loading.T)[:, _columns_in_order(columns.shape[-1], place)]
    noise = np.full((settings.n_draws, len(scaling.kpi)), np.sqrt(variance))
    diagnostics = {"observed_periods": len(rows), "columns": matrix.shape[1], "rank": int(kept.sum())}
    progress(1.0, "regression fitted")
    return LinearModel(panel.labels, Scaling.of(panel), design, coefficients, noise, diagnostics)


def regression_columns(design: Design, scaling: Scaling, inputs: Inputs, periods: slice) -> FloatArray:
    """Baseline, then spend of this period and of each lag: `[market, period, column]`.

    Spend before the first period is taken to have been as in the first ones (`Scaling.opening`).
    """
    drive = inputs.drive[:, : periods.stop] / scaling.drive[:, None, :]
    before = np.repeat(scaling.opening[:, None, :], LAGS, axis=1)
    padded = np.concatenate([before, drive], axis=1)
    lagged = [padded[:, LAGS - lag + periods.start : LAGS - lag + periods.stop] for lag in range(LAGS + 1)]
    return np.concatenate([design.matrix(inputs, periods), *lagged], axis=2)


def _plain_design(panel: Panel) -> Design:
    """Intercept and straight trend of each market, season, weekday and controls: no drift, no holidays."""
    design = Design.of(panel)
    return replace(
        design,
        knots=design.knots[:1],
        holidays=(),
        country=None,
        countries=None,
        harmonics=min(HARMONICS, design.harmonics),
    )


def _columns_in_order(n_columns: int, place: IntArray) -> IntArray:
    """Where each of the model's columns stood while channels were sorted by name; `place` as of `by_name`."""
    c = len(place)
    first = n_columns - (LAGS + 1) * c
    lagged = [first + lag * c + place for lag in range(LAGS + 1)]
    return np.concatenate([np.arange(first), *lagged])


def _mirrored(rng: np.random.Generator, n_draws: int, size: int) -> FloatArray:
    """Standard normal draws `[draw, size]` in pairs z, -z; the odd one out is zero."""
    half = rng.standard_normal((n_draws // 2, size))
    return np.concatenate([half, -half, np.zeros((n_draws % 2, size))])
