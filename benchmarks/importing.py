"""How long a large file takes from its bytes to a checked panel, beside pandas reading the same bytes.

python benchmarks/importing.py
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from mmm.data.build import build_panel
from mmm.data.checks import check_panel
from mmm.data.inspect import default_mapping
from mmm.data.read import read_table
from mmm.data.sources.assemble import assemble

SEED = 1
REPEATS = 3
MEGABYTES = 10


def wide() -> bytes:
    """Weekly rows by market, ten channels with spend and impressions: about 10 MB."""
    rng = np.random.default_rng(SEED)
    days = pd.date_range("2019-01-07", periods=260, freq="7D").strftime("%Y-%m-%d")
    frames = []
    for market in range(230):
        columns = {"date": days, "region": f"market {market}", "revenue": rng.uniform(1e3, 1e5, 260).round(2)}
        for channel in range(10):
            columns[f"channel{channel}_spend"] = rng.uniform(0, 9e3, 260).round(2)
            columns[f"channel{channel}_impressions"] = rng.integers(0, 900_000, 260)
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames).to_csv(index=False).encode()


def campaigns() -> bytes:
    """An advertising report by day and campaign: about 10 MB."""
    rng = np.random.default_rng(SEED)
    days = pd.date_range("2023-01-02", periods=900).strftime("%Y-%m-%d")
    frame = pd.MultiIndex.from_product([days, range(190)], names=["Day", "n"]).to_frame(index=False)
    frame["Campaign"] = "Brand | Search EU " + frame.pop("n").astype(str)
    frame["Cost"] = rng.uniform(0, 900, len(frame)).round(2)
    frame["Impr."] = rng.integers(0, 90_000, len(frame))
    frame["Clicks"] = rng.integers(0, 900, len(frame))
    return frame.to_csv(index=False).encode()


def many_columns() -> bytes:
    """Three years of weeks with 300 columns."""
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame({"date": pd.date_range("2021-01-04", periods=156, freq="7D").strftime("%Y-%m-%d")})
    numbers = {"revenue": rng.uniform(1e3, 1e5, 156).round(2)}
    numbers |= {f"channel{i}_spend": rng.uniform(0, 900, 156).round(2) for i in range(148)}
    numbers |= {f"channel{i}_impressions": rng.integers(0, 900_000, 156) for i in range(148)}
    numbers |= {f"driver_{i}": rng.normal(50, 9, 156).round(3) for i in range(2)}
    return pd.concat([frame, pd.DataFrame(numbers)], axis=1).to_csv(index=False).encode()


def imported(content: bytes) -> None:
    """From bytes to a checked panel."""
    assembly = assemble([read_table("file.csv", content)])
    if assembly.table is None:
        return
    mapping = replace(default_mapping(assembly.table), missing_spend="zero", duplicates="sum")
    panel = build_panel(assembly.table, mapping).panel
    if panel is not None:
        check_panel(panel)


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of `REPEATS`, of processor time: other work may run on the machine."""
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    print("| file | MB | import and check s | pandas.read_csv s | ratio |")
    print("|---|---|---|---|---|")
    for name, make in (("weekly by market", wide), ("campaign rows", campaigns), ("300 columns", many_columns)):
        content = make()
        ours = fastest(lambda content=content: imported(content))
        theirs = fastest(lambda content=content: pd.read_csv(io.BytesIO(content)))
        print(f"| {name} | {len(content) / 1e6:.1f} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.1f} |")


if __name__ == "__main__":
    main()
