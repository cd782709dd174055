"""Can the data say anything about a channel at all: does it vary, by itself, for long enough?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import whole_percent
from mmm.validation.stress.evidence import NOTHING, Evidence
from mmm.validation.stress.result import Cap, StressTest, passed

FloatArray = NDArray[np.float64]

FLAT = 0.08  # variation ÷ mean of the drive below which a channel hardly moves
IN_STEP = 0.85  # correlation of two channels' spend beyond season and controls
WEAK, BLIND = 0.8, 0.35  # evidence of a channel's effect in standard errors; below 1 the prior says more than the data
FULL_YEAR = 1.0  # years of history that show every season once


def spend_tests(evidence: Evidence) -> list[StressTest]:
    """Constant spend, channels in step, weak evidence, short history."""
    return [_constant(evidence), *_in_step(evidence), *_weak(evidence), _short(evidence)]


def _constant(evidence: Evidence) -> StressTest:
    drive = evidence.rows(evidence.drive)
    mean = drive.mean(axis=0)
    variation = np.where(mean > 0, drive.std(axis=0) / np.maximum(mean, NOTHING), 1.0)
    flat = tuple(name for name, value in zip(evidence.labels.channels, variation, strict=True) if value < FLAT)
    title = "Spend that varies"
    lowest = float(variation.min(initial=1.0))
    if not flat:
        return passed("constant", title, lowest, FLAT, "Every channel's spend varies enough to be learnt from.")
    finding = f"{_listed(flat)}: spend hardly ever changed, so the data cannot show what it brings."
    remedy = "Vary the spend on purpose, for example in every other region or month, or run a lift test."
    return StressTest("constant", title, "warn", lowest, FLAT, finding, remedy, flat, "D")


def _in_step(evidence: Evidence) -> list[StressTest]:
    title, names = "Channels that can be told apart", evidence.labels.channels
    drive = evidence.rows(evidence.drive)
    varies = np.flatnonzero(drive.std(axis=0) > NOTHING)
    found, highest = [], 0.0
    correlation = np.atleast_2d(np.corrcoef(drive[:, varies].T)) if len(varies) > 1 else np.eye(len(varies))
    for i in range(len(varies)):
        for j in range(i + 1, len(varies)):
            value = float(abs(correlation[i, j]))
            highest = max(highest, value)
            if value > IN_STEP:
                pair = (names[varies[i]], names[varies[j]])
                finding = f"The spend of {_listed(pair)} moves in step: only what they bring together is known."
                remedy = "Vary one without the other for some weeks, or run a lift test of one of them."
                found.append(StressTest("in_step", title, "warn", value, IN_STEP, finding, remedy, pair, "D"))
    return found or [passed("in_step", title, highest, IN_STEP, "No two channels' spend moves in step.")]


def _weak(evidence: Evidence) -> list[StressTest]:
    """Evidence of a channel is its contribution ÷ the standard error that the data alone would give it."""
    _, error = evidence.multiplier()
    active = evidence.contribution.any(axis=(0, 1))
    strength = np.where(active, 1.0 / np.maximum(error, NOTHING), 0.0)
    title, found = "Data that say something", []
    for channel, value in zip(evidence.labels.channels, strength.tolist(), strict=True):
        if value < WEAK:
            blind = value < BLIND
            finding = (
                f"{channel}: the data hold next to no trace of its effect; the figure is what we assumed beforehand."
                if blind
                else f"{channel}: the data add little to what we assumed beforehand, so its size is mostly a guess."
            )
            remedy = "Run a lift test, or change its spend by more than it usually moves."
            threshold = BLIND if blind else WEAK
            cap: Cap = "D" if blind else "C"
            found.append(StressTest("weak", title, "warn", value, threshold, finding, remedy, (channel,), cap))
    lowest = float(strength.min(initial=9.0))
    return found or [
        passed("weak", title, lowest, WEAK, "The data speak louder than the assumptions on every channel.")
    ]


def _short(evidence: Evidence) -> StressTest:
    years = evidence.panel.observed.sum(axis=1).max() / evidence.periods_per_year
    title = "Enough history"
    told = f"{years:.1f} years of history" if years >= FULL_YEAR else f"{whole_percent(float(years))} of a year"
    if years >= FULL_YEAR:
        finding = f"{told} show every season at least once."
        return passed("short", title, years, FULL_YEAR, finding, whole=True)
    finding = f"Only {told} is known: season and advertising cannot be told apart."
    remedy = "Add older periods, or wait for a full year before money is moved by these numbers."
    channels = evidence.labels.channels
    return StressTest("short", title, "warn", float(years), FULL_YEAR, finding, remedy, channels, "C", whole=True)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
