"""The time-varying family: the structural model whose channel effects drift, on a somewhat freer baseline.

A channel's effect is its average over history times 1 + a random walk with quarterly knots. Given everything else the
walk is linear with Gaussian steps, so it is integrated out with the baseline. After the last knot an effect stays
where it was on average, while each draw walks on for a year: forecasts widen, their middle does not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.design import KNOT_SPACING_YEARS, Design, ramps
from mmm.models.form import MODULATIONS, ReadModulation, form_of
from mmm.models.ordering import by_name
from mmm.models.posterior import Posterior
from mmm.models.prior_options import asked_priors
from mmm.models.priors import Priors
from mmm.models.scaling import Scaling
from mmm.models.structural import explore, require_variation
from mmm.transforms.calendar import years_since

FloatArray = NDArray[np.float64]

EFFECT_DRIFT = "effect_drift"  # option: standard deviation of an effect's walk over one year, share of the effect
DEFAULT_EFFECT_DRIFT = 0.2
LARGEST_EFFECT_DRIFT = 1.0
BASELINE_DRIFT_SD_PER_YEAR = 0.03  # the structural baseline has 0.02
KEPT_VARIANCE = 0.9  # of the walk; what is left out wiggles within a quarter or two, which no weekly data can show
STEPS_AHEAD = 4  # quarters over which the effects of a draw walk on after history


@dataclass(frozen=True, eq=False)
class Drift:
    """A random walk of every channel's effect, as a modulation.

    Attributes:
        origin: the day from which `knots` are counted.
        knots: years at which an effect may bend.
        directions: combinations of the walk's steps that are kept `[column, step]`, orthonormal.
        sd_per_year: standard deviation of the walk over one year, share of the effect.
    """

    kind: ClassVar[str] = "drift"

    origin: np.datetime64
    knots: FloatArray
    directions: FloatArray
    sd_per_year: float

    @classmethod
    def of(cls, design: Design, sd_per_year: float) -> Drift:
        """The walk on the knots of a baseline, kept to the directions that hold `KEPT_VARIANCE` of it."""
        _, size, directions = np.linalg.svd(walk(design.knots, design.knots), full_matrices=False)
        held = np.cumsum(size**2) / (size**2).sum()
        kept = directions[: int(np.searchsorted(held, KEPT_VARIANCE)) + 1]
        return cls(design.origin, design.knots, kept, sd_per_year)

    @property
    def sd(self) -> FloatArray:
        """Steps are alike."""
        return np.full(len(self.directions) + STEPS_AHEAD, self.sd_per_year)

    def columns(self, inputs: Inputs, periods: slice) -> FloatArray:
        """Directions of the walk in history, then the steps after it `[1, period, column]`."""
        return self.at(years_since(inputs.periods[periods], self.origin))[None]

    def at(self, years: FloatArray) -> FloatArray:
        """The columns at some times `[time, column]`."""
        ahead = self.knots[-1] + KNOT_SPACING_YEARS * np.arange(STEPS_AHEAD + 1)
        later = ramps(years, ahead) * KNOT_SPACING_YEARS**0.5
        return np.concatenate([walk(years, self.knots) @ self.directions.T, later], axis=1)

    def meta(self) -> dict[str, Any]:
        """JSON-able recipe."""
        return {
            "origin": str(self.origin),
            "knots": self.knots.tolist(),
            "directions": self.directions.tolist(),
            "sd_per_year": self.sd_per_year,
        }

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> Self:
        """The walk that `meta` described."""
        return cls(
            origin=np.datetime64(meta["origin"], "D"),
            knots=np.array(meta["knots"], dtype=np.float64),
            directions=np.array(meta["directions"], dtype=np.float64),
            sd_per_year=float(meta["sd_per_year"]),
        )


def walk(years: FloatArray, knots: FloatArray) -> FloatArray:
    """Columns of a random walk with a standard deviation of 1 over one year `[period, step]`.

    Centred, so that the walk is zero on average from the first to the last knot; flat after the last one.
    """
    width = np.diff(knots)
    mean = (knots[-1] - knots[1:] + width / 2) / (knots[-1] - knots[0])
    return np.asarray((ramps(years, knots) - mean) * np.sqrt(width))


class VaryingModel(AdditiveModel):
    """What `fit_varying` returns."""

    family = "varying"
    learns_from_lift_tests = True
    modulation_kinds: ClassVar[Mapping[str, ReadModulation]] = {**MODULATIONS, Drift.kind: Drift.from_meta}


def fit_varying(
    panel: Panel, settings: FitSettings, progress: Progress = silent, priors: Priors | None = None
) -> VaryingModel:
    """As `fit_structural`, with effects that drift.

    Args:
        panel: every observed period is used.
        settings: the option `effect_drift` says how far an effect may drift in a year, as a share of it; other
            options as in `fit_structural`.
        priors: weakly informative ones by default.

    Raises:
        ModelError: the KPI never varies, or an option cannot be used.
    """
    require_variation(panel)
    ordered, place = by_name(panel)
    design = Design.of(ordered, BASELINE_DRIFT_SD_PER_YEAR)
    drift = Drift.of(design, _drift_option(settings))
    wanted = form_of(settings.options, panel.labels.frequency)
    form = replace(wanted, modulations=(drift, *wanted.modulations))
    rng = np.random.default_rng(settings.seed)
    posterior = Posterior(ordered, priors or asked_priors(ordered, settings, form), form, design)
    draws, diagnostics = explore(posterior, settings, rng, progress)
    parameters = posterior.parameters(draws.theta, rng).in_order(place)
    diagnostics["priors"] = posterior.priors.as_dict()
    diagnostics[EFFECT_DRIFT] = drift.sd_per_year
    progress(1.0, "time-varying model fitted")
    return VaryingModel(panel.labels, Scaling.of(panel), design, parameters, diagnostics, form)


def _drift_option(settings: FitSettings) -> float:
    value = settings.options.get(EFFECT_DRIFT, DEFAULT_EFFECT_DRIFT)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LARGEST_EFFECT_DRIFT
    if not usable:
        raise ModelError(
            f"The option {EFFECT_DRIFT} is {value!r}; it must be a number above 0 and at most "
            f"{LARGEST_EFFECT_DRIFT:g}, the share of an effect that may drift in a year."
        )
    return float(value)
