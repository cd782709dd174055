"""Do spend and what it bought belong together?"""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import BoolArray, Check, FloatArray, day, listed, passed, unit
from mmm.data.findings import whole_percent
from mmm.data.panel import Panel

APART = 0.02  # share of a channel's spend or exposure that may come without the other: late bookings
CHEAPEST, DEAREST = 0.1, 500.0  # currency per thousand: below the cheapest banners, above the dearest television
MANY = 100_000.0  # exposures a period: so many are impressions, which have such a price; clicks and points do not
JUMP = 0.9  # decimal powers off the channel's usual cost, a little under ten times
JUMPS = 3  # periods so far off; fewer are a small buy
REAL = 0.02  # of the channel's mean spend: cheaper periods have any cost
SAME_CELLS = 8  # periods with spend that must all have the same cost to call it computed


def exposure_only(panel: Panel) -> Check:
    """Exposure in periods without spend."""
    title, code = "Exposure was paid for", "exposure_without_spend"
    found = _apart(panel, spend=False)
    if not found:
        return passed(code, title, _nothing(panel, "Exposure comes with spend."))
    return Check(
        code,
        title,
        "warn",
        f"Exposure without spend: {listed(found)}.",
        "Book the spend in the period in which it was seen; free exposure belongs in a control, not in a paid channel.",
    )


def spend_only(panel: Panel) -> Check:
    """Spend in periods without exposure."""
    title, code = "Spend bought exposure", "spend_without_exposure"
    found = _apart(panel, spend=True)
    if not found:
        return passed(code, title, _nothing(panel, "Spend comes with exposure."))
    return Check(
        code,
        title,
        "warn",
        f"Spend without exposure: {listed(found)}. A model that learns from exposure takes this for no advertising.",
        "Look for missing exposure or spend booked early or late, or leave the exposure column out.",
    )


def cost_per_exposure(panel: Panel) -> Check:
    """Prices of exposure that cannot be, that jump, or that never move at all."""
    title, code = "Plausible cost of exposure", "cost_per_exposure"
    if panel.exposure is None:
        return passed(code, title, "No channel has exposure.")
    implausible, jumping, computed = _prices(panel)
    said = [f"hardly a price for a thousand: {listed(implausible)}"] if implausible else []
    said += [f"ten times off the usual price for some time: {listed(jumping)}"] if jumping else []
    said += [f"the same price in every {unit(panel)}: {listed(computed)}"] if computed else []
    if not said:
        return passed(code, title, "Every channel's cost per exposure is plausible and steady.")
    remedies = (
        ["Check the units of spend and exposure (thousands? another currency?)"] if implausible or jumping else []
    )
    remedies += (
        ["exposure computed from spend tells nothing new, so leave it out or use the delivered figures"]
        if computed
        else []
    )
    remedy = "; ".join(remedies)
    finding = "; ".join(said)
    return Check(code, title, "warn", f"{finding[:1].upper()}{finding[1:]}.", f"{remedy[:1].upper()}{remedy[1:]}.")


def _apart(panel: Panel, *, spend: bool) -> list[str]:
    """Channels with more than `APART` of their spend (or exposure) in periods without the other."""
    if panel.exposure is None:
        return []
    known = np.isfinite(panel.exposure)
    exposure = np.where(known, panel.exposure, 0.0)
    paid = np.where(known, panel.spend, 0.0)
    amount, other = (paid, exposure) if spend else (exposure, paid)
    alone = (amount > 0) & (other <= 0)
    total = amount.sum(axis=(0, 1))
    share = np.divide(np.where(alone, amount, 0.0).sum(axis=(0, 1)), total, out=np.zeros_like(total), where=total > 0)
    said = []
    for c in np.flatnonzero(share > APART):
        periods = alone[:, :, c].any(axis=0)
        n = int(periods.sum())
        first = day(panel.periods[int(np.argmax(periods))])
        said.append(
            f"{panel.labels.channels[c]} ({whole_percent(float(share[c]))} of it, {n} {unit(panel, n)}, first {first})"
        )
    return said


def _nothing(panel: Panel, otherwise: str) -> str:
    return "No channel has exposure." if panel.exposure is None else otherwise


def _prices(panel: Panel) -> tuple[list[str], list[str], list[str]]:
    """Channels whose price is implausible (with the price), jumps, or is computed."""
    exposure = np.zeros_like(panel.spend) if panel.exposure is None else np.nan_to_num(panel.exposure, nan=0.0)
    names, spend = panel.labels.channels, panel.spend
    cells = (spend > 0) & (exposure > 0)
    count = cells.sum(axis=(0, 1))
    total = np.where(cells, exposure, 0.0).sum(axis=(0, 1))
    paid = np.where(cells, spend, 0.0).sum(axis=(0, 1))
    price = 1000 * np.divide(paid, total, out=np.zeros_like(paid), where=total > 0)
    usual = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    odd = (usual >= MANY) & (price > 0) & ((price < CHEAPEST) | (price > DEAREST))
    computed = _computed(spend, exposure, cells, count)
    jumping = _jumping(spend, exposure, cells)
    return (
        [f"{names[c]} at {price[c]:,.{_places(float(price[c]))}f} {panel.currency}" for c in np.flatnonzero(odd)],
        [f"{names[c]} (first on {day(panel.periods[jumping[c]])})" for c in sorted(jumping)],
        [names[c] for c in np.flatnonzero(computed)],
    )


def _places(price: float) -> int:
    """Decimals that a price needs to show two figures that matter."""
    return 0 if price >= 100 else 2 if price >= 0.1 else 5


def _computed(spend: FloatArray, exposure: FloatArray, cells: BoolArray, count: FloatArray) -> BoolArray:
    """Channels whose exposure is spend times one number, as far as cents and whole exposures can tell `[channel]`."""
    rate = np.divide(
        np.where(cells, exposure, 0.0).sum(axis=(0, 1)),
        np.where(cells, spend, 0.0).sum(axis=(0, 1)),
        out=np.zeros(spend.shape[2]),
        where=count > 0,
    )
    rounding = 0.5 + 0.005 * rate + 1e-9 * exposure
    same = (np.abs(exposure - rate * spend) <= rounding) | ~cells
    told = np.where(cells, exposure, 0.0).max(axis=(0, 1)) > 100 * (0.5 + 0.005 * rate)  # else rounding hides a price
    varies = np.where(cells, spend, 0.0).max(axis=(0, 1)) > np.where(cells, spend, np.inf).min(axis=(0, 1))
    return np.asarray(same.all(axis=(0, 1)) & (count >= SAME_CELLS) & told & varies)


def _jumping(spend: FloatArray, exposure: FloatArray, cells: BoolArray) -> dict[int, int]:
    """Channels whose cost is ten times off for at least `JUMPS` periods: the first such period."""
    real = cells & (spend > REAL * spend.mean(axis=(0, 1)))
    ratio = np.divide(spend, exposure, out=np.ones_like(spend), where=real)
    cost = np.where(real, np.log10(ratio), np.inf)
    count = real.sum(axis=(0, 1))
    ordered = np.sort(cost.reshape(-1, cost.shape[2]), axis=0)
    usual = ordered[np.maximum(count - 1, 0) // 2, np.arange(len(count))]  # the lower median: a price that was paid
    off = (real & (np.abs(np.where(real, cost, 0.0) - np.where(count > 0, usual, 0.0)) >= JUMP)).any(axis=0)
    return {int(c): int(np.argmax(off[:, c])) for c in np.flatnonzero(off.sum(axis=0) >= JUMPS)}
