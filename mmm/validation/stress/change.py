"""Did the world stay the same: effects over time and season, the level of sales, the errors?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.validation.stress.evidence import NOTHING, Evidence
from mmm.validation.stress.result import StressTest, passed

FloatArray = NDArray[np.float64]

DRIFT = 3.0  # score of contribution x time, standard normal under the model
SEASONAL = 3.2  # length of the scores of contribution x cosine and sine of the year
STEP = 3.9  # largest score over all steps of the level
EDGE = 4  # periods at either end within which a step is not looked for
FREAK = 4.0  # largest error in robust standard deviations; one period in 16,000 under the model
ECHO = 0.38  # lag-1 correlation of errors beside the baseline's own freedom


def change_tests(evidence: Evidence) -> list[StressTest]:
    """Drift, season x media, level break, freak periods, errors that echo."""
    return [_drift(evidence), _seasonal(evidence), _level(evidence), _freaks(evidence), _echo(evidence)]


def _drift(evidence: Evidence) -> StressTest:
    time = np.linspace(-1.0, 1.0, evidence.panel.n_periods)[None, :, None]
    score = np.abs(evidence.score(evidence.contribution * time))
    names = _above(evidence, score, DRIFT)
    code, title, highest = "drift", "Effects that last", float(score.max(initial=0.0))
    if not names:
        return passed(code, title, highest, DRIFT, "No channel's effect grew or faded visibly over the history.")
    finding = f"{', '.join(names)}: the effect was not the same in the first and in the last part of the history."
    remedy = "Train with effects that may vary over time, or leave the oldest periods out."
    return StressTest(code, title, "warn", highest, DRIFT, finding, remedy, names, "C")


def _seasonal(evidence: Evidence) -> StressTest:
    year = 2 * np.pi * np.arange(evidence.panel.n_periods)[None, :, None] / evidence.periods_per_year
    parts = [evidence.score(evidence.contribution * wave) for wave in (np.cos(year), np.sin(year))]
    score = np.hypot(*parts)
    names = _above(evidence, score, SEASONAL)
    code, title, highest = "seasonal", "The same effect all year", float(score.max(initial=0.0))
    if not names:
        return passed(code, title, highest, SEASONAL, "No channel works visibly better in one season than in another.")
    finding = f"{', '.join(names)}: it works better in some seasons than in others, which the model averages."
    remedy = "Train with season x media, and plan seasons apart."
    return StressTest(code, title, "warn", highest, SEASONAL, finding, remedy, names, "C")


def _level(evidence: Evidence) -> StressTest:
    n = evidence.panel.n_periods
    places = np.arange(EDGE, n - EDGE)
    steps = (np.arange(n)[:, None] >= places[None, :]).astype(np.float64)
    markets = len(evidence.labels.markets)
    score = np.abs(evidence.score(np.broadcast_to(steps, (markets, *steps.shape)))) if len(places) else np.zeros(1)
    code, title, highest = "level", "No sudden change of level", float(score.max())
    if highest <= STEP:
        return passed(code, title, highest, STEP, "The level of sales shows no sudden step.", whole=True)
    when = evidence.panel.periods[places[int(score.argmax())]]
    finding = f"Around {when} sales moved to another level for a reason that is not in the data."
    remedy = "Say what happened as a flag among the controls (0 before, 1 after), then train again."
    return StressTest(code, title, "warn", highest, STEP, finding, remedy, evidence.labels.channels, "C", whole=True)


def _freaks(evidence: Evidence) -> StressTest:
    centred = evidence.residual - np.median(evidence.residual)
    usual = 1.4826 * float(np.median(np.abs(centred)))
    relative = np.abs(centred) / max(usual, NOTHING)
    limit = FREAK if evidence.n_rows <= 200 else float(np.sqrt(2 * np.log(evidence.n_rows)) + 1.2)
    code, title, highest = "freaks", "Ordinary errors", float(relative.max(initial=0.0))
    if highest <= limit:
        return passed(code, title, highest, limit, "No period lies far from what was expected.", whole=True)
    many = int((relative > limit).sum())
    finding = f"{many} period{'s lie' if many > 1 else ' lies'} far from what was expected; such periods bend effects."
    remedy = "Look up what happened there; exclude the period or add it as a control, then train again."
    return StressTest(code, title, "warn", highest, limit, finding, remedy, evidence.labels.channels, "C", whole=True)


def _echo(evidence: Evidence) -> StressTest:
    panel = evidence.panel
    left = np.full(panel.kpi.size, np.nan)
    left[np.flatnonzero(panel.observed.ravel())] = evidence.residual - evidence.residual.mean()
    by_market = left.reshape(panel.kpi.shape)
    products = by_market[:, 1:] * by_market[:, :-1]
    known = np.isfinite(products)
    variance = max(float(np.nanmean(by_market**2)), NOTHING)
    value = float(products[known].mean() / variance) if known.sum() > 10 else 0.0
    code, title = "echo", "Errors that do not repeat"
    if abs(value) <= ECHO:
        return passed(code, title, value, ECHO, f"Errors of neighbouring periods correlate by {value:.2f}.")
    finding = f"Errors of neighbouring periods correlate by {value:.2f}: something slow that moves sales is missing."
    remedy = "Look for what changed over these weeks (price, stock, competitors) and add it as a control."
    return StressTest(code, title, "warn", value, ECHO, finding, remedy, evidence.labels.channels, "C")


def _above(evidence: Evidence, score: FloatArray, threshold: float) -> tuple[str, ...]:
    return tuple(name for name, value in zip(evidence.labels.channels, score, strict=True) if value > threshold)
