"""The ridge family: saturated carry-over on a baseline, tuned by forecasting, with a bootstrap for uncertainty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.folds import rolling_folds
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel, Parameters
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.ordering import by_name
from mmm.models.resampling import blocks
from mmm.models.scaling import Scaling
from mmm.models.tuning import NOISE, Choice, Forecasts, Workbench, best_choice, near_choices

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DRAWS = {"quick": 150, "full": 300}
SWEEPS = {"quick": 3, "full": 8}
STARTS = {"quick": 1, "full": 3}
FOLDS = {"quick": 4, "full": 6}
THIN = {"quick": 8, "full": 20}
MIN_PERIODS = 8


class RidgeModel(AdditiveModel):
    """What `fit_ridge` returns: no pairwise terms, effects never negative."""

    family = "ridge"


def fit_ridge(panel: Panel, settings: FitSettings, progress: Progress = silent) -> RidgeModel:
    """Tune on rolling folds, fit on every observed period, and bootstrap blocks of residuals.

    Each draw takes decays and half-saturations that forecast about as well as the best, and refits the linear part
    to the KPI plus resampled residuals (Künsch 1989, "The jackknife and the bootstrap for general stationary
    observations"; blocks keep the periods of all markets together). What the ridge pulls towards is drawn as well,
    for otherwise the pull would look like knowledge (Bardsley et al. 2014, "Randomize-then-optimize").

    Raises:
        ModelError: too few observed periods.
    """
    if panel.observed.any(axis=0).sum() < MIN_PERIODS:
        raise ModelError(f"Ridge needs at least {MIN_PERIODS} observed periods; add history.")
    rng = np.random.default_rng(settings.seed)
    ordered, place = by_name(panel)
    bench = Workbench(ordered)
    forecasts = Forecasts(bench, rolling_folds(panel.n_periods, FOLDS[settings.effort]))
    best = _tuned(forecasts, bench.start, settings.effort, rng, progress)
    n_draws = min(settings.n_draws, DRAWS[settings.effort])
    choices = near_choices(forecasts, best, n_draws, THIN[settings.effort], rng)
    progress(0.6, "bootstrapping")
    parameters = _bootstrap(bench, best, choices, rng, progress).in_order(place)
    diagnostics = {
        "fold_rmse_share_of_kpi": forecasts.rmse(best),
        "decay": dict(zip(ordered.labels.channels, bench.decay[list(best.shape)].tolist(), strict=True)),
        "half_saturation": dict(
            zip(ordered.labels.channels, bench.half_saturation[list(best.shape)].tolist(), strict=True)
        ),
        "distinct_shapes": len(set(choices)),
        "observed_periods": int(bench.observed.sum()),
    }
    progress(1.0, "ridge fitted")
    return RidgeModel(panel.labels, Scaling.of(panel), bench.design, parameters, diagnostics)


def _tuned(forecasts: Forecasts, start: Choice, effort: str, rng: np.random.Generator, progress: Progress) -> Choice:
    """The best end of several coordinate searches, each in its own order."""
    ends = []
    for number in range(STARTS[effort]):
        ends.append(best_choice(forecasts, start, SWEEPS[effort], rng))
        progress(0.4 * (number + 1) / STARTS[effort], "tuning carry-over and saturation")
    return min(ends, key=forecasts.badness)


def _bootstrap(
    bench: Workbench, best: Choice, choices: list[Choice], rng: np.random.Generator, progress: Progress
) -> Parameters:
    rows = bench.observed
    residual = _residual(bench, best)
    n_periods = residual.shape[1]
    effects, baselines = [], []
    for number, choice in enumerate(choices):
        drawn = residual[:, blocks(n_periods, rng)].ravel()
        lost = rows & np.isnan(drawn)  # a block may carry an unobserved period onto an observed one
        drawn[lost] = rng.choice(residual.ravel()[rows], int(lost.sum()))
        penalty = bench.penalty(choice)
        centre = rng.standard_normal(len(penalty)) * NOISE[choice.noise] / np.sqrt(penalty)
        centre_baseline = rng.standard_normal(bench.columns.shape[1])
        left = (bench.kpi + drawn - bench.columns @ centre_baseline)[rows]
        effect, baseline = _fit(bench, choice, left, centre)
        effects.append(effect)
        baselines.append(baseline + centre_baseline)
        progress(0.6 + 0.4 * (number + 1) / len(choices), "bootstrapping")
    shape = np.array([choice.shape for choice in choices]).reshape(len(choices), -1)
    return Parameters(
        decay=bench.decay[shape],
        half_saturation=bench.half_saturation[shape],
        slope=np.ones(shape.shape),
        effect=np.array(effects).reshape(shape.shape),
        pair=np.zeros((len(choices), 0)),
        baseline=np.array(baselines),
        noise=np.full((len(choices), residual.shape[0]), np.sqrt(np.nanmean(residual**2))),
    )


def _residual(bench: Workbench, best: Choice) -> FloatArray:
    """Scaled residuals `[market, period]`, as large as if the fit had used up no degrees of freedom; NaN unobserved."""
    rows, n_periods = bench.observed, int(bench.period[-1]) + 1
    effect, baseline = _fit(bench, best, bench.kpi[rows])
    fitted = bench.columns @ baseline + bench.saturated(best, np.ones_like(rows)) @ effect
    degrees = bench.baseline(n_periods, best).degrees + bench.n_channels
    inflated = np.sqrt(rows.sum() / max(rows.sum() - degrees, 1.0))
    return np.where(rows, (bench.kpi - fitted) * inflated, np.nan).reshape(-1, n_periods)


def _fit(
    bench: Workbench, choice: Choice, kpi: FloatArray, centre: FloatArray | float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Effects `[channel]` and baseline coefficients `[column]` for the KPI of all observed rows."""
    n_periods = int(bench.period[-1]) + 1
    ridge, saturated = bench.baseline(n_periods, choice), bench.saturated(choice, bench.observed)
    effect = ridge.media(saturated, kpi, bench.penalty(choice), centre)
    return effect, ridge.coefficients(kpi - saturated @ effect)
