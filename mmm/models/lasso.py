"""The lasso family: as ridge, but effects are pulled by their size, so that a channel can be dropped altogether."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.models.additive import AdditiveModel
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.saturated import fit_tuned
from mmm.models.scaling import Scaling
from mmm.models.tuning import NOISE, TINY, Choice, Pull, Workbench

FloatArray = NDArray[np.float64]


class LassoModel(AdditiveModel):
    """What `fit_lasso` returns: no pairwise terms, effects never negative, some of them zero."""

    family = "lasso"


class LassoWorkbench(Workbench):
    """A pull of constant strength towards zero: the best fit under effects that are exponential, with mean `reach`."""

    def pull(self, choice: Choice, rng: np.random.Generator | None = None) -> Pull:
        """What holds effects back; given `rng`, its strength is drawn as the weighted bootstrap of the lasso draws it.

        Source:
            Tibshirani (1996), "Regression shrinkage and selection via the lasso"; Newton, Polson & Xu (2021),
            "Weighted Bayesian bootstrap for scalable posterior distributions", section 3.
        """
        reach = self.reach(choice)
        weight = np.ones_like(reach) if rng is None else rng.exponential(size=len(reach))
        linear = weight * NOISE[choice.noise] ** 2 / reach
        return Pull(np.full_like(reach, TINY), linear, np.zeros_like(reach))


def fit_lasso(panel: Panel, settings: FitSettings, progress: Progress = silent) -> LassoModel:
    """Effects pulled towards zero by their size; tuned, bootstrapped and set up by `fit_tuned`.

    Raises:
        ModelError: too few observed periods, or an option that cannot be used.
    """
    found = fit_tuned(panel, settings, LassoWorkbench, "Lasso", progress)
    names = sorted(panel.labels.channels)
    dropped = [name for name, effect in zip(names, found.central.effect, strict=True) if effect == 0.0]
    progress(1.0, "lasso fitted")
    diagnostics = {**found.diagnostics, "dropped": dropped}
    return LassoModel(
        panel.labels, Scaling.of(panel), found.bench.design, found.parameters, diagnostics, found.bench.form
    )
