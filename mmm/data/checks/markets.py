"""Does spend by market tell more than spend of the whole?"""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import Check, FloatArray, listed, passed
from mmm.data.panel import Panel
from mmm.data.split import fixed_shares

ALIKE = 0.05  # relative difference up to which two splits over markets are the same


def split_by_size(panel: Panel) -> Check:
    """Channels whose market spend is the national spend times a fixed share, such as the population's."""
    title, code = "Markets differ in spend", "spend_split_by_size"
    if len(panel.labels.markets) < 2:
        return passed(code, title, "There is one market.")
    share, fixed = fixed_shares(panel)
    found = np.flatnonzero(fixed)
    if not len(found):
        return passed(code, title, "Spend moves differently from market to market, which helps to tell channels apart.")
    names = [panel.labels.channels[c] for c in found]
    return Check(
        code,
        title,
        "warn",
        f"{listed(names)}: each market's spend is the national spend times {_basis(panel, share[:, found])}, so "
        "markets teach no more than the whole would.",
        "Use the spend that really ran in each market, hold it back in some markets for a while, or analyse the whole.",
    )


def _basis(panel: Panel, share: FloatArray) -> str:
    """By what the shares `[market, channel]` were made, as far as can be seen."""
    kpi = np.where(panel.observed, panel.kpi, 0.0).sum(axis=1)
    for weights, words in ((panel.population, "its share of the population"), (kpi, f"its share of {panel.kpi_name}")):
        if weights is not None and weights.sum() > 0 and (weights > 0).all():
            wanted = (weights / weights.sum())[:, None]
            if (np.abs(share - wanted) <= ALIKE * wanted).all():
                return words
    return "a fixed share"
