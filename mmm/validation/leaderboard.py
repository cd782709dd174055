"""Which model to believe: one row a family, a recommendation with its reason, and when it may replace another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmm.validation.scores import Scores, finite

FIRST_CHOICE = "structural"  # the best hold-out error is not the best account of what channels bring
CLEARLY = 0.95  # an error below this share of another's is clearly smaller
NOT_WORSE = 1.02  # an error up to this multiple of another's is as good


@dataclass(frozen=True)
class Row:
    """What is known of one family.

    Attributes:
        family: its name.
        status: pass, warn or fail, of the health checks together.
        plans: it supports planning.
        hold_out_rmse: on the periods kept back, KPI units.
        pooled: scores over all folds; None where it could not be fitted on one of them.
        lift: mean squared distance from the lift tests, in their standard errors; None without a test.
        twins: error of known effects on simulated twins, share of all media; None where none were made.
        r_hat, ess: what its sampler reports, where it has one.
        seconds: processor seconds of the fit on everything; None where nobody measured.
    """

    family: str
    status: str
    plans: bool
    hold_out_rmse: float
    pooled: Scores | None = None
    lift: float | None = None
    twins: float | None = None
    r_hat: float | None = None
    ess: float | None = None
    seconds: float | None = None

    @property
    def believable(self) -> bool:
        """No check fails, and it can plan."""
        return self.plans and self.status != "fail"

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, without a NaN and without what others store beside it."""
        numbers = {"twins": self.twins, "r_hat": self.r_hat, "ess": self.ess, "seconds": self.seconds}
        return {"plans": self.plans, **{key: finite(value) for key, value in numbers.items()}}


@dataclass(frozen=True)
class Recommendation:
    """The family to use and why, in a sentence that names it {best} and perhaps another {other}."""

    family: str
    reason: str
    other: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"reason": self.reason, "other": self.other}


def recommend(rows: Sequence[Row]) -> Recommendation:
    """The first choice unless a check of it fails or another family has earned its place.

    A family earns it by known effects: twins of these data give it a clearly smaller error, and neither its forecasts
    nor lift tests speak against it. Forecasts alone never do, because the best forecast is often the worst attribution.
    Where every family fails a check the first choice is named all the same; its health says what is wrong.
    """
    by_name = {row.family: row for row in rows}
    first = by_name.get(FIRST_CHOICE)
    able = [row for row in rows if row.believable]
    if not able:
        chosen = FIRST_CHOICE if first is not None else rows[0].family
        return Recommendation(chosen, "Every model failed a check. {best} is the one to mend first: read its checks.")
    if first is None or not first.believable:
        best = min(able, key=_forecast_error)
        why = "of the models that passed their checks and can plan, its forecasts were the best."
        return Recommendation(best.family, f"{{best}} is recommended: {why}")
    better = [row for row in able if row is not first and _earned(row, first)]
    if better:
        best = min(better, key=lambda row: row.twins or 0.0)
        return Recommendation(
            best.family,
            "{best} is recommended: on simulated copies of these data it found the known effects more closely than "
            "{other}, and neither forecasts nor lift tests speak against it.",
            first.family,
        )
    return Recommendation(first.family, _why_first(first, able))


def _earned(row: Row, first: Row) -> bool:
    if row.twins is None or first.twins is None or row.twins >= CLEARLY * first.twins:
        return False
    forecasts = _forecast_error(row) <= NOT_WORSE * _forecast_error(first)
    lift = row.lift is None or first.lift is None or row.lift <= max(NOT_WORSE * first.lift, 1.0)
    return forecasts and lift


def _why_first(first: Row, able: Sequence[Row]) -> str:
    best = min(able, key=_forecast_error)
    if best is first or _forecast_error(first) <= NOT_WORSE * _forecast_error(best):
        return "{best} is recommended: no check of it fails, and no other model that can plan forecasts better."
    return (
        "{best} is recommended: no check of it fails. Another model forecasts these sales more closely, but the best "
        "forecast is often not the best account of what each channel brought."
    )


def _forecast_error(row: Row) -> float:
    return row.hold_out_rmse if row.pooled is None else row.pooled.crps


@dataclass(frozen=True)
class Verdict:
    """Whether a model may replace the published one, and why, in a sentence."""

    worth: bool
    reason: str


def worth_replacing(challenger: Sequence[Scores], champion: Sequence[Scores], *, healthy: bool = True) -> Verdict:
    """A challenger must be healthy and forecast better than the champion's family on every one of two refreshes.

    Args:
        challenger: its scores on each refresh: fitted without the last 8 and the last 4 periods, asked about these.
        champion: the same of the champion's family on the same data.
        healthy: no health check of the challenger fails.
    """
    if not healthy:
        return Verdict(False, "It failed a health check.")
    pairs = list(zip(challenger, champion, strict=True))
    if len(pairs) < 2:
        return Verdict(False, "History is too short to try it on two refreshes.")
    won = sum(mine.crps < theirs.crps for mine, theirs in pairs)
    if won == len(pairs):
        return Verdict(True, "It forecast better than the published kind of model on both refreshes.")
    times = "neither of two refreshes" if won == 0 else "only one of two refreshes"
    return Verdict(False, f"It forecast better than the published kind of model on {times}.")


def may_replace(metrics: Mapping[str, Any], family: str, champion_family: str | None) -> Verdict:
    """The same question, of what a training stored with the challenger.

    Args:
        metrics: of the challenger, as stored.
        family: the challenger's.
        champion_family: the published model's; None where nothing is published.
    """
    if champion_family is None:
        return Verdict(True, "Nothing is published yet.")
    if champion_family == family:
        return Verdict(True, "It is the published kind of model, fitted anew.")
    tried = metrics.get("refreshes")
    if not tried or tried.get("against") != champion_family:
        return Verdict(False, "It was not tried against the published kind of model; train again to have that done.")
    return Verdict(bool(tried["worth"]), str(tried["reason"]))
