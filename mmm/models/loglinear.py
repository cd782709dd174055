"""The log-linear family: effects multiply, each channel raising the KPI by a share of what it would have been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel, Parameters
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.design import INTERCEPT_SD
from mmm.models.saturated import Tuned, fit_tuned
from mmm.models.scaling import Scaling
from mmm.models.tuning import Workbench

FloatArray = NDArray[np.float64]

HIGHEST_LOG = 50.0  # far beyond any KPI; keeps the answers to absurd questions finite


class LogLinearModel(AdditiveModel):
    """log KPI = baseline + sum effect_c * s_c, with s the saturated carry-over; answers are on the KPI's own scale.

    They are means, not medians: the intercepts hold the smearing factor (`smeared`). Effects multiply, so there is no
    split of the media effect into terms that add up.
    """

    family = "loglinear"

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        kpi = self.scaling.kpi[:, None]
        logs = super()._expected(inputs, periods) / kpi
        return np.asarray(np.exp(np.minimum(logs, HIGHEST_LOG)) * kpi)

    def _media_terms(self, inputs: Inputs, periods: slice) -> None:  # type: ignore[override]  # noqa: ARG002
        return None


class LogWorkbench(Workbench):
    """Ridge on the scale of logarithms; effects are shares of the KPI there as well, so the pulls mean the same."""

    def linked(self, kpi: FloatArray) -> FloatArray:
        """Logarithm of the KPI in scaled units."""
        return np.log(kpi)


def fit_loglinear(panel: Panel, settings: FitSettings, progress: Progress = silent) -> LogLinearModel:
    """Ridge on log KPI; tuned, bootstrapped and set up by `fit_tuned`, then brought back to the KPI's scale.

    Raises:
        ModelError: an observed KPI is not above zero, too few observed periods, or an option that cannot be used.
    """
    lowest = float(panel.kpi[panel.observed].min(initial=np.inf))
    if lowest <= 0:
        raise ModelError(
            f"The log-linear model needs “{panel.kpi_name}” to be above zero in every period, and it falls to "
            f"{lowest:g}. Mark such periods as not observed, or choose another family."
        )
    found = fit_tuned(panel, settings, LogWorkbench, "The log-linear model", progress)
    progress(1.0, "log-linear model fitted")
    return LogLinearModel(
        panel.labels, Scaling.of(panel), found.bench.design, smeared(found), found.diagnostics, found.bench.form
    )


def smeared(found: Tuned) -> Parameters:
    """Draws whose exponential is the mean of the KPI: intercepts raised by the log of the mean exponential residual.

    The noise becomes that of the KPI around a level of one: the spread of the same residuals after the exponential.

    Source:
        Duan (1983), "Smearing estimate: a nonparametric retransformation method", J. American Statistical Assoc. 78.
    """
    factors = np.exp(found.residual[np.isfinite(found.residual)])
    baseline = found.parameters.baseline.copy()
    intercepts = 2 * np.arange(found.residual.shape[0])  # `Design.matrix`: intercept and trend of each market
    baseline[:, intercepts] += np.log(factors.mean()) / INTERCEPT_SD
    noise = np.full_like(found.parameters.noise, factors.std() / factors.mean())
    return replace(found.parameters, baseline=baseline, noise=noise)
