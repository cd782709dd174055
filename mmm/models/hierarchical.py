"""The hierarchical family: many markets, whose channel effects lie around the national ones.

In every market a channel's effect is the national one times 1 + a deviation. Deviations are Gaussian, with one width
that is learnt: where markets are alike it shrinks and they are pooled, where they differ each speaks for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.data.panel import Panel
from mmm.data.split import split_by_size
from mmm.models.additive import AdditiveModel, Parameters
from mmm.models.base import FitSettings, Progress, silent
from mmm.models.form import MODULATIONS, ReadModulation, form_of
from mmm.models.market_posterior import MarketPosterior, Pooled
from mmm.models.ordering import by_name
from mmm.models.posterior import Posterior
from mmm.models.prior_options import asked_priors
from mmm.models.priors import Priors
from mmm.models.scaling import Scaling
from mmm.models.structural import explore, require_variation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MarketDeviations:
    """One column a market, as a modulation: what each market's effects deviate by.

    Attributes:
        n_markets: markets.
        width: standard deviation of the deviations as it was learnt, share of the effect.
    """

    kind: ClassVar[str] = "markets"

    n_markets: int
    width: float

    @property
    def sd(self) -> FloatArray:
        """The same in every market."""
        return np.full(self.n_markets, self.width)

    def columns(self, inputs: Inputs, periods: slice) -> FloatArray:
        """`[market, period, market]`."""
        n_periods = len(inputs.periods[periods])
        own = np.eye(self.n_markets)[:, None, :]
        return np.broadcast_to(own, (self.n_markets, n_periods, self.n_markets))

    def meta(self) -> dict[str, Any]:
        """JSON-able recipe."""
        return {"n_markets": self.n_markets, "width": self.width}

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> Self:
        """What `meta` described."""
        return cls(n_markets=int(meta["n_markets"]), width=float(meta["width"]))


class HierarchicalModel(AdditiveModel):
    """What `fit_hierarchical` returns."""

    family = "hierarchical"
    learns_from_lift_tests = True
    modulation_kinds: ClassVar[Mapping[str, ReadModulation]] = {
        **MODULATIONS,
        MarketDeviations.kind: MarketDeviations.from_meta,
    }


def fit_hierarchical(
    panel: Panel, settings: FitSettings, progress: Progress = silent, priors: Priors | None = None
) -> HierarchicalModel:
    """As `fit_structural`, with effects that differ by market.

    In data of one market there is nothing to pool: the fit is the structural one, and `diagnostics["pooling"]` says
    so. Channels whose spend was split by market size (`split_by_size`) tell nothing of market differences: theirs are
    drawn from the prior.

    Args:
        panel: every observed period is used.
        settings: as in `fit_structural`.
        priors: weakly informative ones by default.

    Raises:
        ModelError: the KPI never varies, or an option cannot be used.
    """
    require_variation(panel)
    form = form_of(settings.options, panel.labels.frequency)
    rng = np.random.default_rng(settings.seed)
    ordered, place = by_name(panel)
    if len(panel.labels.markets) == 1:
        one = Posterior(ordered, priors or asked_priors(ordered, settings, form), form)
        draws, diagnostics = explore(one, settings, rng, progress)
        parameters, design = one.parameters(draws.theta, rng), one.design
        diagnostics["priors"] = one.priors.as_dict()
        diagnostics["pooling"] = "One market: nothing to pool, so this is the structural model."
    else:
        split = split_by_size(panel)
        posterior = MarketPosterior(ordered, priors or asked_priors(ordered, settings, form), form, split)
        draws, diagnostics = explore(Pooled(posterior), settings, rng, progress)
        parameters, design = posterior.market_parameters(draws.theta, rng), posterior.design
        width = float(np.exp(draws.theta[:, -1]).mean())
        diagnostics["priors"] = posterior.priors.as_dict()
        form = replace(form, modulations=(*form.modulations, MarketDeviations(len(panel.labels.markets), width)))
        diagnostics |= {"pooling": _told(width, split), "pooling_width": width, "split_by_size": list(split)}
    progress(1.0, "hierarchical model fitted")
    return HierarchicalModel(panel.labels, Scaling.of(panel), design, parameters.in_order(place), diagnostics, form)


def market_effects(parameters: Parameters, n_markets: int) -> FloatArray:
    """Each market's effect over the national one `[draw, channel, market]`, before the floor."""
    return np.asarray(1.0 + parameters.modulation[:, :, -n_markets:])


def _told(width: float, split: tuple[str, ...]) -> str:
    """What was learnt of the differences between markets, in words."""
    words = f"Effects differ between markets by about {width:.0%} of the national effect."
    if split:
        words += f" Nothing is claimed of the markets for {', '.join(split)}: their spend was split by market size."
    return words
