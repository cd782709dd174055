"""The health card: checks of a fitted model, each with what it found and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.data.panel import Panel
from mmm.effects.roi import Roi
from mmm.models.base import FittedModel
from mmm.validation.holdout import FittedPeriods, HoldOut
from mmm.validation.stress.result import Status, StressTest

FloatArray = NDArray[np.float64]

WORST: tuple[Status, ...] = ("pass", "warn", "fail")

MEDIA_SHARE_WARN = 0.6  # media that explain most of sales are rare outside direct response
MEDIA_SHARE_FAIL = 0.95
COVERAGE_WARN, COVERAGE_FAIL = 0.7, 0.4  # of 90 % intervals; 24 weeks at 90 % hold 17 or more in 99 of 100 cases
AUTOCORRELATION_WARN = 0.4  # lag 1; about four standard errors on two years of weeks
CONVERGENCE_WARN = 0.35  # shift of a parameter's mean over the second half of sampling, in posterior deviations
R_HAT_WARN = 1.05
INDEPENDENT_WARN = 50.0  # draws: ends of a 90 % interval then rest on two or three of them each
EXTREME_ROI = 20.0
SAME_VOICE = 0.9  # correlation of two channels' spend above which the data hardly tell them apart


@dataclass(frozen=True)
class HealthCheck:
    """One check of a fitted model."""

    code: str
    title: str
    status: Status
    finding: str
    remedy: str


@dataclass(frozen=True)
class Health:
    """All checks, and the worst status among them."""

    checks: tuple[HealthCheck, ...]

    @property
    def status(self) -> Status:
        """Worst status."""
        return max((check.status for check in self.checks), key=WORST.index, default="pass")

    @property
    def ok(self) -> bool:
        """No check failed."""
        return self.status != "fail"

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"status": self.status, "checks": [asdict(check) for check in self.checks]}


def check_health(
    model: FittedModel,
    panel: Panel,
    returns: Roi,
    held: HoldOut,
    fitted: FittedPeriods,
    stress: Sequence[StressTest] = (),
) -> Health:
    """Every check that applies to this model, and the stress tests that concern all of it."""
    without_media = model.expected(panel.inputs().media_off()).mean(axis=0)
    checks = [
        _beats_yardstick(held),
        _interval_holds(held),
        _media_share(fitted.expected.mean, without_media),
        _baseline_positive(without_media),
        _residuals(fitted),
        _plausible_returns(returns),
        _distinguishable(panel),
        *_convergence(model),
        *(HealthCheck(t.code, t.title, t.status, t.finding, t.remedy) for t in stress if t.whole),
    ]
    return Health(tuple(checks))


def _beats_yardstick(held: HoldOut) -> HealthCheck:
    ratio = held.model.rmse / held.yardstick.rmse if held.yardstick.rmse > 0 else 1.0
    status: Status = "pass" if ratio <= 1.05 else "warn" if ratio <= 1.5 else "fail"
    finding = (
        f"Over the last {len(held.periods)} periods, which it had not seen, the model's error was "
        f"{ratio:.2f} times that of a plain regression on spend and lagged spend."
    )
    remedy = (
        "" if status == "pass" else "Look for a missing control, a level break or a wrong mapping in these periods."
    )
    return HealthCheck("hold_out", "Forecast of periods it had not seen", status, finding, remedy)


def _interval_holds(held: HoldOut) -> HealthCheck:
    share = held.coverage
    status: Status = "pass" if share >= COVERAGE_WARN else "warn" if share >= COVERAGE_FAIL else "fail"
    finding = f"{whole_percent(share)} of these periods fell inside the model's 90 % interval."
    remedy = (
        ""
        if status == "pass"
        else "The future differed from the past; do not rely on the intervals until it is explained."
    )
    return HealthCheck("coverage", "Intervals that hold", status, finding, remedy)


def _media_share(fitted: FloatArray, without_media: FloatArray) -> HealthCheck:
    share = float((fitted - without_media).sum() / max(abs(fitted.sum()), 1e-12))
    status: Status = "fail" if not 0 <= share <= MEDIA_SHARE_FAIL else "warn" if share > MEDIA_SHARE_WARN else "pass"
    finding = f"The model ascribes {whole_percent(share)} of the KPI to media."
    remedy = "" if status == "pass" else "Add what else moves sales (price, distribution, season), then train again."
    return HealthCheck("media_share", "Share of media", status, finding, remedy)


def _baseline_positive(without_media: FloatArray) -> HealthCheck:
    below = float((without_media < 0).mean())
    status: Status = "pass" if below == 0 else "warn" if below < 0.05 else "fail"
    finding = (
        "Without media, sales stay positive in every period."
        if below == 0
        else (f"Without media, the model expects negative sales in {whole_percent(below)} of periods.")
    )
    remedy = "" if status == "pass" else "Check the mapping and the KPI's unit; a trend may be missing."
    return HealthCheck("baseline", "Plausible baseline", status, finding, remedy)


def _residuals(fitted: FittedPeriods) -> HealthCheck:
    worst = max((abs(_lag_one(row)) for row in fitted.actual - fitted.expected.mean), default=0.0)
    status: Status = "pass" if worst < AUTOCORRELATION_WARN else "warn"
    finding = f"Errors of neighbouring periods correlate by {worst:.2f}."
    remedy = "" if status == "pass" else "Something slow is missing from the data; add it as a control."
    return HealthCheck("residuals", "Nothing left in the errors", status, finding, remedy)


def _lag_one(residual: FloatArray) -> float:
    """Lag-1 autocorrelation, gaps left out; 0 where fewer than 10 neighbouring pairs are known."""
    centred = residual - np.nanmean(residual) if np.isfinite(residual).any() else residual
    pairs = np.isfinite(centred[1:]) & np.isfinite(centred[:-1])
    if pairs.sum() < 10:
        return 0.0
    variance = float(np.nanmean(centred**2))
    return float(np.mean(centred[1:][pairs] * centred[:-1][pairs]) / variance) if variance > 0 else 0.0


def _plausible_returns(returns: Roi) -> HealthCheck:
    title = "Plausible returns"
    if returns.roi is None:
        finding = "No value per unit is known, so returns in money cannot be checked."
        return HealthCheck("returns", title, "pass", finding, "")
    mean = returns.roi.mean
    names = [n for n, value in zip(returns.labels.channels, mean.tolist(), strict=True) if value > EXTREME_ROI]
    if not names:
        return HealthCheck(
            "returns", title, "pass", f"No channel returns more than {EXTREME_ROI:.0f} times its spend.", ""
        )
    finding = f"{', '.join(names)}: more than {EXTREME_ROI:.0f} times the spend, which is hardly believable."
    return HealthCheck(
        "returns", title, "warn", finding, "Check the spend's unit, and whether the channel follows demand."
    )


def _distinguishable(panel: Panel) -> HealthCheck:
    pairs = [f"{a} and {b}" for a, b in _moving_together(panel)]
    title = "Channels that can be told apart"
    if not pairs:
        return HealthCheck("distinct", title, "pass", "No two channels' spend moves in step.", "")
    finding = f"The data cannot tell {'; '.join(pairs)} apart: their spend moves in step."
    return HealthCheck("distinct", title, "warn", finding, "Vary one without the other, or run a lift test.")


def _moving_together(panel: Panel) -> Iterator[tuple[str, str]]:
    flat = panel.spend.reshape(-1, panel.spend.shape[-1])
    varies = np.flatnonzero(flat.std(axis=0) > 0)
    if len(varies) < 2:
        return
    correlation = np.atleast_2d(np.corrcoef(flat[:, varies].T))
    for i in range(len(varies)):
        for j in range(i + 1, len(varies)):
            if abs(correlation[i, j]) > SAME_VOICE:
                yield panel.labels.channels[varies[i]], panel.labels.channels[varies[j]]


def _convergence(model: FittedModel) -> Iterator[HealthCheck]:
    told = model.diagnostics
    if told.get("worst_shift") is None:
        return
    shift, r_hat = float(told["worst_shift"]), float(told.get("r_hat", 1.0))
    independent = float(told.get("effective_draws", np.inf))
    settled = shift < CONVERGENCE_WARN and r_hat < R_HAT_WARN and independent > INDEPENDENT_WARN
    finding = f"Over the second half of sampling no parameter's mean moved by more than {shift:.2f} deviations"
    if "r_hat" in told:
        finding += f"; R-hat is {r_hat:.3f} and the draws are worth {independent:.0f} independent ones"
    status: Status = "pass" if settled else "warn"
    remedy = "" if status == "pass" else "Train again with full effort."
    yield HealthCheck("convergence", "Sampling settled", status, f"{finding}.", remedy)
