"""What was believed of each channel before the data spoke, beside what is known now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Labels
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, summarise
from mmm.models.additive import AdditiveModel
from mmm.models.base import FittedModel
from mmm.models.form import ShapeParameters
from mmm.models.posterior import Posterior
from mmm.models.prior_options import Worth
from mmm.models.priors import Priors, shape_blocks

FloatArray = NDArray[np.float64]

PRIOR_DRAWS = 4000
SEED = 0


@dataclass(frozen=True, eq=False)
class Learnt:
    """One quantity of every channel, before and after.

    Attributes:
        quantity: "half_life_days", "half_saturation" (multiples of mean drive), "slope" or "roi" (of the channel's
            main effect; the share of the KPI where it has no value in money or nothing was spent is not told).
        prior, posterior: `[channel]`; NaN where a channel has no such thing.
        narrowing: posterior over prior standard deviation `[channel]`: 1 where the data told nothing, near 0 where
            they told nearly all. Of logarithms, for the quantities are positive and skewed; of the ROI itself, whose
            logarithm says little of a channel that may be dead.
    """

    quantity: str
    prior: Estimate
    posterior: Estimate
    narrowing: FloatArray


@dataclass(frozen=True, eq=False)
class PriorsAndPosteriors:
    """Every quantity that the model's form has."""

    labels: Labels
    learnt: tuple[Learnt, ...]


def prior_against_posterior(
    model: FittedModel, panel: Panel, priors: Priors | None = None
) -> PriorsAndPosteriors | None:
    """Prior and posterior of half-life, half-saturation, slope and ROI of each channel.

    Args:
        model: as fitted on `panel`.
        panel: what it was fitted on.
        priors: those of the fit; by default as the model remembers them.

    Returns:
        None for models without such priors.
    """
    if not isinstance(model, AdditiveModel):
        return None
    if priors is None:
        if "priors" not in model.diagnostics:
            return None
        priors = Priors.from_dict(model.diagnostics["priors"])
    plain = replace(model.form, modulations=())
    posterior = Posterior(replace(panel, lift_tests=()), priors, plain)
    theta = posterior.natural(posterior.from_prior(PRIOR_DRAWS, np.random.default_rng(SEED)))
    worth, names = Worth.of(panel), panel.labels.channels
    share = np.array([worth.share_of_return[name] for name in names])
    mean_drive = np.array([worth.mean_drive[name] for name in names])
    quantities = _quantities(model, panel, mean_drive)
    before = {name: of(theta) for name, of in quantities.items()}
    after = {name: of(model.parameters) for name, of in quantities.items()}
    if np.isfinite(share).any():
        before["roi"], after["roi"] = theta.contribution / share, _returns(model, panel)
    return PriorsAndPosteriors(panel.labels, tuple(_learnt(name, before[name], after[name]) for name in before))


def _quantities(
    model: AdditiveModel, panel: Panel, mean_drive: FloatArray
) -> dict[str, Callable[[ShapeParameters], FloatArray]]:
    """How each shape quantity `[draw, channel]` follows from shape parameters."""
    form, days = model.form, panel.labels.frequency.days
    there = shape_blocks(form)

    def half_life(theta: ShapeParameters) -> FloatArray:
        return form.carry_over.half_life(theta.decay, theta.delay, form.lags) * days

    found: dict[str, Callable[[ShapeParameters], FloatArray]] = {"half_life_days": half_life}
    if "half_saturation" in there:
        found["half_saturation"] = lambda theta: theta.half_saturation / mean_drive
    if "slope" in there:
        found["slope"] = lambda theta: theta.slope
    return found


def _returns(model: AdditiveModel, panel: Panel) -> FloatArray:
    """Main effect over spend, both in money `[draw, channel]`; NaN without spend."""
    inputs = panel.inputs()
    value = np.ones((1, 1)) if inputs.value_per_kpi is None else inputs.value_per_kpi
    main = model.media_terms(inputs)
    spend = panel.spend.sum(axis=(0, 1))
    if main is None:
        return np.full((model.n_draws, len(spend)), np.nan)
    brought = np.einsum("dgtc,gt->dc", main.main, np.broadcast_to(value, panel.kpi.shape))
    return np.asarray(brought / np.where(spend > 0, spend, np.nan))


def _learnt(quantity: str, before: FloatArray, after: FloatArray) -> Learnt:
    def spread(draws: FloatArray) -> FloatArray:
        return np.asarray((draws if quantity == "roi" else np.log(np.maximum(draws, 1e-12))).std(axis=0))

    narrowing = spread(after) / np.maximum(spread(before), 1e-12)
    return Learnt(quantity, summarise(before), summarise(after), narrowing)
