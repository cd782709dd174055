"""Is there enough to learn from: history against parameters, and figures that are missing."""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import Check, Status, day, of_market, passed, unit
from mmm.data.findings import counted, whole_percent
from mmm.data.panel import Panel

SEASON_TERMS = 4  # two pairs of sine and cosine, as a usual fit has
MEDIA_TERMS = 3  # effect, carry-over and saturation of a channel
ENOUGH, SCARCE = 5.0, 2.5  # periods for each parameter: advised, and below which nothing can be learned
UNOBSERVED_WARN, UNOBSERVED_FAIL = 0.1, 0.3  # share of periods not used for fitting


def length(panel: Panel) -> Check:
    """Periods of history against the things a model has to learn."""
    channels, controls = len(panel.labels.channels), len(panel.labels.modelled_controls)
    parameters = 2 + SEASON_TERMS + controls + MEDIA_TERMS * channels
    periods = int(panel.observed.any(axis=0).sum())
    ratio = periods / parameters
    status: Status = "pass" if ratio >= ENOUGH else "warn" if ratio >= SCARCE else "fail"
    return Check(
        "length",
        "Enough history",
        status,
        f"{periods} {unit(panel, periods)} for some {parameters} things to learn ({counted(channels, 'channel')}, "
        f"{counted(controls, 'control')}, trend and season): {ratio:.1f} for each.",
        ""
        if status == "pass"
        else "Add earlier history, or merge channels that are planned together. Ranges will be wide until then.",
    )


def unobserved(panel: Panel) -> Check:
    """Periods that are filled or excluded, and the longest stretch of them."""
    share = 1.0 - float(panel.observed.mean())
    status: Status = "pass" if share <= UNOBSERVED_WARN else "warn" if share <= UNOBSERVED_FAIL else "fail"
    count = int((~panel.observed).sum())
    if not count:
        return passed("unobserved", "Gaps", f"No {unit(panel)} is missing.")
    market, first, last = _longest(panel)
    n = last - first + 1
    where = f"{day(panel.periods[first])}" + (f" to {day(panel.periods[last])}" if n > 1 else "")
    finding = (
        f"{count:,} of {panel.observed.size:,} periods ({whole_percent(share)}) are filled or excluded, so not fitted. "
        f"The longest stretch is {n} {unit(panel, n)}{of_market(panel, market)}: {where}."
    )
    remedy = "" if status == "pass" else "Find the missing values in the source and upload the file again."
    return Check("unobserved", "Gaps", status, finding, remedy)


def _longest(panel: Panel) -> tuple[int, int, int]:
    """Market, first and last period of the longest stretch that is not observed."""
    best = (0, 0, -1)
    for market, missing in enumerate(~panel.observed):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
        for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if stop - first > best[2] - best[1] + 1:
                best = (market, first, stop - 1)
    return best
