"""What planning pages ask: business as usual, what a plan would bring, which split of a budget is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from mmm.access import Actor, Permission
from mmm.data.inputs import RECENT_PERIODS, DateArray, Labels
from mmm.data.panel import Panel
from mmm.effects.estimate import Estimate, Units, probability_above, summarise
from mmm.effects.support import Support, support
from mmm.errors import DataError, ModelError, NotFoundError
from mmm.models.base import FittedModel
from mmm.planning.baseline import HORIZON
from mmm.planning.bounds import DEFAULT_BOUNDS
from mmm.planning.cents import CENTS
from mmm.planning.optimise import PlanResult, optimise
from mmm.planning.presets import as_last_year, channel_shapes, spread
from mmm.planning.scenario import Planner, ScenarioOutcome
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.services.datasets import DatasetInfo, Datasets
from mmm.services.insight import Insight, last_day
from mmm.services.models import ModelInfo, Models, find_model

FloatArray = NDArray[np.float64]

KEPT_PLANNERS = 8  # the answer at business as usual and its noise: about a megabyte a market
KEPT_OPTIMA = 16  # a plan with its frontier: some ten kilobytes a market


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a planning page knows before anybody moves anything.

    Attributes:
        dataset: the data set planned for.
        model: the model version that answers.
        panel: the data it was fitted on.
        units: what its answers are counted in.
        periods: first day of each period planned, `[period]`.
        usual: business as usual, currency `[market, period, channel]`.
        last_year: the same periods of last year at today's level; None for a history shorter than a year.
        support: what each channel was seen to sustain, currency per period.
        recent: what was sold in the last periods, all markets, in `units.shown`; NaN where it was not observed.
        recent_periods: their first days.
        through: last day the model has seen.
    """

    dataset: DatasetInfo
    model: ModelInfo
    panel: Panel
    units: Units
    periods: DateArray
    usual: FloatArray
    last_year: FloatArray | None
    support: tuple[Support, ...]
    recent: FloatArray
    recent_periods: DateArray
    through: date

    @property
    def labels(self) -> Labels:
        """Names of markets and channels, and the length of a period."""
        return self.panel.labels

    @property
    def levels(self) -> FloatArray:
        """Business as usual as a mean per period, all markets together: currency `[channel]`."""
        return np.asarray(self.usual.sum(axis=0).mean(axis=0))

    @property
    def is_champion(self) -> bool:
        """The model is the published one."""
        return self.model.is_champion

    @property
    def stale(self) -> bool:
        """A newer version of the data exists that the model has not seen."""
        return self.dataset.latest.id != self.model.dataset_version_id

    def plan(self, anchor: FloatArray, levels: Mapping[int, float]) -> FloatArray:
        """The plan `anchor` with some channels at another level, currency `[market, period, channel]`.

        A channel keeps its timing and its split over markets; one that is dark in `anchor` gets a constant rate at
        recent market shares. Amounts are in cents; a plan that differs from business as usual by rounding only is it.

        Args:
            anchor: the plan to start from.
            levels: mean spend per period, all markets, of the channels that differ from it.
        """
        totals = np.array([levels.get(c, 0.0) * anchor.shape[1] for c in range(anchor.shape[2])])
        moved = spread(channel_shapes(self.panel, anchor), totals)
        is_moved = np.isin(np.arange(anchor.shape[2]), list(levels))
        plan = np.where(is_moved, moved, anchor)
        return self.usual if np.abs(plan - self.usual).max() <= 1 / CENTS else plan


@dataclass(frozen=True, eq=False)
class Difference:
    """One plan beside another, answered by the same model.

    Attributes:
        gain: what the first brings more than the second over horizon and tail, in `units.shown`.
        p_better: P(gain > 0), paired draws.
    """

    gain: Estimate
    p_better: float


class Planning(Service):
    """Questions about the future, put to the published model or to the one a plan was made with."""

    def __init__(self, kit: Kit, datasets: Datasets, models: Models, insight: Insight) -> None:
        super().__init__(kit)
        self._datasets, self._models, self._insight = datasets, models, insight
        self._planners: Recent[Planner] = Recent(KEPT_PLANNERS)
        self._optima: Recent[PlanResult] = Recent(KEPT_OPTIMA)

    @requires(Permission.SEE_RESULTS)
    def outlook(self, actor: Actor, dataset_id: str | None = None, *, model_id: str | None = None) -> Outlook:
        """Everything a planning page starts from.

        Args:
            actor: who plans or looks.
            dataset_id: the data set; None for the newest that has a champion.
            model_id: the model version that answers; None for the champion.

        Raises:
            NotFoundError: there is no such data set or model, or no champion; says what is missing and who can help.
            ModelError: the model's family does not support planning.
        """
        if model_id is None:
            ready = self._insight.readiness(actor, dataset_id)
            if ready.dataset is None or ready.dataset.champion_id is None:
                raise NotFoundError(f"{ready.missing} {ready.who}")
            model_id = ready.dataset.champion_id
        model = self._models.get(actor, model_id)
        planner = self._planner(actor, model_id)
        panel = planner.panel
        return Outlook(
            dataset=self._datasets.get(actor, model.dataset_id),
            model=model,
            panel=panel,
            units=planner.units,
            periods=planner.inputs(planner.baseline).periods[planner.horizon],
            usual=planner.baseline,
            last_year=_last_year(panel, planner.n_horizon),
            support=support(panel.spend, panel.labels.frequency),
            recent=_recent(panel),
            recent_periods=panel.periods[-RECENT_PERIODS:],
            through=last_day(panel.periods, panel.labels.frequency),
        )

    @requires(Permission.SEE_RESULTS)
    def evaluate(self, actor: Actor, model_id: str, spend: FloatArray, *, per_channel: bool = False) -> ScenarioOutcome:
        """What a plan would bring, beside business as usual.

        Args:
            actor: who asks.
            model_id: the model version that answers.
            spend: the plan, currency `[market, period, channel]`.
            per_channel: also what each channel adds, which asks the model once more a channel.

        Raises:
            NotFoundError: there is no such model in this workspace.
            DataError: the plan has another shape than the model's data, or a spend that is negative or not finite.
            ModelError: the model's family does not support planning.
        """
        if spend.ndim != 3 or not spend.shape[1]:
            raise DataError("A plan is a table of spend by market, period and channel, with at least one period.")
        return self._planner(actor, model_id, spend.shape[1]).outcome(spend, per_channel=per_channel)

    @requires(Permission.SEE_RESULTS)
    def difference(self, actor: Actor, model_id: str, one: FloatArray, other: FloatArray) -> Difference:
        """How much more `one` brings than `other`, over horizon and tail.

        Raises:
            NotFoundError, DataError, ModelError: as `evaluate`.
        """
        planner = self._planner(actor, model_id, one.shape[1])
        gain = planner.uplift_draws(one) - planner.uplift_draws(other)
        return Difference(summarise(gain), float(probability_above(gain)))

    @requires(Permission.MAKE_PLANS)
    def optimise(
        self,
        actor: Actor,
        model_id: str,
        *,
        total: float | None = None,
        bounds: Mapping[str, tuple[float, float]] = DEFAULT_BOUNDS,
        ceilings: Mapping[str, float] | None = None,
    ) -> PlanResult:
        """The best split of a budget over the horizon; the last few asked for stay in memory.

        Args:
            actor: who plans.
            model_id: the model version that answers.
            total: currency over the horizon; None for what business as usual spends.
            bounds: per channel, and under "default", (lowest, highest) as multiples of business as usual.
            ceilings: in currency over the horizon, for channels that are dark today.

        Raises:
            InfeasiblePlanError: no split respects total and bounds; names the nearest total that fits.
            SpecError: a bound or the total is not usable.
            NotFoundError, ModelError: as `evaluate`.
        """
        planner = self._planner(actor, model_id)
        question = (model_id, total, sorted(bounds.items()), sorted((ceilings or {}).items()))
        return self._optima.get(
            repr(question),
            lambda: optimise(
                planner.model,
                planner.panel,
                horizon=planner.n_horizon,
                total=total,
                bounds=bounds,
                ceilings=ceilings,
                baseline=planner.baseline,
            ),
        )

    def _planner(self, actor: Actor, model_id: str, horizon: int | None = None) -> Planner:
        """The planner of a model that was found in the actor's workspace just now."""
        with self._work(read_only=True) as uow:
            version_id = find_model(uow, actor, model_id).dataset_version_id

        ahead = horizon or HORIZON[self._datasets.panel(actor, version_id).labels.frequency]

        def make() -> Planner:
            panel = self._datasets.panel(actor, version_id)
            return _planner_of(self._models.fitted(actor, model_id), panel, ahead)

        return self._planners.get(f"{model_id} {ahead}", make)


def _planner_of(model: FittedModel, panel: Panel, horizon: int) -> Planner:
    if not model.supports_planning:
        raise ModelError(
            f"This model ({model.family}) explains the past, but is not good enough at “what if” to plan with. "
            "An analyst can publish another one on the Models page."
        )
    return Planner(model, panel, horizon)


def _last_year(panel: Panel, horizon: int) -> FloatArray | None:
    try:
        return as_last_year(panel, horizon)
    except DataError:
        return None


def _recent(panel: Panel) -> FloatArray:
    """What was sold in the last periods, all markets, in money where known: `[period]`, NaN where not observed."""
    value = panel.money_per_kpi
    sold = panel.kpi if value is None else panel.kpi * value
    seen = np.where(panel.observed, sold, np.nan)[:, -RECENT_PERIODS:]
    return np.asarray(seen.sum(axis=0))
