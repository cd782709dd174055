"""Does each channel's spend move enough to be learned from?"""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import Check, listed, passed, unit
from mmm.data.checks.collinear import spread, within
from mmm.data.findings import whole_percent
from mmm.data.panel import Panel

CALM = 0.05  # spend that varies less than this share of its mean teaches little
RARE = 0.15  # share of periods with spend, below which a channel is mostly zeros
FEW = 8  # periods with spend that a curve of three parameters can at least be drawn through


def idle(panel: Panel) -> Check:
    """Channels without any spend."""
    title = "Every channel spent"
    names = [name for c, name in enumerate(panel.labels.channels) if not (panel.spend[:, :, c] > 0).any()]
    if not names:
        return passed("idle_channel", title, "Every channel has spend in some period.")
    finding = f"{listed(names)}: no spend in any period, so nothing can be learned."
    remedy = "Leave the channel out, or check that the right column was mapped."
    return Check("idle_channel", title, "warn", finding, remedy)


def calm(panel: Panel) -> Check:
    """Channels whose spend is the same, or nearly the same, in every period."""
    mean = panel.spend.mean(axis=(0, 1))
    size = spread(within(panel))
    names = panel.labels.channels
    constant = [names[c] for c in np.flatnonzero((mean > 0) & (size <= 1e-9 * mean))]
    still = [names[c] for c in np.flatnonzero((mean > 0) & (size <= CALM * mean)) if names[c] not in constant]
    if not constant and not still:
        return passed("constant_channel", "Spend varies", "Every channel's spend varies over time.")
    said = [f"{listed(constant)}: the same spend in every period"] if constant else []
    said += [f"{listed(still)}: spend varies by less than {whole_percent(CALM)} of its mean"] if still else []
    return Check(
        "constant_channel",
        "Spend varies",
        "fail" if constant else "warn",
        "; ".join(said) + ". The data cannot tell such a channel from the baseline.",
        "Plan weeks with clearly more and clearly less spend, or run a lift test.",
    )


def rare(panel: Panel) -> Check:
    """Channels that spent in so few periods that their curve rests on a handful of figures."""
    title = "Spend in enough periods"
    active = (panel.spend > 0) & panel.observed[:, :, None]
    count = active.any(axis=0).sum(axis=0)
    share = count / max(1, int(panel.observed.any(axis=0).sum()))
    few = np.flatnonzero((count > 0) & ((share < RARE) | (count < FEW)))
    if not len(few):
        return passed("mostly_zero", title, "Every channel that is used has spend in many periods.")
    said = [f"{panel.labels.channels[c]} ({count[c]} {unit(panel, int(count[c]))})" for c in few]
    return Check(
        "mostly_zero",
        title,
        "warn",
        f"Spend is zero in most periods: {listed(said)} with spend. What such a channel does rests on a few figures, "
        "and whatever else happened then is credited to it.",
        "Merge it with a channel of the same kind, or add a 0/1 control for what else happened in those periods.",
    )
