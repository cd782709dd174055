"""Does the product know when it is wrong? `python benchmarks/silent.py --first 1000 --seeds 10`.

Worlds that each break one assumption (`mmm/data/broken.py`) and clean ones beside them. A channel whose true drop-one
contribution lies outside its 90 % interval has to be graded C or D, or the health card has to have failed; else the
failure was silent. The health card here is the stress tests that concern the whole model: the hold-out, which costs a
second fit and could only add alarms, is left out.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import HOLD_OUT, HORIZON, Trial
from numpy.typing import NDArray

from mmm.data.broken import BREAKS, broken_world
from mmm.data.panel import Panel
from mmm.data.simulate import World, five_channel_world, four_channel_world
from mmm.effects.contributions import Contributions, drop_one
from mmm.models.base import FitSettings, FittedModel
from mmm.models.registry import family
from mmm.planning.optimise import optimise
from mmm.validation.grades import Grade, grade_channels, held_channels
from mmm.validation.stress import stress_tests

CLEAN = {"clean, 5 channels": five_channel_world, "clean, 4 channels": four_channel_world}
FREE = (0.3, 2.0)
SHORT = 40  # weeks seen of the world of which little is known


@dataclass(frozen=True, eq=False)
class Row:
    """What one world gave; arrays are `[channel]`.

    Attributes:
        outside: the truth lies outside the 90 % interval; alarm: the grade or the health card says so.
        grades: one letter a channel; zero: the interval holds zero, 0.5 % of all media counting as zero.
        best, free, trusted: true uplift of the best split, of the advised one, and of that with
            the channels kept whose spend may follow demand (`held_channels`).
    """

    outside: NDArray[np.bool_]
    alarm: NDArray[np.bool_]
    grades: str
    zero: NDArray[np.bool_]
    best: float
    free: float
    trusted: float


def world(kind: str, seed: int) -> World:
    """One world of a kind."""
    if kind in CLEAN:
        return CLEAN[kind](seed)
    return broken_world(kind, seed, SHORT + HOLD_OUT if kind == "40 weeks" else 104)


def fitted(trial: Trial, seed: int, draws: int) -> FittedModel:
    """The structural model of what may be seen."""
    return family("structural").fit(trial.seen, FitSettings(seed=seed, n_draws=draws))


def row(kind: str, draws: int, plans: bool, seed: int, fit: Callable[[Trial, int, int], FittedModel] = fitted) -> Row:
    """Fit, grade and plan one world."""
    trial = Trial.of(world(kind, seed))
    model = fit(trial, seed, draws)
    found = drop_one(model, trial.seen.inputs())
    stress = stress_tests(model, trial.seen, found)
    grades = [graded.grade for graded in grade_channels(model, trial.seen, found, stress)]
    failed = any(test.whole and test.status == "fail" for test in stress)
    truth, total = trial.true_contributions, found.total.kpi
    kept = held_channels(stress)
    free, trusted = (_planned(trial, model, names) if plans else np.ones(len(truth)) for names in ((), kept))
    return Row(
        outside=(truth < total.lo) | (truth > total.hi),
        alarm=np.array([failed or grade in (Grade.C, Grade.D) for grade in grades]),
        grades="".join(grades),
        zero=total.lo <= 0.005 * _media(model, trial.seen, found),
        best=trial.true_uplift(trial.best_split(*FREE)) if plans else 0.0,
        free=trial.true_uplift(free),
        trusted=trial.true_uplift(trusted),
    )


def _media(model: FittedModel, panel: Panel, found: Contributions) -> float:
    inputs = panel.inputs()
    return float((model.expected(inputs) - model.expected(inputs.media_off())).mean(axis=0).sum()) or found.mean.sum()


def _planned(trial: Trial, model: FittedModel, kept: tuple[str, ...]) -> np.ndarray:
    """Advised multipliers of today's rate `[channel]`, the channels in `kept` left where they are."""
    names = trial.seen.labels.channels
    today = HORIZON * trial.today().sum(axis=0)
    bounds = {"default": FREE} | dict.fromkeys(kept, (1.0, 1.0))
    result = optimise(model, trial.seen, horizon=HORIZON, bounds=bounds)
    return np.array([result.allocation[name] for name in names]) / today


def summary(kind: str, rows: list[Row]) -> str:
    """One Markdown row."""
    outside, alarm = (np.concatenate([getattr(r, name) for r in rows]) for name in ("outside", "alarm"))
    best = sum(r.best for r in rows)
    cells = [kind, str(len(outside)), str(outside.sum()), str((outside & alarm).sum()), str((outside & ~alarm).sum())]
    cells += [f"{alarm.mean():.0%}", f"{np.mean([r.alarm.any() for r in rows]):.0%}"]
    for name in ("free", "trusted"):
        gains = np.array([getattr(r, name) for r in rows])
        told = [f"{gains.sum() / best:.0%}", f"{np.maximum(-gains, 0).sum() / best:.1%}"] if best > 0 else ["–", "–"]
        cells += told
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| kind | channels | outside | said | silent | channels alarmed | worlds with an alarm | plan value | loss "
    "| plan value, kept | loss, kept |\n" + "|---" * 11 + "|"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--clean-seeds", type=int, default=10)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--no-plans", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    print(f"structural, {given.draws} draws, from seed {given.first}, {platform.machine()}\n\n{HEADER}")
    every: list[Row] = []
    with ProcessPoolExecutor(given.processes) as pool:
        for kind in (*CLEAN, *BREAKS):
            many = given.clean_seeds if kind in CLEAN else given.seeds
            work = partial(row, kind, given.draws, not given.no_plans)
            rows = list(pool.map(work, range(given.first, given.first + many)))
            every += rows if kind not in CLEAN else []
            print(summary(kind, rows), flush=True)
    print(summary("all broken kinds", every))


if __name__ == "__main__":
    main()
