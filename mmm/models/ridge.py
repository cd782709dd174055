"""The ridge family: saturated carry-over on a baseline, tuned by forecasting, with a bootstrap for uncertainty."""

from __future__ import annotations

from mmm.data.panel import Panel
from mmm.models.additive import AdditiveModel
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.saturated import fit_tuned
from mmm.models.scaling import Scaling
from mmm.models.tuning import Workbench


class RidgeModel(AdditiveModel):
    """What `fit_ridge` returns: no pairwise terms, effects never negative."""

    family = "ridge"


def fit_ridge(panel: Panel, settings: FitSettings, progress: Progress = silent) -> RidgeModel:
    """Effects pulled towards zero quadratically; tuned, bootstrapped and set up by `fit_tuned`.

    Raises:
        ModelError: too few observed periods, or an option that cannot be used.
    """
    found = fit_tuned(panel, settings, Workbench, "Ridge", progress)
    progress(1.0, "ridge fitted")
    return RidgeModel(
        panel.labels, Scaling.of(panel), found.bench.design, found.parameters, found.diagnostics, found.bench.form
    )
