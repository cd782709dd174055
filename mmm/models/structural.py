"""The structural family: carry-over, saturation and pairwise terms on a stiff baseline, with a full posterior."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.form import form_of
from mmm.models.ordering import by_name
from mmm.models.posterior import Posterior
from mmm.models.prior_options import asked_priors
from mmm.models.priors import Priors
from mmm.models.sampling import Draws, laplace_covariance, maximise, sample
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]

STARTS = {"quick": 4, "full": 10}
STEPS = {"quick": 60, "full": 300}
MANY_ROWS = 1000  # with so many observed periods the posterior is near Gaussian: half the starts, steps and draws do


class StructuralModel(AdditiveModel):
    """What `fit_structural` returns."""

    family = "structural"
    learns_from_lift_tests = True


def fit_structural(
    panel: Panel, settings: FitSettings, progress: Progress = silent, priors: Priors | None = None
) -> StructuralModel:
    """Multi-start optimum, Laplace approximation, then `settings.n_draws` chains from it.

    Args:
        panel: every observed period is used.
        settings: `effort` chooses the number of starts and of sampling steps; options are `carry_over`, `saturation`,
            `season_media` (`form_of`), `priors` and `roi` (`prior_options`).
        priors: instead of what the options say; weakly informative ones by default.

    Raises:
        ModelError: the KPI never varies, or an option cannot be used.
    """
    require_variation(panel)
    form = form_of(settings.options, panel.labels.frequency)
    rng = np.random.default_rng(settings.seed)
    ordered, place = by_name(panel)
    posterior = Posterior(ordered, priors or asked_priors(ordered, settings, form), form)
    draws, diagnostics = explore(posterior, settings, rng, progress)
    diagnostics["priors"] = posterior.priors.as_dict()
    parameters = posterior.parameters(draws.theta, rng).in_order(place)
    progress(1.0, "structural model fitted")
    return StructuralModel(panel.labels, Scaling.of(panel), posterior.design, parameters, diagnostics, form)


def require_variation(panel: Panel) -> None:
    """Refuse a panel from which nothing can be learnt.

    Raises:
        ModelError: the KPI never varies.
    """
    kpi = panel.kpi[panel.observed]
    if kpi.size == 0 or np.ptp(kpi) == 0:
        raise ModelError(f"“{panel.kpi_name}” never varies in the observed periods, so nothing can be learnt from it.")


class Explorable(Protocol):
    """A density with a place to start and a size in every direction, see `Posterior`."""

    @property
    def n_rows(self) -> int:
        """Observed market-periods."""
        ...

    @property
    def size(self) -> int:
        """Length of theta."""
        ...

    def centre(self) -> FloatArray:
        """`[size]`."""
        ...

    def spread(self) -> FloatArray:
        """`[size]`."""
        ...

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Bounds `[size]`."""
        ...

    def log_density(self, theta: FloatArray) -> FloatArray:
        """`[batch, size]` to `[batch]`."""
        ...


def explore(
    posterior: Explorable, settings: FitSettings, rng: np.random.Generator, progress: Progress = silent
) -> tuple[Draws, dict[str, Any]]:
    """Draws of theta by multi-start optimum, Laplace approximation and chains from it; and how that went."""
    share = 1.0 if posterior.n_rows < MANY_ROWS else 0.5
    centre, spread = posterior.centre(), posterior.spread()
    jitter = rng.standard_normal((round(share * STARTS[settings.effort]) - 1, posterior.size)) * spread
    starts = np.vstack([centre, centre + 0.7 * jitter])
    best = maximise(posterior.log_density, starts, box=posterior.box(), progress=lambda s, m: progress(0.4 * s, m))
    covariance = laplace_covariance(posterior.log_density, best.theta, spread)
    draws = sample(
        posterior.log_density,
        best.theta,
        covariance,
        n_draws=round(share * settings.n_draws),
        n_steps=round(share * STEPS[settings.effort]),
        rng=rng,
        progress=lambda s, m: progress(0.4 + 0.55 * s, m),
    )
    diagnostics = {
        "log_density": best.log_density,
        "starts_agreeing": best.starts_agreeing,
        "acceptance": draws.acceptance,
        "worst_shift": draws.worst_shift,
        "r_hat": draws.r_hat,
        "effective_draws": draws.effective,
        "observed_periods": posterior.n_rows,
    }
    return draws, diagnostics
