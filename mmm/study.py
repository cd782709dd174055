"""One whole analysis, pure: data and specification in, fitted model, effects, checks and plan out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmm.data.panel import Panel
from mmm.effects.carryover import CarryOver, carry_over
from mmm.effects.contributions import Contributions, Decomposition, drop_one, shapley
from mmm.effects.curves import ResponseCurve, all_curves
from mmm.effects.estimate import Units
from mmm.effects.lift import LiftComparison, compare_lift
from mmm.effects.roi import Roi, roi
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.registry import DEFAULT_FAMILY, FAMILIES, family
from mmm.validation.health import Health, check_health
from mmm.validation.holdout import FittedPeriods, HoldOut, fitted_periods, hold_out, observed_kpi


@dataclass(frozen=True)
class StudySettings:
    """What to fit and how hard to try.

    Attributes:
        families: names of model families; empty for all there are.
        effort: "quick" or "full"; trades seconds for accuracy, never meaning.
        seed: same data, settings and seed give the same study to the last digit.
        holdout: periods kept back for the comparison; None for the smaller of 24 weeks and a fifth of the data.
    """

    families: tuple[str, ...] = ()
    effort: str = "quick"
    seed: int = 0
    holdout: int | None = None


@dataclass(frozen=True, eq=False)
class Results:
    """Answers computed once and stored with the model; pages draw them.

    Attributes:
        decomposition: baseline and channels that add up to the fitted KPI (Shapley), with the actual KPI.
        contributions: drop-one, for comparison with spend.
        roi: return on each channel's spend and on the next euro.
        curves, carry_over: by channel name.
        fitted: fit against actual over all history, with a predictive interval.
        hold_out: forecast of the last periods by a model that had not seen them, beside a plain regression.
        lift: the model beside the lift tests of the data; None where there are none.
    """

    decomposition: Decomposition
    contributions: Contributions
    roi: Roi
    curves: dict[str, ResponseCurve]
    carry_over: dict[str, CarryOver]
    fitted: FittedPeriods
    hold_out: HoldOut
    lift: LiftComparison | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """One family, fitted on everything, with its answers and its checks."""

    family: str
    model: FittedModel
    results: Results
    health_card: Health

    @property
    def metrics(self) -> dict[str, Any]:
        """JSON-able hold-out figures of the model and of the yardstick."""
        return self.results.hold_out.as_dict()

    @property
    def health(self) -> dict[str, Any]:
        """JSON-able checks and what they say together."""
        return self.health_card.as_dict()


@dataclass(frozen=True, eq=False)
class Study:
    """Every family asked for, and the one recommended."""

    candidates: tuple[Candidate, ...]
    recommended: str

    @property
    def best(self) -> Candidate:
        """The recommended candidate."""
        return next(candidate for candidate in self.candidates if candidate.family == self.recommended)


def analyse(panel: Panel, settings: StudySettings, progress: Progress = silent) -> Study:
    """Fit, hold out, refit and question every family.

    Raises:
        ModelError: a family that does not exist.
    """
    names = settings.families or tuple(FAMILIES)
    families = [family(name) for name in names]
    candidates = []
    for number, chosen in enumerate(families):

        def within(share: float, message: str, number: int = number, title: str = chosen.title) -> None:
            progress((number + share) / len(families), f"{title}: {message}")

        candidates.append(_candidate(panel, chosen.name, settings, within))
    return Study(tuple(candidates), recommended=recommend(candidates))


def recommend(candidates: list[Candidate]) -> str:
    """`auto`: structural unless its health fails, then the healthy planner with the smallest hold-out error.

    Where every family fails a check, structural is named all the same; its health says what is wrong.
    """
    by_name = {candidate.family: candidate for candidate in candidates}
    structural = by_name.get(DEFAULT_FAMILY)
    if structural is not None and structural.health_card.status != "fail":
        return DEFAULT_FAMILY
    healthy = [c for c in candidates if c.health_card.status != "fail" and c.model.supports_planning]
    if healthy:
        return min(healthy, key=lambda c: c.results.hold_out.model.rmse).family
    return DEFAULT_FAMILY if structural is not None else candidates[0].family


def _candidate(panel: Panel, name: str, settings: StudySettings, progress: Progress) -> Candidate:
    chosen = family(name)
    fit = FitSettings(seed=settings.seed, effort=settings.effort)
    held = hold_out(panel, chosen.fit, fit, settings.holdout, progress=lambda s, m: progress(0.4 * s, m))
    model = chosen.fit(panel, fit, lambda s, m: progress(0.4 + 0.4 * s, m))
    progress(0.82, "asking the model about effects")
    lift = compare_lift(model, panel, chosen.fit, fit)
    results = question(model, panel, held, lift)
    progress(1.0, "done")
    return Candidate(name, model, results, check_health(model, panel, results.roi, held, results.fitted))


def question(model: FittedModel, panel: Panel, held: HoldOut, lift: LiftComparison | None = None) -> Results:
    """Everything that is asked of a model once."""
    units = Units.of(panel)
    actual = observed_kpi(panel)
    return Results(
        decomposition=shapley(model, panel.inputs(), actual=actual, units=units),
        contributions=drop_one(model, panel.inputs(), units=units),
        roi=roi(model, panel),
        curves=all_curves(model, panel),
        carry_over={channel: carry_over(model, panel, channel) for channel in panel.labels.channels},
        fitted=fitted_periods(model, panel),
        hold_out=held,
        lift=lift,
    )
