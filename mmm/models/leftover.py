"""What a structure leaves over: the base that learners stand on, what they look at, and when they are worth it.

Trees and networks forecast badly by themselves on weekly data; they learn what a structural model leaves over. Most
of a structure's forecast error comes from its baseline carried forward, so the baseline is learnt anew for them,
stiffer: trends are damped (Gardner & McKenzie 1985, "Forecasting trends in time series") and seasons are smooth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.folds import Fold, rolling_folds
from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.models.additive import AdditiveModel
from mmm.models.base import FitSettings
from mmm.models.form import ShapeDraws
from mmm.models.ordering import by_name
from mmm.models.structural import StructuralModel, fit_structural

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

DRAWS = 50  # more cost time in every question and change intervals little
STIFFER = {
    "trend": 0.3,
    "season 1": 0.7,
    "season 2": 0.3,
    "season 3": 0.05,
    "drift": 1.2,
}  # x the structure's prior deviations
FOLDS = {"quick": 3, "full": 5}
TEST_SHARE = 0.12  # of history in each test

Learn = Callable[[FloatArray, BoolArray], FloatArray]
"""What is left over and where it may be learnt from `[market, period]` -> what is said `[step, market, period]`."""


def structure_of(panel: Panel, settings: FitSettings, base: StructuralModel | None = None) -> StructuralModel:
    """The structure that learners stand on, with channels sorted by name and the stiffer baseline.

    Args:
        panel: the whole history.
        settings: of the structural fit, where there is one.
        base: a structural model already fitted on `panel`; None fits one.
    """
    ordered, place = by_name(panel)
    if base is None:
        base = fit_structural(ordered, settings)
    elif base.labels != ordered.labels:
        order = np.argsort(place)
        scaling = replace(
            base.scaling,
            drive=base.scaling.drive[:, order],
            opening=base.scaling.opening[:, order],
            spend_share=base.scaling.spend_share[order],
        )
        base = StructuralModel(
            ordered.labels, scaling, base.design, base.parameters.in_order(order), base.diagnostics, base.form
        )
    return stiffened(base.thinned(DRAWS), ordered, panel.observed, np.random.default_rng(settings.seed))


def stiffened(model: StructuralModel, panel: Panel, rows: BoolArray, rng: np.random.Generator) -> StructuralModel:
    """The same media draw by draw, with the baseline drawn anew under `STIFFER` priors from what media leave.

    Args:
        model: of channels in the order of `panel`.
        rows: market-periods to learn from `[market, period]`.
    """
    everything = slice(0, panel.n_periods)
    unit = np.array([STIFFER.get(kind, 1.0) for kind in model.design.kinds])
    columns = (model.design.matrix(panel.inputs(), everything) * unit)[rows]
    terms = model.media_terms(panel.inputs())
    assert terms is not None  # noqa: S101 - an additive family has them
    media = terms.main.sum(axis=3) + sum(terms.pairs.values(), np.zeros(terms.main.shape[:3]))
    left = (np.where(rows, panel.kpi, 0.0) - media) / model.scaling.kpi[:, None]
    gram, noise = columns.T @ columns, model.parameters.noise
    z = rng.standard_normal((model.n_draws, len(unit)))
    z -= z.mean(axis=0)  # so that the mean of few draws is the posterior mean
    baseline = np.empty_like(z)
    for draw, (mine, deviation) in enumerate(zip(left, noise[:, 0], strict=True)):
        factor = np.linalg.cholesky(gram / deviation**2 + np.eye(len(unit)))
        mean = np.linalg.solve(factor.T, np.linalg.solve(factor, columns.T @ mine[rows] / deviation**2))
        baseline[draw] = unit * (mean + np.linalg.solve(factor.T, z[draw]))
    parameters = replace(model.parameters, baseline=baseline)
    return StructuralModel(model.labels, model.scaling, model.design, parameters, model.diagnostics, model.form)


class Features:
    """What learners look at: saturated carry-over at the structure's central parameters, spend, season, controls.

    A class because the central parameters are worked out once for every question. `Inputs` have their channels in
    the structure's order.
    """

    def __init__(self, base: AdditiveModel) -> None:
        self._base = base
        kinds = base.design.kinds
        self._centre = ShapeDraws.median(base.parameters)
        controls = iter(base.labels.controls[i] for i in base.design.control_index)
        holidays = iter(base.design.holidays)
        self._recurring = [i for i, kind in enumerate(kinds) if kind not in ("level", "trend", "drift")]
        special = {"control": controls, "holiday": holidays}
        self.context_names = tuple(
            next(special[kinds[i]]) if kinds[i] in special else f"{kinds[i]} {i}" for i in self._recurring
        )

    def media(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Saturated carry-over `[market, period, channel]`, between 0 and 1."""
        base = self._base
        drive = inputs.drive[:, : periods.stop] / base.scaling.drive[:, None, :]
        level = base.form.level(drive, self._centre, base.scaling.opening)[:, :, periods.start :]
        return np.asarray(base.form.saturated(level, self._centre)[0])

    def spend(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Log of one plus the scaled drive of each period by itself `[market, period, channel]`."""
        return np.asarray(np.log1p(inputs.drive[:, periods] / self._base.scaling.drive[:, None, :]))

    def context(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Season, weekday, holidays and controls, in prior deviations `[market, period, column]`."""
        return np.asarray(self._base.design.matrix(inputs, periods)[:, :, self._recurring])


def left_over(panel: Panel, base: StructuralModel) -> FloatArray:
    """What the structure's mean leaves unexplained `[market, period]`, scaled units; zero where not observed."""
    expected = base.expected(panel.inputs()).mean(axis=0)
    return np.where(panel.observed, (panel.kpi - expected) / base.scaling.kpi[:, None], 0.0)


def forecast_errors(panel: Panel, base: StructuralModel, settings: FitSettings, learn: Learn) -> FloatArray:
    """Squared errors of forecasts of later periods from earlier ones after 0, 1, 2, ... steps `[step, row]`.

    The structure's media are kept and its baseline is learnt anew in every fold. `panel` is in the order of `base`.
    """
    length = max(1, round(TEST_SHARE * panel.n_periods))
    folds = rolling_folds(panel.n_periods, FOLDS[settings.effort], length)
    return np.concatenate([_fold_errors(panel, base, fold, settings, learn) for fold in folds], axis=1)


def _fold_errors(panel: Panel, base: StructuralModel, fold: Fold, settings: FitSettings, learn: Learn) -> FloatArray:
    seen = panel.observed.copy()
    seen[:, fold.train.stop :] = False
    left = left_over(panel, stiffened(base, panel, seen, np.random.default_rng(settings.seed)))
    said = learn(np.where(seen, left, 0.0), seen)
    asked = panel.observed[:, fold.test]
    actual = left[:, fold.test][asked]
    return np.asarray((actual - np.concatenate([np.zeros_like(said[:1]), said])[:, :, fold.test][:, asked]) ** 2)


def steps_worth(squared: FloatArray) -> int:
    """Fewest steps whose squared errors `[step, row]` are within one standard error of the best number's.

    The standard error is of the paired difference (Breiman et al. 1984, "Classification and regression trees", 3.4.3).
    """
    if squared.shape[1] == 0:
        return 0
    best = int(np.argmin(squared.sum(axis=1)))
    worse = squared[: best + 1] - squared[best]
    error = worse.std(axis=1) / np.sqrt(worse.shape[1])
    return int(np.flatnonzero(worse.mean(axis=1) <= error)[0])


def gain(squared: FloatArray, steps: int) -> float:
    """By how much `steps` lower the forecasts' RMSE, as a share of it without them."""
    before, after = squared[0].sum(), squared[steps].sum()
    return float(1.0 - np.sqrt(after / before)) if before > 0 else 0.0


class Sorter:
    """Puts inputs into the order of the structure's channels; a class because the order is worked out once."""

    def __init__(self, given: Labels, sorted_labels: Labels) -> None:
        self._labels = sorted_labels
        self._order = np.array([given.channel(name) for name in sorted_labels.channels], dtype=np.int64)

    def __call__(self, inputs: Inputs) -> Inputs:
        """The same inputs with sorted channels."""
        return replace(
            inputs,
            labels=self._labels,
            spend=inputs.spend[:, :, self._order],
            exposure=None if inputs.exposure is None else inputs.exposure[:, :, self._order],
        )
