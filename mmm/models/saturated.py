"""What the families with tuned carry-over and saturation share: tune by forecasting, then bootstrap.

Ridge, lasso, log-linear and pairwise differ in their `Workbench`: on which scale effects add up, what holds them back,
and whether pairs of channels have a term of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.folds import rolling_folds
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import Parameters
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.options import Setting
from mmm.models.ordering import by_name
from mmm.models.resampling import blocks
from mmm.models.tuning import Choice, Coefficients, Forecasts, Workbench, best_choice, near_choices

FloatArray = NDArray[np.float64]

DRAWS = {"quick": 150, "full": 300}
SWEEPS = {"quick": 3, "full": 8}
STARTS = {"quick": 1, "full": 3}
FOLDS = {"quick": 4, "full": 6}
THIN = {"quick": 8, "full": 20}
MIN_PERIODS = 8
SPACE = (Setting("slope", (1.0, 1.5, 2.0)),)  # decay, half-saturation and penalties are tuned in every fit


@dataclass(frozen=True, eq=False)
class Tuned:
    """A tuned and bootstrapped fit.

    Attributes:
        bench: what it was fitted on; channels sorted by name.
        best: the choice that forecasts best; central: the linear part there.
        residual: on the linked scale `[market, period]`, as large as if the fit had used up no degrees of freedom; NaN
            where nothing was observed.
        parameters: draws, channels in the order of the panel.
        diagnostics: JSON-able facts that all these families tell.
    """

    bench: Workbench
    best: Choice
    central: Coefficients
    residual: FloatArray
    parameters: Parameters
    diagnostics: dict[str, object]


def fit_tuned(
    panel: Panel, settings: FitSettings, kind: type[Workbench], title: str, progress: Progress = silent
) -> Tuned:
    """Tune on rolling folds, fit on every observed period, and bootstrap blocks of residuals.

    Each draw takes decays and half-saturations that forecast about as well as the best, and refits the linear part
    to the KPI plus resampled residuals (Künsch 1989, "The jackknife and the bootstrap for general stationary
    observations"; blocks keep the periods of all markets together). What the fit is pulled towards is drawn as well,
    for otherwise the pull would look like knowledge (Bardsley et al. 2014, "Randomize-then-optimize").

    Options:
        carry_over, saturation: their shapes (`form_of`); a delay is the shape's usual one.
        slope: slope of every channel's saturation (1 by default; above 1 is S-shaped).
        decay, half_saturation: by channel, the share carried from week to week and the half-saturation in multiples
            of the usual level; held at the nearest point of the grid where given.

    Raises:
        ModelError: too few observed periods, or an option that cannot be used.
    """
    if panel.observed.any(axis=0).sum() < MIN_PERIODS:
        raise ModelError(f"{title} needs at least {MIN_PERIODS} observed periods; add history.")
    rng = np.random.default_rng(settings.seed)
    ordered, place = by_name(panel)
    bench = kind(ordered, settings.options)
    forecasts = Forecasts(bench, rolling_folds(panel.n_periods, FOLDS[settings.effort]))
    best = _tuned(forecasts, bench.start, settings.effort, rng, progress)
    n_draws = min(settings.n_draws, DRAWS[settings.effort])
    choices = near_choices(forecasts, best, n_draws, THIN[settings.effort], rng)
    progress(0.6, "bootstrapping")
    central = bench.fit(best, bench.kpi[bench.observed])
    residual = _residual(bench, best, central)
    parameters = _bootstrap(bench, residual, choices, rng, progress).in_order(place)
    names = ordered.labels.channels
    diagnostics: dict[str, object] = {
        "fold_rmse_share_of_kpi": forecasts.rmse(best),
        "decay": dict(zip(names, bench.decay[list(best.shape)].tolist(), strict=True)),
        "half_saturation": dict(zip(names, bench.half_saturation[list(best.shape)].tolist(), strict=True)),
        "distinct_shapes": len(set(choices)),
        "observed_periods": int(bench.observed.sum()),
    }
    return Tuned(bench, best, central, residual, parameters, diagnostics)


def _tuned(forecasts: Forecasts, start: Choice, effort: str, rng: np.random.Generator, progress: Progress) -> Choice:
    """The best end of several coordinate searches, each in its own order."""
    ends = []
    for number in range(STARTS[effort]):
        ends.append(best_choice(forecasts, start, SWEEPS[effort], rng))
        progress(0.4 * (number + 1) / STARTS[effort], "tuning carry-over and saturation")
    return min(ends, key=forecasts.badness)


def _bootstrap(
    bench: Workbench, residual: FloatArray, choices: list[Choice], rng: np.random.Generator, progress: Progress
) -> Parameters:
    rows = bench.observed
    found = []
    for number, choice in enumerate(choices):
        drawn = residual[:, blocks(residual.shape[1], rng)].ravel()
        lost = rows & np.isnan(drawn)  # a block may carry an unobserved period onto an observed one
        drawn[lost] = rng.choice(residual.ravel()[rows], int(lost.sum()))
        pull = bench.pull(choice, rng)
        centre = rng.standard_normal(bench.columns.shape[1])
        fit = bench.fit(choice, (bench.kpi + drawn - bench.columns @ centre)[rows], pull)
        found.append((fit.effect, fit.pair, fit.baseline + centre))
        progress(0.6 + 0.4 * (number + 1) / len(choices), "bootstrapping")
    shape = np.array([choice.shape for choice in choices]).reshape(len(choices), -1)
    effect, pair, baseline = (np.array(side) for side in zip(*found, strict=True))
    return Parameters(
        decay=bench.decay[shape],
        half_saturation=bench.half_saturation[shape],
        slope=np.full(shape.shape, bench.slope),
        effect=effect.reshape(shape.shape),
        pair=pair.reshape(len(choices), -1),
        baseline=baseline,
        delay=np.full(shape.shape, bench.delay),
        noise=np.full((len(choices), residual.shape[0]), np.sqrt(np.nanmean(residual**2))),
    )


def _residual(bench: Workbench, best: Choice, central: Coefficients) -> FloatArray:
    rows, n_periods = bench.observed, int(bench.period[-1]) + 1
    fitted = bench.predicted(best, central)
    degrees = bench.baseline(best).degrees + bench.n_channels
    inflated = np.sqrt(rows.sum() / max(rows.sum() - degrees, 1.0))
    return np.where(rows, (bench.kpi - fitted) * inflated, np.nan).reshape(-1, n_periods)
