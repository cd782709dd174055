"""Are KPI and spend in units that belong together?"""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import Check, Status, listed, passed
from mmm.data.findings import whole_percent
from mmm.data.panel import Panel

LARGEST, SMALLEST = 1.0, 0.001  # media spend as a share of the KPI in money; budgets lie between 0.5 and 30 %
AN_INDEX = 1.0  # currency: spend that never exceeds it in any period is a scaled index, not money
NEGATIVE_FAIL = 0.5  # share of periods below zero from which the KPI is a change or a score, not sales
ZEROS = 0.2  # share of periods without any sale above which a model of a mean misleads


def not_money(panel: Panel) -> Check:
    """Channels whose spend is scaled to 0-1, as examples and prepared files often have it."""
    title, code = "Spend is money", "spend_not_money"
    top = panel.spend.max(axis=(0, 1))
    varies = top > panel.spend.min(axis=(0, 1))
    names = [panel.labels.channels[c] for c in np.flatnonzero((top > 0) & (top <= AN_INDEX) & varies)]
    if not names:
        return passed(code, title, "Spend has the size of money.")
    return Check(
        code,
        title,
        "fail",
        f"{listed(names)}: spend is never more than {AN_INDEX:g} {panel.currency} a period, as if it had been scaled "
        f"to 0–1. A return per {panel.currency} would be absurd.",
        f"Upload the spend in {panel.currency} before scaling, or multiply the column back.",
    )


def target_scale(panel: Panel) -> Check:
    """Media spend against the KPI in money."""
    title, code = "Spend fits the KPI", "target_scale"
    money = panel.money_per_kpi
    if money is None:
        return passed(code, title, "What a unit of the KPI is worth is not known, so its size cannot be compared.")
    seen = panel.observed
    sold = float((panel.kpi[seen] * money[seen]).sum())
    spent = float(panel.spend[seen].sum())
    if sold <= 0 or spent <= 0:
        return passed(code, title, "There is nothing to compare.")
    share = spent / sold
    if SMALLEST <= share <= LARGEST:
        return passed(code, title, f"Media spend is {whole_percent(share)} of {panel.kpi_name}.")
    if share > LARGEST:
        finding = f"Media spend is {share:,.1f} times {panel.kpi_name} in money: advertising could never pay back."
        remedy = (
            f"Check whether {panel.kpi_name} is in thousands or millions, is a count, or covers a part of sales only."
        )
    else:
        finding = f"Media spend is {100 * share:.2g}\u202f% of {panel.kpi_name} in money, which is next to nothing."
        remedy = "Check whether spend is in thousands, an index or in another unit, or covers a part of media only."
    return Check(code, title, "warn", finding, remedy)


def kpi_values(panel: Panel) -> Check:
    """A KPI that never moves, is below zero, or is mostly nothing."""
    title, code = "The KPI is a quantity", "kpi_values"
    kpi = panel.kpi[panel.observed]
    if not len(kpi):
        return passed(code, title, "No period is observed.")
    below, zero = float((kpi < 0).mean()), float((kpi == 0).mean())
    status: Status = "pass"
    said, remedy = "", ""
    if (kpi == kpi[0]).all() and len(kpi) > 1:
        status, said = "fail", f"{panel.kpi_name} is the same in every period, so there is nothing to explain."
        remedy = "Check that the right column was mapped."
    elif below > 0:
        status = "fail" if below > NEGATIVE_FAIL else "warn"
        said = f"{panel.kpi_name} is below zero in {whole_percent(below)} of the periods."
        remedy = "Use sales before returns, or a level instead of a change; check the sign of corrections."
    elif zero > ZEROS:
        status, said = "warn", f"{panel.kpi_name} is zero in {whole_percent(zero)} of the periods."
        remedy = (
            "Use longer periods, put small markets together, or check whether missing figures were written as zero."
        )
    return Check(code, title, status, said, remedy) if said else passed(code, title, f"{panel.kpi_name} is above zero.")
