"""Questions asked of a panel before it is fitted: is it long enough, and can its channels be told apart?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]
Status = Literal["pass", "warn", "fail"]

SEASON_TERMS = 4  # two pairs of sine and cosine, as a usual fit has
MEDIA_TERMS = 3  # effect, carry-over and saturation of a channel
ENOUGH, SCARCE = 5.0, 2.5  # periods for each parameter: advised, and below which nothing can be learned
CORRELATED, INSEPARABLE = 0.9, 0.98  # |r| of two channels' spend within markets
HIGH_VIF, EXTREME_VIF = 10.0, 50.0  # usual reading of a variance inflation factor
UNOBSERVED_WARN, UNOBSERVED_FAIL = 0.1, 0.3  # share of periods not used for fitting
OUTLIER = 6.0  # robust standard deviations from the running median
EXACT = 1e-12  # shares below are rounding
CALM = 0.05  # spend that varies less than this share of its mean teaches little


@dataclass(frozen=True)
class Check:
    """The answer to one question about a panel.

    Attributes:
        code: stable name of the question.
        status: "pass", "warn" (usable, with care) or "fail" (the answer of a model would mislead).
        finding: what was seen, with names and numbers.
        remedy: what to do about it; empty where nothing is needed.
    """

    code: str
    title: str
    status: Status
    finding: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """The check as JSON-able values."""
        return asdict(self)


def check_panel(panel: Panel) -> tuple[Check, ...]:
    """Every check of a panel, in the order a person reads them."""
    checks: tuple[Callable[[Panel], Check], ...] = (_length, _unobserved, _idle, _calm, _pairs, _inflation, _outliers)
    return tuple(check(panel) for check in checks)


def variance_inflation(panel: Panel) -> FloatArray:
    """Variance inflation factor of each channel's spend given the others, `[channel]`.

    VIF_c = 1 / (1 - R2_c), R2_c from regressing spend c on all other channels within markets (Belsley, Kuh and
    Welsch 1980). NaN for a channel that never varies, infinite where the others tell it exactly.
    """
    spend = _within(panel)
    moving = np.flatnonzero(_spread(spend) > 0)
    factors = np.full(spend.shape[1], np.nan)
    if len(moving) == 0:
        return factors
    scaled = spend[:, moving] / _spread(spend)[moving]
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=True)
    rank = int((sizes > sizes[0] * max(scaled.shape) * np.finfo(np.float64).eps).sum())
    tied = (axes[rank:] ** 2).sum(axis=0) > EXACT  # part of a sum that is zero in every period: told by the others
    left = 1.0 / ((axes[:rank] / sizes[:rank, None]) ** 2).sum(axis=0)  # what the others do not explain, squared
    share = left / (scaled**2).sum(axis=0)
    factors[moving] = np.where(tied | (share <= EXACT), np.inf, 1.0 / np.maximum(share, EXACT))
    return factors


def _within(panel: Panel) -> FloatArray:
    """Observed spend less each market's mean, `[observation, channel]`."""
    parts = []
    for market in range(len(panel.labels.markets)):
        spend = panel.spend[market][panel.observed[market]]
        parts.append(spend - spend.mean(axis=0) if len(spend) else spend)
    return np.concatenate(parts)


def _spread(spend: FloatArray) -> FloatArray:
    """Standard deviation of each channel, zero where nothing was observed."""
    return np.asarray(spend.std(axis=0)) if len(spend) else np.zeros(spend.shape[1])


def _length(panel: Panel) -> Check:
    channels, controls = len(panel.labels.channels), len(panel.labels.modelled_controls)
    parameters = 2 + SEASON_TERMS + controls + MEDIA_TERMS * channels
    periods = int(panel.observed.any(axis=0).sum())
    ratio = periods / parameters
    status: Status = "pass" if ratio >= ENOUGH else "warn" if ratio >= SCARCE else "fail"
    unit = panel.labels.frequency.value
    return Check(
        "length",
        "Enough history",
        status,
        f"{periods} {unit}s for some {parameters} things to learn ({channels} channels, {controls} controls, trend and "
        f"season): {ratio:.1f} for each.",
        ""
        if status == "pass"
        else "Add earlier history, or merge channels that are planned together. Ranges will be wide until then.",
    )


def _unobserved(panel: Panel) -> Check:
    share = 1.0 - float(panel.observed.mean())
    status: Status = "pass" if share <= UNOBSERVED_WARN else "warn" if share <= UNOBSERVED_FAIL else "fail"
    count = int((~panel.observed).sum())
    finding = (
        f"{count:,} of {panel.observed.size:,} periods ({whole_percent(share)}) are filled or excluded, so not fitted."
    )
    remedy = "" if status == "pass" else "Find the missing values in the source and upload the file again."
    return Check("unobserved", "Gaps", status, finding, remedy)


def _idle(panel: Panel) -> Check:
    idle = [name for c, name in enumerate(panel.labels.channels) if not (panel.spend[:, :, c] > 0).any()]
    if not idle:
        return Check("idle_channel", "Every channel spent", "pass", "Every channel has spend in some period.", "")
    names = ", ".join(idle)
    return Check(
        "idle_channel",
        "Every channel spent",
        "warn",
        f"{names}: no spend in any period, so nothing can be learned.",
        "Leave the channel out, or check that the right column was mapped.",
    )


def _calm(panel: Panel) -> Check:
    spend = _within(panel)
    mean = panel.spend.mean(axis=(0, 1))
    names = panel.labels.channels
    constant = [names[c] for c in np.flatnonzero((mean > 0) & (_spread(spend) <= 1e-9 * mean))]
    calm = [names[c] for c in np.flatnonzero((mean > 0) & (_spread(spend) <= CALM * mean)) if names[c] not in constant]
    if not constant and not calm:
        return Check("constant_channel", "Spend varies", "pass", "Every channel's spend varies over time.", "")
    said = [f"{', '.join(constant)}: the same spend in every period"] if constant else []
    said += [f"{', '.join(calm)}: spend varies by less than {whole_percent(CALM)} of its mean"] if calm else []
    return Check(
        "constant_channel",
        "Spend varies",
        "fail" if constant else "warn",
        "; ".join(said) + ". The data cannot tell such a channel from the baseline.",
        "Plan weeks with clearly more and clearly less spend, or run a lift test.",
    )


def _pairs(panel: Panel) -> Check:
    spend = _within(panel)
    names = panel.labels.channels
    moving = np.flatnonzero(_spread(spend) > 0)
    correlation = (
        np.corrcoef(spend[:, moving], rowvar=False).reshape(len(moving), len(moving)) if len(spend) > 1 else None
    )
    found = [
        (abs(float(correlation[i, j])), float(correlation[i, j]), names[moving[i]], names[moving[j]])
        for i in range(len(moving))
        for j in range(i + 1, len(moving))
        if correlation is not None and abs(correlation[i, j]) > CORRELATED
    ]
    if not found:
        finding = f"No two channels' spend moves together closely (|r| at most {CORRELATED:g})."
        return Check("collinear_pair", "Channels move apart", "pass", finding, "")
    found.sort(reverse=True)
    return Check(
        "collinear_pair",
        "Channels move apart",
        "fail" if found[0][0] > INSEPARABLE else "warn",
        "Spend moves together: " + "; ".join(f"{a} and {b} (r = {r:.2f})" for _, r, a, b in found) + ".",
        "Move one of them alone for some weeks, test one with a lift test, or merge the two into one channel.",
    )


def _inflation(panel: Panel) -> Check:
    factors = variance_inflation(panel)
    names = panel.labels.channels
    high = [c for c in np.argsort(-np.nan_to_num(factors, nan=0.0)) if np.nan_to_num(factors[c], nan=0.0) > HIGH_VIF]
    if not high:
        top = float(np.nanmax(factors)) if np.isfinite(factors).any() else 1.0
        return Check(
            "vif", "No channel is a mix of others", "pass", f"Highest variance inflation factor {top:.1f}.", ""
        )
    listed = "; ".join(f"{names[c]} ({'infinite' if np.isinf(factors[c]) else f'{factors[c]:.0f}'})" for c in high)
    return Check(
        "vif",
        "No channel is a mix of others",
        "fail" if factors[high[0]] > EXTREME_VIF else "warn",
        f"Other channels' spend nearly tells this channel's: {listed} (variance inflation, high above {HIGH_VIF:g}).",
        "Merge channels that are always planned together, or vary one of them on its own.",
    )


def _outliers(panel: Panel) -> Check:
    found: list[str] = []
    for market, name in enumerate(panel.labels.markets):
        where = f" ({name})" if len(panel.labels.markets) > 1 else ""
        seen = panel.observed[market]
        strange = _far_off(panel.kpi[market][seen])
        found += [f"{day}{where}" for day in panel.periods[seen][strange]]
    if not found:
        return Check("outliers", "No freak periods", "pass", "No period's KPI lies far off its neighbours.", "")
    listed = ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")
    return Check(
        "outliers",
        "No freak periods",
        "warn",
        f"The KPI lies far off its neighbours in {listed}.",
        "Check the figures; if something special happened (a launch, a strike), add a 0/1 column for it as a control.",
    )


def _far_off(kpi: FloatArray, half: int = 6) -> NDArray[np.bool_]:
    """Periods more than `OUTLIER` robust standard deviations from the median of their neighbours."""
    if len(kpi) < 2 * half + 1:
        return np.zeros(len(kpi), dtype=np.bool_)
    padded = np.pad(kpi, half, mode="reflect")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
    off = kpi - middle
    spread = 1.4826 * float(np.median(np.abs(off)))  # equals the standard deviation of a normal sample
    return np.asarray(np.abs(off) > OUTLIER * spread) if spread > 0 else np.zeros(len(kpi), dtype=np.bool_)
