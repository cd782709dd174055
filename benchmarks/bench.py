"""What the whole comparison costs: every family, folds, training curve, refits, effects and the average.

`python benchmarks/bench.py` (all families; `--family` for some). 104 weeks x 5 channels, cold process. Prints processor
seconds of every family's fit on everything, and those of the whole.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("OMP_NUM_THREADS", "1")

from mmm.data.simulate import five_channel_world
from mmm.models.registry import FAMILIES
from mmm.study import Study, StudySettings, analyse


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2000)
    parser.add_argument("--family", action="append", default=[])
    parser.add_argument("--champion", help="also try the others against this one on two refreshes")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    panel = five_channel_world(given.seed).panel
    settings = StudySettings(tuple(given.family or FAMILIES), champion=given.champion)
    wall = time.perf_counter()
    if given.processes > 1:
        with ProcessPoolExecutor(given.processes) as pool:
            found = analyse(panel, settings, _said, run_all=pool.map, clock=time.process_time)
    else:
        found = analyse(panel, settings, _said, clock=time.process_time)
    print(f"\nseed {given.seed}, {given.processes} process(es), {platform.machine()}\n")
    print(_table(found))
    print(f"\nwall {time.perf_counter() - wall:.0f} s, processor {_processor():.0f} s; {found.recommended} recommended")


def _said(share: float, message: str) -> None:
    print(f"{_processor():7.1f} s  {share:4.0%}  {message}", flush=True)


def _processor() -> float:
    """Processor seconds of this process and of those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _table(found: Study) -> str:
    rows = ["| family | fold MAPE | CRPS | coverage | MASE | health | fit, CPU s |", "|---" * 7 + "|"]
    for candidate in found.candidates:
        scores, seconds = candidate.row.pooled, candidate.row.seconds
        told = (
            ["–"] * 4
            if scores is None
            else [f"{scores.mape or 0:.1%}", f"{scores.crps:,.0f}", f"{scores.coverage:.0%}", f"{scores.mase or 0:.2f}"]
        )
        cells = [candidate.family, *told, candidate.row.status, "–" if seconds is None else f"{seconds:.1f}"]
        rows.append("| " + " | ".join(cells) + " |")
    rows += [f"| {name} | not fitted: {why} |||||| " for name, why in found.left_out.items()]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
