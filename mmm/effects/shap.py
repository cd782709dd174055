"""Why the model says what it says: each channel's value split by timing, the trees' own SHAP, partial dependence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Inputs, Labels
from mmm.data.panel import Panel
from mmm.effects.contributions import active_channels, closed_form_shares
from mmm.effects.estimate import Effect, Estimate, Units, effect, summarise, thinned, value_of
from mmm.effects.shapley import EXACT_CHANNELS, exact_shares, only, sampled_shares
from mmm.effects.spans import periods_in
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel
from mmm.models.base import FittedModel
from mmm.models.boosted import BoostedModel

FloatArray = NDArray[np.float64]

EXPLAINED_DAYS = 364  # the latest year: seasonal, and still cheap for a model asked period by period
DRAWS = 50
MULTIPLIERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
ADDS_UP = 1e-4  # share of a market's mean KPI by which SHAP values may miss what the trees add


@dataclass(frozen=True, eq=False)
class TreeValues:
    """SHAP values of the trees' features: tree part = bias + sum over features, mean over draws.

    Attributes:
        features: names, `[feature]`.
        values: KPI units, `[market, period, feature]`.
        feature_values: what the trees saw, `[market, period, feature]`; saturated drive from 0 to 1 for channels.
        bias: KPI units, `[market]`.
        mean_abs: mean of |value| over markets and periods, `[feature]`.

    Source:
        Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees".
    """

    features: tuple[str, ...]
    values: FloatArray
    feature_values: FloatArray
    bias: FloatArray
    mean_abs: FloatArray


@dataclass(frozen=True, eq=False)
class Explanation:
    """Each channel's Shapley value by period, split into three parts that add up to it; means over draws.

    Attributes:
        labels: names of the axes.
        periods: first day of each period, `[period]`.
        units: what the numbers count.
        immediate: KPI units `[market, period, channel]`: from the same period's spend, the channel alone.
        carry_over: likewise from spend of earlier periods.
        interaction: likewise what is there only because other channels run too.
        importance: mean |value| over markets and periods, `[channel]`, with its interval.
        value_per_kpi: currency per KPI unit `[market, period]`, None where unknown.
        trees: SHAP values of the trees' features, for the boosted family.
    """

    labels: Labels
    periods: DateArray
    units: Units
    immediate: FloatArray
    carry_over: FloatArray
    interaction: FloatArray
    importance: Estimate
    value_per_kpi: FloatArray | None
    trees: TreeValues | None = None

    @property
    def value(self) -> FloatArray:
        """The channel's Shapley value, KPI units `[market, period, channel]`."""
        return self.immediate + self.carry_over + self.interaction

    @property
    def mean_abs(self) -> dict[str, FloatArray]:
        """Mean |value| of each part by channel, KPI units `[channel]`."""
        parts = {"immediate": self.immediate, "carry-over": self.carry_over, "interaction": self.interaction}
        return {name: np.asarray(np.abs(part).mean(axis=(0, 1))) for name, part in parts.items()}


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """Mean KPI per period over history if one channel's spend had been multiplied throughout.

    Attributes:
        channel: its name.
        units: what the numbers count.
        multipliers: of the channel's spend, `[point]`.
        spend: currency per period, all markets together, `[point]`.
        kpi: all markets together, `[point]`.

    Source:
        Friedman (2001), "Greedy function approximation", section 8.2; other channels keep what they really spent.
    """

    channel: str
    units: Units
    multipliers: FloatArray
    spend: FloatArray
    kpi: Effect


def explain(model: FittedModel, panel: Panel, periods: slice | None = None) -> Explanation:
    """The Shapley value of every channel in every period, and where it comes from.

    A channel's value without the others is split between this period's spend and earlier spend by the Shapley value
    of these two; the rest of its value is interaction. All are differences of `expected`.

    Args:
        model: any family.
        panel: what happened.
        periods: which periods of history; the latest year by default.

    Raises:
        ModelError: the panel carries other labels than the model, or the trees' values do not add up.
    """
    if isinstance(model, AdditiveModel):
        model = model.thinned(DRAWS)
    inputs = panel.inputs()
    where = _window(panel, periods)
    value = _shapley_values(model, inputs, where)
    immediate, carried = np.zeros_like(value), np.zeros_like(value)
    for channel in active_channels(inputs):
        alone = only(inputs, (channel,))
        total = model.expected(alone, where) - model.expected(inputs.media_off(), where)
        immediate[..., channel] = _immediate(model, alone, where, total)
        carried[..., channel] = total - immediate[..., channel]
    return Explanation(
        labels=panel.labels,
        periods=panel.periods[where],
        units=Units.of(panel),
        immediate=immediate.mean(axis=0),
        carry_over=carried.mean(axis=0),
        interaction=(value - immediate - carried).mean(axis=0),
        importance=summarise(np.abs(value).mean(axis=(1, 2))),
        value_per_kpi=value_of(inputs, where),
        trees=tree_values(model, inputs, where) if isinstance(model, BoostedModel) else None,
    )


def tree_values(model: BoostedModel, inputs: Inputs, periods: slice) -> TreeValues:
    """SHAP values of what the trees add to the structure, mean over draws.

    Raises:
        ModelError: they do not add up to the tree part.
    """
    import shap

    seen = model.tree_features(inputs, periods)
    flat = seen.reshape(-1, seen.shape[-1])
    explainer = shap.TreeExplainer(model.booster)
    by_draw = np.asarray(explainer.shap_values(flat), dtype=np.float64).reshape(*flat.shape, -1)
    values = by_draw.mean(axis=-1).reshape(seen.shape)
    bias = float(np.mean(explainer.expected_value))
    missing = np.abs(values.sum(axis=-1) + bias - model.tree_part(seen).mean(axis=-1)).max(initial=0.0)
    if missing > ADDS_UP:
        raise ModelError(f"The SHAP values miss what the trees add by {missing:.1e} of the KPI; fit the model again.")
    kpi = model.base.scaling.kpi
    values = values * kpi[:, None, None]
    return TreeValues(
        features=model.feature_names,
        values=values,
        feature_values=seen,
        bias=bias * kpi,
        mean_abs=np.abs(values).mean(axis=(0, 1)),
    )


def partial_dependence(
    model: FittedModel, panel: Panel, channel: str, multipliers: Sequence[float] = MULTIPLIERS
) -> PartialDependence:
    """Mean expected KPI over history with one channel's spend multiplied.

    Raises:
        DataError: there is no such channel.
        ModelError: the panel carries other labels than the model.
    """
    index, inputs = panel.labels.channel(channel), panel.inputs()
    value = inputs.value_per_kpi
    at = np.asarray(multipliers, dtype=np.float64)
    kpi, money = [], []
    for multiplier in at:
        expected = model.expected(inputs.scaled(index, float(multiplier)))
        kpi.append(expected.sum(axis=1).mean(axis=1))
        if value is not None:
            money.append((expected * value).sum(axis=1).mean(axis=1))
    return PartialDependence(
        channel=channel,
        units=Units.of(panel),
        multipliers=at,
        spend=at * panel.spend[:, :, index].sum(axis=0).mean(),
        kpi=effect(np.stack(kpi, axis=1), np.stack(money, axis=1) if money else None),
    )


def _window(panel: Panel, periods: slice | None) -> slice:
    if periods is None:
        periods = slice(max(0, panel.n_periods - periods_in(EXPLAINED_DAYS, panel.labels.frequency)), None)
    start, stop, _ = periods.indices(panel.n_periods)
    return slice(start, max(start, stop))


def _shapley_values(model: FittedModel, inputs: Inputs, where: slice) -> FloatArray:
    """`[draw, market, period, channel]`, as the decomposition has them."""
    terms = model.media_terms(inputs, where)
    if terms is not None:
        return closed_form_shares(terms, model.media_terms(inputs.media_off(), where))
    players = active_channels(inputs)
    share_out = exact_shares if len(players) <= EXACT_CHANNELS else sampled_shares
    return share_out(model, inputs, where, thinned(model.n_draws, model.n_draws), players)


def _immediate(model: FittedModel, alone: Inputs, where: slice, total: FloatArray) -> FloatArray:
    """The share of this period's spend in `total [draw, market, period]`, the rest being earlier spend's.

    Half of what it adds to nothing, and half of what it adds to the earlier spend.
    """
    off = model.expected(alone.media_off(), where)
    both = off + total
    immediate = np.empty_like(total)
    for place, period in enumerate(range(where.start, where.stop)):
        now, here = slice(period, period + 1), (np.arange(alone.n_periods) == period).astype(np.float64)
        if not alone.drive[:, now].any():
            immediate[:, :, place] = 0.0
            continue
        after_earlier = both[:, :, place] - model.expected(_weighted(alone, 1.0 - here), now)[..., 0]
        first = model.expected(_weighted(alone, here), now)[..., 0] - off[:, :, place]
        immediate[:, :, place] = (first + after_earlier) / 2
    return immediate


def _weighted(inputs: Inputs, weight: FloatArray) -> Inputs:
    """Spend and exposure times `weight [period]`."""
    by_period = weight[None, :, None]
    exposure = None if inputs.exposure is None else inputs.exposure * by_period
    return replace(inputs, spend=inputs.spend * by_period, exposure=exposure)
