"""What one lift test a channel is worth: `python benchmarks/lift.py`, beside the same seeds without tests.

The read-out of a channel: of all runs of `WEEKS` weeks inside the fitted window in which the channel spends at least
`LEAST` of what it usually spends in as many weeks, one is drawn at random. Its true lift is the KPI that lands inside
these weeks with everything as it was, less the same with the channel's spend of these weeks at zero. The standard error
is `SE` of the true lift, and the read-out is the true lift plus an error drawn from a normal with that standard error.
Prints one Markdown row a kind of world and case; the columns are those of docs/measures.md.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import Trial
from recovery import FREE, USUAL, planned, world

from mmm.data.lift import LiftTest
from mmm.models.base import FitSettings
from mmm.models.registry import family

WEEKS = 4
LEAST = 0.5
SE = 0.2
CASES = ("without tests", "one test a channel")


def tested(trial: Trial, seed: int) -> Trial:
    """The same trial with one read-out of every channel."""
    tests = tuple(read_out(trial, channel, seed) for channel in range(len(trial.seen.labels.channels)))
    return replace(trial, seen=replace(trial.seen, lift_tests=tests))


def read_out(trial: Trial, channel: int, seed: int) -> LiftTest:
    """One simulated experiment on a channel."""
    panel, truth = trial.seen, trial.world.truth
    rng = np.random.default_rng([seed, channel, WEEKS])
    spent = np.convolve(panel.spend[0, :, channel], np.ones(WEEKS), mode="valid")
    usual = WEEKS * panel.spend[0, :, channel].mean()
    first = int(rng.choice(np.flatnonzero(spent >= LEAST * usual)))
    window = slice(first, first + WEEKS)
    without = panel.spend.copy()
    without[:, window, channel] = 0.0
    true = float((truth.media(panel.spend) - truth.media(without))[:, window].sum())
    name, last = panel.labels.channels[channel], panel.periods[first + WEEKS - 1] + 6
    return LiftTest(name, panel.periods[first], last, true * (1.0 + SE * rng.standard_normal()), SE * true)


@dataclass(frozen=True)
class Row:
    """What one seed gave in one case."""

    error: float
    null_error: float
    coverage: float
    width: float
    best: float
    uplift: float
    part_way: float
    promised: float


def rows_of(kind: str, name: str, effort: str, seed: int) -> tuple[Row, Row]:
    """One world without tests and with them."""
    trial = Trial.of(world(kind, seed))
    best = trial.true_uplift(trial.best_split(*FREE))
    return row_of(trial, name, effort, seed, best), row_of(tested(trial, seed), name, effort, seed, best)


def row_of(trial: Trial, name: str, effort: str, seed: int, best: float) -> Row:
    """Fit, question and plan; `best` is the highest true uplift there is."""
    model = family(name).fit(trial.seen, FitSettings(seed=seed, effort=effort))
    plan, promised = planned(trial, model, FREE)
    return Row(
        **trial.recovered(model),
        best=best,
        uplift=trial.true_uplift(plan),
        part_way=trial.true_uplift(1 + 0.7 * (plan - 1)),
        promised=promised,
    )


def summary(label: str, rows: Sequence[Row]) -> str:
    """One Markdown row."""
    column = {name: np.array([getattr(row, name) for row in rows]) for name in Row.__dataclass_fields__}
    best = column["best"].sum()
    cells = [
        label,
        f"{column['error'].mean():.1%}",
        f"{1 - column['error'].sum() / column['null_error'].sum():.2f}",
        f"{column['coverage'].mean():.0%}",
        f"{column['width'].mean():.1%}",
        f"{column['uplift'].sum() / best:.0%}",
        f"{column['part_way'].sum() / best:.0%}",
        f"{np.maximum(-column['uplift'], 0).sum() / best:.1%}",
        f"{column['promised'].sum() / column['uplift'].sum():.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| worlds | contribution error | skill | coverage | width | plan value | 70 % of the way | loss | promise |\n"
    + "|---" * 9
    + "|"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", default="structural")
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    print(f"{given.family}, {given.effort}, seeds {seeds.start}-{seeds.stop - 1}, {platform.machine()}\n\n{HEADER}")
    with ProcessPoolExecutor(given.processes) as pool:
        for kind in USUAL:
            pairs = list(pool.map(partial(rows_of, kind, given.family, given.effort), seeds))
            for case, rows in zip(CASES, zip(*pairs, strict=True), strict=True):
                print(summary(f"{kind}, {case}", rows), flush=True)


if __name__ == "__main__":
    main()
