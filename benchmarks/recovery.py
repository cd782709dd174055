"""How well a family recovers the truth of simulated worlds: `python benchmarks/recovery.py --family structural`.

Prints one Markdown row a kind of world; the columns are defined in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import HOLD_OUT, HORIZON, Trial, future_of

from mmm.data.simulate import World, eight_channel_world, five_channel_world, four_channel_world, market_world
from mmm.data.variants import drifting_world, uneven_market_world
from mmm.models.base import FitSettings
from mmm.models.registry import family
from mmm.planning.optimise import optimise

WORLDS: dict[str, Callable[[int], World]] = {
    "5 channels": five_channel_world,
    "4 channels": four_channel_world,
    "156 x 8": eight_channel_world,
    "20 markets": market_world,
    "20 uneven markets": uneven_market_world,
    "drifting": drifting_world,
}
USUAL = ("5 channels", "4 channels")
FREE, NARROW = (0.3, 2.0), (0.8, 1.2)


@dataclass(frozen=True)
class Row:
    """What one seed gave."""

    hold_out: float
    error: float
    null_error: float
    coverage: float
    width: float
    best: float
    uplift: float
    part_way: float
    promised: float
    best_narrow: float
    narrow: float
    fit_cpu: float
    fit_wall: float
    plan_wall: float


def trial_row(kind: str, name: str, effort: str, options: dict[str, object], seed: int) -> Row:
    """Fit, question and plan one world."""
    trial = Trial.of(world(kind, seed))
    n = trial.seen.n_periods
    started, began = time.process_time(), time.perf_counter()
    model = family(name).fit(trial.seen, FitSettings(seed=seed, effort=effort, options=options))
    cpu, wall = time.process_time() - started, time.perf_counter() - began
    vars(model)["supports_planning"] = True  # what such plans would be worth is shown all the same
    ahead = trial.seen.inputs(future_of(trial))
    forecast = model.expected(ahead, slice(n, n + HOLD_OUT)).mean(axis=0)
    began = time.perf_counter()
    free = planned(trial, model, FREE)
    plan_wall = time.perf_counter() - began
    narrow = planned(trial, model, NARROW)
    return Row(
        hold_out=trial.hold_out_ratio(forecast),
        **trial.recovered(model),
        best=trial.true_uplift(trial.best_split(*FREE)),
        uplift=trial.true_uplift(free[0]),
        part_way=trial.true_uplift(1 + 0.7 * (free[0] - 1)),
        promised=free[1],
        best_narrow=trial.true_uplift(trial.best_split(*NARROW)),
        narrow=trial.true_uplift(narrow[0]),
        fit_cpu=cpu,
        fit_wall=wall,
        plan_wall=plan_wall,
    )


def planned(trial: Trial, model: object, bounds: tuple[float, float]) -> tuple[np.ndarray, float]:
    """The recommended multipliers of today's rate `[channel]`, and the uplift promised."""
    result = optimise(model, trial.seen, horizon=HORIZON, bounds={"default": bounds})
    today = HORIZON * trial.today().sum(axis=0)
    allocation = np.array([result.allocation[name] for name in trial.seen.labels.channels])
    return allocation / today, float(result.uplift.mean)


def world(kind: str, seed: int) -> World:
    """One world of a kind."""
    return WORLDS[kind](seed)


def summary(kind: str, rows: list[Row]) -> str:
    """One Markdown row."""
    column = {name: np.array([getattr(row, name) for row in rows]) for name in Row.__dataclass_fields__}
    best, narrow = column["best"].sum(), column["best_narrow"].sum()
    cells = [
        kind,
        f"{np.median(column['hold_out']):.2f}",
        f"{column['error'].mean():.1%}",
        f"{1 - column['error'].sum() / column['null_error'].sum():.2f}",
        f"{column['coverage'].mean():.0%}",
        f"{column['width'].mean():.1%}",
        f"{column['uplift'].sum() / best:.0%}",
        f"{column['part_way'].sum() / best:.0%}",
        f"{column['narrow'].sum() / narrow:.0%}",
        f"{-np.minimum(column['uplift'], 0).sum() / best:.1%}",
        f"{-np.minimum(column['part_way'], 0).sum() / best:.1%}",
        f"{column['promised'].sum() / column['uplift'].sum():.2f}",
        f"{np.median(column['fit_cpu']):.2f} s",
        f"{np.median(column['fit_wall']):.2f} s",
        f"{np.median(column['plan_wall']):.2f} s",
    ]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| worlds | hold-out ÷ noise | contribution error | skill | coverage | width | plan value | 70 % of the way "
    "| plan value ±20 % | loss | loss, 70 % | promise | CPU in fit | wall in fit | wall in plan |\n" + "|---" * 15 + "|"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", default="structural")
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kind", action="append", choices=list(WORLDS), help="may be given several times")
    parser.add_argument("--options", type=json.loads, default={}, help="JSON, as FitSettings.options")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    print(f"{given.family}, {given.effort}, seeds {seeds.start}-{seeds.stop - 1}, {platform.machine()}\n\n{HEADER}")
    with ProcessPoolExecutor(given.processes) as pool:
        for kind in given.kind or USUAL:
            one = partial(trial_row, kind, given.family, given.effort, given.options)
            print(summary(kind, list(pool.map(one, seeds))), flush=True)


if __name__ == "__main__":
    main()
