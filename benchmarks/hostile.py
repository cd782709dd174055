"""The hostile world, and worlds of unobserved demand and of a mediator: `python benchmarks/hostile.py --seeds 30`.

The hostile world has a dead channel, a pair that moves together (correlation about 0.9), heavy tails and a level break,
all in one. Its dead channel's interval should hold zero (0.5 % of all media counts as zero) and both of the pair should
be graded D. "kept" leaves channels where they are whose spend may follow demand.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from silent import Row, row

KINDS = {"hostile": "hostile", "unobserved demand": "missing confounder", "mediator": "mediator"}
PAIR, DEAD = (1, 2), 4


def summary(kind: str, rows: list[Row]) -> str:
    """One Markdown row."""
    hostile = kind == "hostile"
    best = sum(r.best for r in rows)
    zero = f"{np.mean([r.zero[DEAD] for r in rows]):.0%}" if hostile else "–"
    pair = f"{np.mean([all(r.grades[i] == 'D' for i in PAIR) for r in rows]):.0%}" if hostile else "–"
    cells = [kind, str(len(rows)), zero, pair, f"{np.mean([r.outside.mean() for r in rows]):.0%}"]
    for name in ("free", "trusted"):
        gains = np.array([getattr(r, name) for r in rows])
        cells += [f"{gains.sum() / best:.0%}", f"{np.maximum(-gains, 0).sum() / best:.1%}"]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| world | seeds | dead channel's interval holds zero | pair graded D | outside | plan value | loss "
    "| plan value, kept | loss, kept |\n" + "|---" * 9 + "|"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    print(HEADER)
    with ProcessPoolExecutor(given.processes) as pool:
        for kind, broken in KINDS.items():
            seeds = range(given.first, given.first + given.seeds)
            print(summary(kind, list(pool.map(partial(row, broken, given.draws, True), seeds))), flush=True)


if __name__ == "__main__":
    main()
