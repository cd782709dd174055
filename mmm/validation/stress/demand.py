"""Does spend cause sales, or do sales cause spend?"""

from __future__ import annotations

import re

import numpy as np

from mmm.data.findings import whole_percent
from mmm.validation.stress.evidence import Evidence, lagged, partial_t
from mmm.validation.stress.result import StressTest, passed

REVERSE = 4.2  # t of last period's KPI on spend; about one alarm in 2,000 clean channels
AHEAD = 3.6  # score of next period's spend on this period's KPI
DOMINANT, TILTED = 0.42, 0.5  # share of all media effect; log of that share ÷ the share of spend
ALWAYS_ON = 0.05  # added to the drive before the logarithm, in usual levels
BRAND = re.compile(r"(^|[^a-z])(brand(ed)?|marke)([^a-z]|$)", re.IGNORECASE)


def demand_tests(evidence: Evidence) -> list[StressTest]:
    """Spend set from past sales, spend that runs ahead of sales, channels that claim too much, brand search."""
    return [*_reverse(evidence), _ahead(evidence), *_too_much(evidence), *_brand(evidence)]


def _reverse(evidence: Evidence) -> list[StressTest]:
    """Granger's test the other way round: does last period's KPI explain spend beyond its own past and season?"""
    code, title = "reverse", "Spend decides sales, not sales spend"
    if evidence.panel.n_periods < 12:
        return []
    size = evidence.scaling.kpi[:, None]
    panel = evidence.panel
    known = np.where(panel.observed, panel.kpi, size) / size
    before = evidence.rows(lagged(known[..., None], 1))[:, 0]
    level = np.log(evidence.drive + ALWAYS_ON)
    values = []
    for channel in range(level.shape[-1]):
        own = level[..., channel : channel + 1]
        past = [evidence.rows(x) for x in (evidence.baseline, lagged(own, 1), lagged(own, 2))]
        columns = np.hstack(past)
        left = evidence.left_over(np.stack([evidence.rows(own)[:, 0], before], axis=1), columns)
        values.append(abs(partial_t(left[:, 0], left[:, 1], evidence.n_rows - columns.shape[1] - 1)))
    caught = tuple(n for n, value in zip(evidence.labels.channels, values, strict=True) if value > REVERSE)
    highest = max(values, default=0.0)
    if not caught:
        finding = "No channel's spend follows the sales of the period before."
        return [passed(code, title, highest, REVERSE, finding, whole=True)]
    finding = f"{', '.join(caught)}: spend follows the sales of the period before, so sales drive spend here."
    remedy = "Do not move money by this model; fix the budget for some weeks or run a lift test, then train again."
    channels = evidence.labels.channels
    return [StressTest(code, title, "fail", highest, REVERSE, finding, remedy, channels, "D", whole=True)]


def _ahead(evidence: Evidence) -> StressTest:
    code, title = "ahead", "No effect before its cause"
    score = np.abs(evidence.score(lagged(evidence.drive, -1)))
    caught = tuple(n for n, value in zip(evidence.labels.channels, score, strict=True) if value > AHEAD)
    highest = float(score.max(initial=0.0))
    if not caught:
        return passed(code, title, highest, AHEAD, "Next period's spend says nothing about this period's sales.")
    finding = f"{', '.join(caught)}: the spend of the next period explains this period's sales, so it follows demand."
    remedy = "Add what demand is planned by (search volume, forecast, stock) as a control, or run a lift test."
    return StressTest(code, title, "warn", highest, AHEAD, finding, remedy, caught, "C")


def _too_much(evidence: Evidence) -> list[StressTest]:
    code, title = "too_much", "Effects in proportion"
    mean = np.maximum(evidence.found.draws.mean(axis=0), 0.0)
    share = mean / max(float(mean.sum()), 1e-12)
    spend = np.maximum(evidence.scaling.spend_share, 0.02 / max(len(share), 1))
    tilt = np.log(np.maximum(share, 1e-4) / (spend / spend.sum()))
    found = []
    for place, channel in enumerate(evidence.labels.channels):
        if len(share) > 2 and share[place] > DOMINANT and tilt[place] > TILTED:
            finding = (
                f"{channel} takes {whole_percent(float(share[place]))} of all media effect for "
                f"{whole_percent(float(evidence.scaling.spend_share[place]))} of the spend: it may follow demand."
            )
            remedy = "Check whether people who already wanted to buy trigger this spend; run a lift test."
            found.append(
                StressTest(code, title, "warn", float(share[place]), DOMINANT, finding, remedy, (channel,), "C")
            )
    highest = float(share.max(initial=0.0))
    return found or [passed(code, title, highest, DOMINANT, "No channel claims far more than its share of spend.")]


def _brand(evidence: Evidence) -> list[StressTest]:
    caught = tuple(name for name in evidence.labels.channels if BRAND.search(name.replace("_", " ")))
    if not caught:
        return []
    finding = f"{', '.join(caught)}: branded search is bought by people who already look for you; it follows demand."
    remedy = "Give branded search volume as a control, or switch it off in some regions as a test."
    return [StressTest("brand", "Branded search", "warn", float(len(caught)), 1.0, finding, remedy, caught, "C")]
