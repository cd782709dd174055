"""Worlds that look like one data set and whose truth is known: its own spend, controls and gaps under drawn laws.

A truth is one draw of a model, so that `expected` answers everything that is asked of it. Draws come from the prior and
from every family's fit; in some worlds an unobserved demand moves sales together with the spend of some channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.errors import SpecError
from mmm.models.base import FittedModel
from mmm.models.one_draw import one_draw
from mmm.models.ordering import by_name
from mmm.models.posterior import Posterior
from mmm.models.priors import Priors
from mmm.models.registry import DEFAULT_FAMILY
from mmm.models.replay import replayed
from mmm.models.resampling import blocks
from mmm.models.scaling import Scaling
from mmm.models.structural import StructuralModel
from mmm.transforms.calendar import yearly_fourier, years_since

FloatArray = NDArray[np.float64]
Generator = np.random.Generator

PRIOR = "prior"  # source of effects that no fit has seen
EVERY_CONFOUNDED = 3  # one world in three
DEMAND_SHARE = 0.5  # of the noise's variance in a confounded world is a demand that nobody recorded
DEMAND_TIE = 0.6  # its correlation with what trend, season and controls leave of the spend of the channels it moves
LEAST_MEDIA = 0.01  # of the KPI: a world in which media bring less tests nothing
REDRAWS = 20
HARMONICS = 2
LEAST_RESIDUALS = 8  # a market with fewer known ones gets plain noise


@dataclass(frozen=True)
class Recipe:
    """Which world a twin is; JSON-able, and all that a worker needs beside the panel and the fitted models.

    Attributes:
        number: from 0, within one test.
        source: "prior", or the family one of whose draws is the truth.
        confounded: an unobserved demand moves sales and some channels' spend together.
        seed: of everything drawn for this world and of the fits on it.
    """

    number: int
    source: str
    confounded: bool
    seed: int


@dataclass(frozen=True, eq=False)
class Truth:
    """The laws of one world.

    Attributes:
        recipe: where they come from.
        model: one draw; its `noise_sd` is how large the noise is.
        residual: what the fit left of the real KPI, `[market, period]`, NaN where it was not observed; the noise is
            made of it.
    """

    recipe: Recipe
    model: FittedModel
    residual: FloatArray


def recipes(families: Sequence[str], count: int, seed: int) -> tuple[Recipe, ...]:
    """The worlds of a test: sources take turns, and a third of each source's worlds are confounded.

    Raises:
        SpecError: fewer than one world.
    """
    if count < 1:
        raise SpecError("A twin test needs at least one simulated world.")
    sources = (PRIOR, *families)
    n = len(sources)
    return tuple(
        Recipe(
            number=i,
            source=sources[i % n],
            confounded=(i % n + i // n) % EVERY_CONFOUNDED == EVERY_CONFOUNDED - 1,
            seed=int(np.random.SeedSequence([seed, i]).generate_state(1)[0]),
        )
        for i in range(count)
    )


def truth_of(recipe: Recipe, panel: Panel, models: Mapping[str, FittedModel]) -> Truth:
    """Draw the laws of a world.

    Args:
        recipe: which world.
        panel: the data it shall look like.
        models: fitted on `panel`, by family; the prior takes the noise of the structural one, or of the first.

    Raises:
        SpecError: the recipe's family is not among the models.
    """
    family = (
        recipe.source if recipe.source != PRIOR else DEFAULT_FAMILY if DEFAULT_FAMILY in models else next(iter(models))
    )
    if family not in models:
        raise SpecError(f"No model of the family “{family}” was fitted, so no world can be drawn from it.")
    fitted, rng = models[family], np.random.default_rng([recipe.seed, 1])
    left = panel.kpi - fitted.expected(panel.inputs()).mean(axis=0)
    residual = np.where(panel.observed, left, np.nan)
    drawn = _drawn(recipe, panel, fitted, rng)
    for _ in range(REDRAWS):
        if _media_share(drawn, panel) >= LEAST_MEDIA:
            break
        drawn = _drawn(recipe, panel, fitted, rng)
    return Truth(recipe, drawn, residual)


def look_alike(panel: Panel, truth: Truth) -> Panel:
    """What an analyst would have seen in that world: the panel with another KPI, and lift tests run in that world."""
    rng = np.random.default_rng([truth.recipe.seed, 2])
    expected = truth.model.expected(panel.inputs())[0]
    spread = truth.model.noise_sd[0][:, None]
    noise = _noise(truth.residual, rng) * spread
    if truth.recipe.confounded:
        demand = _demand(panel, rng)
        noise = np.sqrt(1 - DEMAND_SHARE) * noise + np.sqrt(DEMAND_SHARE) * demand * spread
    kpi = np.maximum(expected + noise, _least(panel)[:, None])
    tests = tuple(_read_out(panel, truth.model, test, rng) for test in panel.lift_tests)
    return replace(panel, kpi=kpi, lift_tests=tests)


def _drawn(recipe: Recipe, panel: Panel, fitted: FittedModel, rng: Generator) -> FittedModel:
    if recipe.source != PRIOR:
        return one_draw(fitted, int(rng.integers(fitted.n_draws)))
    return _from_prior(panel, fitted, rng)


def _from_prior(panel: Panel, fitted: FittedModel, rng: Generator) -> FittedModel:
    """Effects from the structural prior, and the baseline that is likely given them and the KPI.

    So the world keeps the level, trend and season of the data.
    """
    ordered, place = by_name(panel)
    posterior = Posterior(ordered, Priors())
    theta = posterior.from_prior(1, rng)
    theta[:, -1] = np.log(np.maximum((fitted.noise_sd.mean(axis=0) / posterior.scaling.kpi).mean(), 1e-6))
    parameters = posterior.parameters(theta, rng).in_order(place)
    return StructuralModel(panel.labels, Scaling.of(panel), posterior.design, parameters, {})


def _media_share(model: FittedModel, panel: Panel) -> float:
    on = float(model.expected(panel.inputs()).sum())
    off = float(model.expected(panel.inputs().media_off()).sum())
    return (on - off) / abs(on) if on else 0.0


def _noise(residual: FloatArray, rng: Generator) -> FloatArray:
    """Residuals of every market drawn in the same blocks of periods, with standard deviation 1, `[market, period]`."""
    drawn = residual[:, blocks(residual.shape[1], rng)]
    for market, known in enumerate(residual):
        seen = known[np.isfinite(known)]
        if len(seen) < LEAST_RESIDUALS or seen.std() <= 0:
            drawn[market] = rng.standard_normal(residual.shape[1])
            continue
        lost = ~np.isfinite(drawn[market])  # a block may carry an unobserved period along
        drawn[market, lost] = rng.choice(seen, int(lost.sum()))
        drawn[market] = (drawn[market] - seen.mean()) / seen.std()
    return drawn


def _demand(panel: Panel, rng: Generator) -> FloatArray:
    """A demand that nobody recorded, standard deviation 1, `[market, period]`; half of the channels followed it."""
    channels = np.flatnonzero(panel.spend.std(axis=(0, 1)) > 0)
    followed = rng.permutation(channels)[: max(1, len(channels) // 2)]
    left = np.stack([_standard(row[:, followed]).sum(axis=1) for row in _spend_left(panel)])
    followed_part = _standard(left.T).T
    rest = _standard(followed_part[:, blocks(panel.n_periods, rng)].T).T
    return np.asarray(_standard((DEMAND_TIE * followed_part + np.sqrt(1 - DEMAND_TIE**2) * rest).T).T)


def _spend_left(panel: Panel) -> FloatArray:
    """What trend, season and controls leave of log spend, `[market, period, channel]`."""
    usual = np.maximum(panel.spend.mean(axis=1, keepdims=True), 1e-12)
    log = np.log(panel.spend / usual + 0.03)
    calendar = [
        np.ones((panel.n_periods, 1)),
        years_since(panel.periods, panel.periods[0])[:, None],
        yearly_fourier(panel.periods, HARMONICS),
    ]
    left = []
    for spend, controls in zip(log, panel.controls, strict=True):
        columns = np.concatenate([*calendar, _standard(controls)], axis=1)
        left.append(spend - columns @ np.linalg.lstsq(columns, spend, rcond=None)[0])
    return np.stack(left)


def _standard(columns: FloatArray) -> FloatArray:
    """Each column with mean 0 and standard deviation 1; one that never varies stays 0."""
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12))


def _least(panel: Panel) -> FloatArray:
    """A KPI that is never negative stays so: half the smallest one seen `[market]`, minus infinity where it may be."""
    smallest = np.where(panel.observed, panel.kpi, np.inf).min(axis=1)
    return np.where(smallest >= 0, 0.5 * np.where(np.isfinite(smallest), smallest, 0.0), -np.inf)


def _read_out(panel: Panel, model: FittedModel, test: LiftTest, rng: Generator) -> LiftTest:
    """The same experiment in the world of `model`; an experiment is not fooled by demand."""
    window = next((found for found in panel.lift_windows if found.test is test), None)
    if window is None:
        return test
    return replace(test, lift=float(replayed(model, panel, window)[0] + test.se * rng.standard_normal()))
