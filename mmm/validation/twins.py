"""The twin test: families fitted on simulated look-alikes of the data, whose true effects are known.

Every twin is a unit of work of its own (`twin`), deterministic by its recipe and JSON-able in its outcome, so that a
test can be resumed and shared out; `twin_report.summarise` says what the outcomes mean together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from mmm.data.panel import Panel
from mmm.effects.contributions import drop_one
from mmm.errors import MMMError
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.registry import family
from mmm.planning.baseline import HORIZON
from mmm.planning.optimise import optimise
from mmm.planning.plan import PlanResult
from mmm.planning.scenario import Planner
from mmm.validation.truths import Recipe, Truth, look_alike, truth_of

TWIN_DRAWS = 200  # of a refit: the interval's ends move little beyond, the seconds do
DEFAULT_TWINS = 12


@dataclass(frozen=True)
class PlanPlayed:
    """The split a family recommends (each channel within 0.3 to 2.0 of today), played in the twin's truth.

    Attributes:
        uplift: what it really brings there, in the shown unit.
        promised: what the family said it would bring.
    """

    uplift: float
    promised: float


@dataclass(frozen=True)
class FamilyOutcome:
    """What one family made of one twin.

    Attributes:
        mean, lo, hi: its drop-one contributions, KPI units `[channel]`; empty where it could not be fitted.
        plan: None for a family that does not plan.
        problem: why it could not be fitted, in words; empty where it could.
    """

    family: str
    mean: tuple[float, ...] = ()
    lo: tuple[float, ...] = ()
    hi: tuple[float, ...] = ()
    plan: PlanPlayed | None = None
    problem: str = ""


@dataclass(frozen=True)
class TwinOutcome:
    """One twin: its truth, and what every family made of it.

    Attributes:
        recipe: which world it was.
        channels: their names.
        truth: true drop-one contributions over history, KPI units `[channel]`.
        spend: currency over history `[channel]`.
        media: all media on minus all media off, KPI units.
        kpi: expected KPI over history, KPI units.
        best_uplift: the most that any split within the bounds brings, in the shown unit.
        families: one outcome a family.
    """

    recipe: Recipe
    channels: tuple[str, ...]
    truth: tuple[float, ...]
    spend: tuple[float, ...]
    media: float
    kpi: float
    best_uplift: float
    families: tuple[FamilyOutcome, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The outcome that `as_dict` described, before or after JSON."""
        families = []
        for one in stored["families"]:
            numbers = {name: tuple(one[name]) for name in ("mean", "lo", "hi")}
            plan = None if one["plan"] is None else PlanPlayed(**one["plan"])
            families.append(FamilyOutcome(one["family"], plan=plan, problem=one["problem"], **numbers))
        return cls(
            recipe=Recipe(**stored["recipe"]),
            channels=tuple(stored["channels"]),
            truth=tuple(stored["truth"]),
            spend=tuple(stored["spend"]),
            media=stored["media"],
            kpi=stored["kpi"],
            best_uplift=stored["best_uplift"],
            families=tuple(families),
        )


def quick_settings(families: Sequence[str], options: Mapping[str, Any] | None = None) -> dict[str, FitSettings]:
    """Settings of the refits by family: quick, with few draws; the seed is each twin's own."""
    return {name: FitSettings(effort="quick", n_draws=TWIN_DRAWS, options=options or {}) for name in families}


def twin_of(
    recipe: Recipe,
    panel: Panel,
    models: Mapping[str, FittedModel],
    families: Mapping[str, FitSettings],
    progress: Progress = silent,
) -> TwinOutcome:
    """Draw the world of a recipe and try every family on it.

    Raises:
        SpecError: as `truth_of`.
    """
    return twin(panel, truth_of(recipe, panel, models), families, recipe.seed, progress)


def twin(
    panel: Panel, truth: Truth, families: Mapping[str, FitSettings], seed: int, progress: Progress = silent
) -> TwinOutcome:
    """Simulate the KPI of one look-alike, refit every family, and compare with the truth.

    Args:
        panel: the data whose spend, controls, gaps and markets the twin has.
        truth: the laws of its world.
        families: what to refit, by name in the registry, and how; each setting's seed is replaced.
        seed: of the fits; the same arguments give the same outcome to the last digit.
        progress: told which family is being fitted.
    """
    seen, inputs = look_alike(panel, truth), panel.inputs()
    real = drop_one(truth.model, inputs).draws[0]
    on = float(truth.model.expected(inputs).sum())
    best = _best(truth.model, panel)
    outcomes = []
    for number, (name, settings) in enumerate(families.items()):
        progress(number / max(len(families), 1), f"fitting {family(name).title}")
        outcomes.append(_tried(name, seen, truth.model, _seeded(settings, seed)))
    progress(1.0, "done")
    played = [outcome.plan.uplift for outcome in outcomes if outcome.plan is not None]
    return TwinOutcome(
        recipe=truth.recipe,
        channels=panel.labels.channels,
        truth=tuple(real.tolist()),
        spend=tuple(panel.spend.sum(axis=(0, 1)).tolist()),
        media=on - float(truth.model.expected(inputs.media_off()).sum()),
        kpi=on,
        best_uplift=max([best, 0.0, *played]),
        families=tuple(outcomes),
    )


def _seeded(settings: FitSettings, seed: int) -> FitSettings:
    return FitSettings(seed=seed, effort=settings.effort, n_draws=settings.n_draws, options=settings.options)


def _tried(name: str, seen: Panel, truth: FittedModel, settings: FitSettings) -> FamilyOutcome:
    """One family on one twin; what stops it is an outcome too, because the test goes on without it."""
    try:
        model = family(name).fit(seen, settings)
        found = drop_one(model, seen.inputs()).total.kpi
        plan = _played(model, truth, seen) if model.supports_planning else None
    except MMMError as error:
        return FamilyOutcome(name, problem=str(error))
    mean, lo, hi = (tuple(part.tolist()) for part in (found.mean, found.lo, found.hi))
    return FamilyOutcome(name, mean, lo, hi, plan)


def _planned(model: FittedModel, panel: Panel) -> PlanResult:
    """The recommended split of the last 12 weeks' rate over the next 12 weeks."""
    return optimise(model, panel, horizon=HORIZON[panel.labels.frequency])


def _played(model: FittedModel, truth: FittedModel, seen: Panel) -> PlanPlayed:
    plan = _planned(model, seen)
    world = Planner(truth, seen, HORIZON[seen.labels.frequency])
    return PlanPlayed(uplift=float(world.uplift_draws(plan.spend)[0]), promised=float(plan.uplift.mean))


def _best(truth: FittedModel, panel: Panel) -> float:
    return float(_planned(truth, panel).uplift.mean)
