"""One whole analysis, pure: data and specification in, fitted models, effects, checks and the comparison out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.carryover import CarryOver, carry_over
from mmm.effects.contributions import Contributions, Decomposition, drop_one, shapley
from mmm.effects.curves import ResponseCurve, all_curves
from mmm.effects.estimate import Units
from mmm.effects.lift import LiftComparison, compare_lift
from mmm.effects.roi import Roi, roi
from mmm.errors import MMMError, ModelError
from mmm.models.averaged import AVERAGED, average, draws_by_weight, planning_weights
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.registry import DEFAULT_FAMILIES, family
from mmm.validation.agreement import LiftAgreement, agreements, average_agreement, distances
from mmm.validation.bench import Asked, Clock, Compared, Map, Outcome, compared, no_clock, perform, under_way, works
from mmm.validation.bridge import Bridge
from mmm.validation.folds import FoldScores, fold_scores
from mmm.validation.grades import ChannelGrade, grade_channels
from mmm.validation.health import Health, check_health
from mmm.validation.holdout import FittedPeriods, HoldOut, fitted_periods, held_out
from mmm.validation.leaderboard import Recommendation, Row, recommend, worth_replacing
from mmm.validation.scores import Forecast, mixed, observed_kpi, score
from mmm.validation.stacking import combined, lift_factor, stacking_weights, twin_factors
from mmm.validation.stress import StressTest, stress_tests

FloatArray = NDArray[np.float64]
A = TypeVar("A")

COMPARING = 0.6  # share of the progress; then come the fits on everything and their questions
Twins = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StudySettings:
    """What to fit and how hard to try.

    Attributes:
        families: names of model families; empty for the sensible few (`DEFAULT_FAMILIES`).
        effort: "quick" or "full"; trades seconds for accuracy, never meaning. Folds are always quick.
        seed: same data, settings and seed give the same study to the last digit.
        holdout: periods kept back for the comparison; None for the smaller of 24 weeks and a fifth of the data.
        leave_tests_out: refit without each lift test, to see what a model expects of a test it has not seen.
        champion: family of the published model; the others are tried against it on two refreshes.
        options: `FitSettings.options` of every fit; a family ignores the names of others.
    """

    families: tuple[str, ...] = ()
    effort: str = "quick"
    seed: int = 0
    holdout: int | None = None
    leave_tests_out: bool = True
    champion: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fit(self) -> FitSettings:
        """Of the fits on everything."""
        return FitSettings(seed=self.seed, effort=self.effort, options=self.options)


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
        agreement: each test beside what a model of the family expects that had not seen it, where it learns from tests.
        stress: assumptions put to the test; empty in results stored before there were any.
        grades: how well each channel's effect is known; likewise.
        bridge: from the returns of the model published before to those of this one; None where none was, or where this
            one was not the recommended.
    """

    decomposition: Decomposition
    contributions: Contributions
    roi: Roi
    curves: dict[str, ResponseCurve]
    carry_over: dict[str, CarryOver]
    fitted: FittedPeriods
    hold_out: HoldOut
    lift: LiftComparison | None = None
    agreement: tuple[LiftAgreement, ...] = ()
    stress: tuple[StressTest, ...] = ()
    grades: tuple[ChannelGrade, ...] = ()
    bridge: Bridge | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """One family, fitted on everything, with its answers and its checks.

    Attributes:
        row: its line of the leaderboard.
        folds: scores of the rolling folds; None where none were made.
        compared: JSON-able rest of the comparison: lift tests, refreshes, weights of an average, the recommendation.
    """

    family: str
    model: FittedModel
    results: Results
    health_card: Health
    row: Row
    folds: FoldScores | None = None
    compared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Any]:
        """JSON-able: hold-out figures of the model and of the yardstick, folds, and what else compares models."""
        folds = {} if self.folds is None else self.folds.as_dict()
        return {**self.results.hold_out.as_dict(), **folds, **self.row.as_dict(), **self.compared}

    @property
    def health(self) -> dict[str, Any]:
        """JSON-able checks and what they say together."""
        return self.health_card.as_dict()


@dataclass(frozen=True, eq=False)
class Study:
    """Every family that could be fitted, and the one recommended.

    Attributes:
        reason: why it is recommended; names it {best} and perhaps another {other}.
        left_out: families that could not be fitted, and why.
    """

    candidates: tuple[Candidate, ...]
    recommended: str
    reason: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> Candidate:
        """The recommended candidate."""
        return next(candidate for candidate in self.candidates if candidate.family == self.recommended)


def analyse(
    panel: Panel,
    settings: StudySettings,
    progress: Progress = silent,
    *,
    run_all: Map = map,
    clock: Clock = no_clock,
    twins: Twins | None = None,
) -> Study:
    """Compare every family on periods it has not seen, refit it on everything and question it; average the good ones.

    Args:
        panel: the whole history.
        settings: what to fit.
        progress: told how far every family is; may raise to cancel.
        run_all: `map`, or that of a pool of processes; results are the same.
        clock: processor seconds, for the time of a fit.
        twins: what simulated twins said of each family: `error` is that of its contributions, share of all media.

    Raises:
        ModelError: a family that does not exist, or none that could be fitted on these data.
        DataError: too few periods.
    """
    names = settings.families or DEFAULT_FAMILIES
    alone = len(names) == 1 and settings.champion in (None, *names)
    asked = Asked(tuple(names), settings.effort, settings.holdout, settings.champion, not alone, settings.options)
    pieces = works(panel, asked)
    titles = {name: family(name).title.split(" (")[0] for name in dict.fromkeys(piece.family for piece in pieces)}
    outcomes: list[Outcome] = []
    progress(0.0, under_way(titles, pieces, 0))
    for outcome in run_all(partial(perform, panel, settings.seed), pieces):
        outcomes.append(outcome)
        progress(COMPARING * len(outcomes) / len(pieces), under_way(titles, pieces, len(outcomes)))
    by_name = compared(outcomes)
    left_out = {name: by_name[name].problem for name in names if by_name[name].held is None}
    fitted = _fit_all(panel, settings, {n: by_name[n] for n in names if n not in left_out}, progress, run_all, clock)
    left_out |= {name: found for name, found in fitted.items() if isinstance(found, str)}
    candidates = [found for found in fitted.values() if isinstance(found, Candidate)]
    if not candidates:
        raise ModelError(" ".join(f"{titles[name]}: {why}" for name, why in left_out.items()))
    candidates = [_with_twins(candidate, twins or {}) for candidate in candidates]
    progress(0.95, "Averaging the models")
    averaged = _averaged(panel, settings, candidates, by_name)
    candidates += [] if averaged is None else [averaged[0]]
    again = {name: found.again for name, found in by_name.items()}
    again |= {} if averaged is None else {AVERAGED: averaged[1]}
    chosen = recommend([candidate.row for candidate in candidates if candidate.family != AVERAGED])
    candidates = [_tried(candidate, settings.champion, again) for candidate in candidates]
    candidates = [_told(candidate, chosen, left_out) for candidate in candidates]
    progress(1.0, "Compared")
    return Study(tuple(candidates), chosen.family, chosen.reason, left_out)


def _fit_all(
    panel: Panel,
    settings: StudySettings,
    compared_by_name: Mapping[str, Compared],
    progress: Progress,
    run_all: Map,
    clock: Clock,
) -> dict[str, Candidate | str]:
    """Every family fitted on everything and questioned; words instead where it could not be."""
    names = list(compared_by_name)
    found: dict[str, Candidate | str] = {}
    ask = partial(_candidate, panel, settings, clock)
    title = "Fitting on everything"
    progress(COMPARING, title)
    for name, candidate in zip(names, run_all(ask, list(compared_by_name.items())), strict=True):
        found[name] = candidate
        done = f"{title}: {len(found)} of {len(names)} models"
        progress(COMPARING + (0.95 - COMPARING) * len(found) / len(names), done)
    return found


def _candidate(panel: Panel, asked: StudySettings, clock: Clock, item: tuple[str, Compared]) -> Candidate | str:
    name, found = item
    settings = asked.fit
    started = clock()
    try:
        model = family(name).fit(panel, settings)
        seconds = clock() - started if clock is not no_clock else None
        lift = compare_lift(model, panel, family(name).fit, settings)
        again = replace(settings, effort="quick")
        agrees = agreements(model, panel, family(name).fit, again) if asked.leave_tests_out else ()
        return _questioned(panel, settings, model, found, seconds, lift, agrees)
    except MMMError as refusal:
        return str(refusal)


def _questioned(
    panel: Panel,
    settings: FitSettings,
    model: FittedModel,
    found: Compared,
    seconds: float | None,
    lift: LiftComparison | None,
    agrees: tuple[LiftAgreement, ...],
) -> Candidate:
    """A fitted model with its answers, its checks and its scores."""
    if found.held is None:
        raise ModelError("There is no forecast of the hold-out.")
    held = held_out(panel, found.held, settings)
    results = replace(question(model, panel, held, lift), agreement=agrees)
    card = check_health(model, panel, results.roi, held, results.fitted, results.stress)
    folds = fold_scores(panel.periods, found.folds) if len(found.folds) > 1 else None
    far = distances(agrees)
    row = Row(
        family=model.family,
        status=card.status,
        plans=model.supports_planning,
        hold_out_rmse=held.model.rmse,
        pooled=None if folds is None else folds.pooled,
        lift=float(np.mean(np.square(far))) if far else None,
        r_hat=_number(model.diagnostics, "r_hat"),
        ess=_number(model.diagnostics, "effective_draws"),
        seconds=seconds,
    )
    told = {} if not far else {"lift": {"tests": len(far), "distance": float(np.sqrt(np.mean(np.square(far))))}}
    return Candidate(model.family, model, results, card, row, folds, told)


def _number(facts: Mapping[str, Any], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else None


def _with_twins(candidate: Candidate, twins: Twins) -> Candidate:
    error = _number(twins.get(candidate.family, {}), "error")
    return replace(candidate, row=replace(candidate.row, twins=error))


def _averaged(
    panel: Panel, settings: StudySettings, candidates: list[Candidate], by_name: Mapping[str, Compared]
) -> tuple[Candidate, tuple[Forecast, ...]] | None:
    """The average of the families that passed their checks and plan, and its forecasts of the refreshes."""
    able = {c.family: c for c in candidates if c.row.believable and c.folds is not None}
    if len(able) < 2:
        return None
    models = {name: candidate.model for name, candidate in able.items()}
    shares = planning_weights(models, family_weights(list(able.values()), by_name))
    model = average(models, shares)
    members = {name: by_name[name] for name in shares}
    cuts = next(iter(members.values())).folds
    folds = {
        cut: tuple(_mixed([member.folds[cut][k] for member in members.values()], shares) for k in range(len(tests)))
        for cut, tests in cuts.items()
    }
    again = [member.again for member in members.values()]
    refreshed = tuple(_mixed(parts, shares) for parts in zip(*again, strict=True)) if all(again) else ()
    last = folds[max(folds, key=lambda cut: cut.cut)][-1]
    found = Compared(held=last, folds=folds)
    agrees = average_agreement([c.results.agreement for c in able.values() if c.family in shares], shares)
    candidate = _questioned(panel, settings.fit, model, found, None, None, agrees)
    return replace(candidate, compared={**candidate.compared, "weights": shares}), refreshed


def family_weights(candidates: list[Candidate], by_name: Mapping[str, Compared]) -> dict[str, float]:
    """Stacking weights on the folds, times what twins and lift tests say of each family."""
    names = [candidate.family for candidate in candidates]
    density = np.array(
        [np.concatenate([tests[0].log_density.ravel() for tests in by_name[name].folds.values()]) for name in names]
    )
    stacked = stacking_weights(density[:, np.isfinite(density).all(axis=0)])
    lift = np.array([lift_factor(distances(candidate.results.agreement)) for candidate in candidates])
    weights = combined(stacked, twin_factors([candidate.row.twins for candidate in candidates]), lift)
    return dict(zip(names, weights.tolist(), strict=True))


def _mixed(parts: Iterable[Forecast], shares: Mapping[str, float]) -> Forecast:
    found = list(parts)
    return mixed(found, draws_by_weight([len(f.expected) for f in found], list(shares.values())))


def _tried(candidate: Candidate, champion: str | None, again: Mapping[str, tuple[Forecast, ...]]) -> Candidate:
    """The candidate with what two refreshes say of it against the published family."""
    if champion is None or champion == candidate.family:
        return candidate
    mine, theirs = ([score([forecast]) for forecast in again.get(name, ())] for name in (candidate.family, champion))
    if not mine or len(mine) != len(theirs):
        return candidate
    verdict = worth_replacing(mine, theirs, healthy=candidate.row.status != "fail")
    tried = {
        "against": champion,
        "worth": verdict.worth,
        "reason": verdict.reason,
        "mine": [scores.as_dict() for scores in mine],
        "theirs": [scores.as_dict() for scores in theirs],
    }
    return replace(candidate, compared={**candidate.compared, "refreshes": tried})


def _told(candidate: Candidate, chosen: Recommendation, left_out: Mapping[str, str]) -> Candidate:
    """The recommended candidate carries why, and what could not be fitted."""
    if candidate.family != chosen.family:
        return candidate
    told = {"recommendation": chosen.as_dict(), "left_out": dict(left_out)}
    return replace(candidate, compared={**candidate.compared, **told})


def question(model: FittedModel, panel: Panel, held: HoldOut, lift: LiftComparison | None = None) -> Results:
    """Everything that is asked of a model once."""
    units = Units.of(panel)
    actual = observed_kpi(panel)
    contributions = drop_one(model, panel.inputs(), units=units)
    stress = stress_tests(model, panel, contributions)
    return Results(
        decomposition=shapley(model, panel.inputs(), actual=actual, units=units),
        contributions=contributions,
        roi=roi(model, panel),
        curves=all_curves(model, panel),
        carry_over={channel: carry_over(model, panel, channel) for channel in panel.labels.channels},
        fitted=fitted_periods(model, panel),
        hold_out=held,
        lift=lift,
        stress=stress,
        grades=grade_channels(model, panel, contributions, stress),
    )
