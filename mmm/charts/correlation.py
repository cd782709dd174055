"""Which channels rise and fall together, and with the KPI."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.charts.template import INK, Chart, Trace, figure, label, safe
from mmm.data.checks.collinear import CORRELATED, within
from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]

MOST_SERIES = 15  # on a telephone a cell is then as wide as a finger is not, but can still be seen
NAMED = 3  # pairs whose number is written into the cell; all numbers where there are few series
FEW = 6  # series whose cells hold a number on a telephone
LONGEST = 14  # letters of a name at the axis
TOGETHER, OPPOSITE = "76,120,168", "225,129,44"  # blue and orange are told apart by every eye
FULL = 0.85  # |r| from which a cell has nearly its whole colour, and ink is not read on it in either appearance
ON_BLUE, ON_ORANGE = "#FFFFFF", "#1B2027"
NOTHING = 1e-9  # of a series' level: what moves less is rounding
CELL, ROOM = 26, 120  # pixels a series, and for the names below


def correlation(panel: Panel, key: str = "correlation") -> Chart:
    """Correlation of spend, channel by channel and with the KPI, within markets; the largest by spend where many."""
    names, r = _correlations(panel)
    n = len(names)
    below = np.tril(np.ones((n, n), dtype=bool), k=-1)
    rows, columns = [_short(name) for name in names[1:]], [_short(name) for name in names[:-1]]
    shown = np.where(below, r, np.nan)[1:, :-1]
    heat: Trace = {
        "type": "heatmap",
        "x": list(range(n - 1)),
        "y": list(range(n - 1)),
        "z": [[None if np.isnan(cell) else float(cell) for cell in row] for row in shown],
        "zmin": -1,
        "zmax": 1,
        "colorscale": _scale(),
        "showscale": False,
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
        "customdata": [
            [safe(f"{names[i + 1]} and {names[j]}: r = {_said(r[i + 1, j])}") for j in range(n - 1)]
            for i in range(n - 1)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    axis = {"showgrid": False, "zeroline": False, "tickvals": list(range(n - 1)), "ticklabelstandoff": 4}
    drawn = figure(
        [heat] if n > 1 else [],
        key=key,
        height=ROOM + CELL * max(n, 4),
        xaxis={**axis, "ticktext": [safe(name) for name in columns], "tickangle": -45 if n > 4 else 0},
        yaxis={**axis, "ticktext": [safe(name) for name in rows], "autorange": "reversed"},
        annotations=[_number(i, j, r) for i, j in _largest(r, below)],
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    return Chart(drawn, _finding(panel, names, r))


def _correlations(panel: Panel) -> tuple[tuple[str, ...], FloatArray]:
    """Names, the KPI first, and correlations within markets `[series, series]`; NaN for what never moves."""
    spend = panel.spend.sum(axis=(0, 1))
    kept = np.sort(np.argsort(-spend, kind="stable")[: MOST_SERIES - 1])
    kpi = [panel.kpi[g][seen] - panel.kpi[g][seen].mean() for g, seen in enumerate(panel.observed) if seen.any()]
    columns = np.column_stack([np.concatenate(kpi), within(panel)[:, kept]]) if kpi else np.zeros((0, len(kept) + 1))
    size = np.sqrt((columns**2).sum(axis=0))
    level = np.append(np.abs(panel.kpi[panel.observed]).max(initial=0.0), panel.spend.max(axis=(0, 1))[kept])
    size[size <= NOTHING * level] = np.nan
    r = columns.T @ columns / np.outer(size, size)
    return (panel.kpi_name, *(panel.labels.channels[c] for c in kept)), np.clip(r, -1.0, 1.0)


def _scale() -> list[list[float | str]]:
    """Orange to nothing to blue, so that the page's ground is the middle in light and dark."""
    return [
        [0.0, f"rgba({OPPOSITE},1)"],
        [0.5, f"rgba({OPPOSITE},0.06)"],
        [0.5, f"rgba({TOGETHER},0.06)"],
        [1.0, f"rgba({TOGETHER},1)"],
    ]


def _largest(r: FloatArray, below: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The cells that carry their number: all of a small table, the strongest of a large one."""
    order = np.argwhere(below & np.isfinite(r))
    order = order[np.argsort(-np.abs(r[order[:, 0], order[:, 1]]), kind="stable")]
    return [(int(i), int(j)) for i, j in (order if len(r) <= FEW else order[:NAMED])]


def _number(i: int, j: int, r: FloatArray) -> dict[str, Any]:
    colour = ON_BLUE if r[i, j] > FULL else ON_ORANGE if r[i, j] < -FULL else INK
    return label(j, i - 1, _said(r[i, j]), font={"size": 11, "color": colour})


def _said(r: float) -> str:
    return f"{r:.2f}".replace("-", "−") if np.isfinite(r) else "unknown, one never moves"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _finding(panel: Panel, names: tuple[str, ...], r: FloatArray) -> str:
    pairs = np.tril(np.ones(r.shape, dtype=bool), k=-1) & np.isfinite(r)
    pairs[:, 0] = False  # the first is the KPI
    left_out = len(panel.labels.channels) - len(names) + 1
    of = f" Shown are the {len(names) - 1} channels with most spend." if left_out > 0 else ""
    if not pairs.any():
        return f"There is no pair of channels whose spend moves.{of}"
    i, j = np.unravel_index(int(np.argmax(np.where(pairs, np.abs(r), -1.0))), r.shape)
    told = "too closely to be told apart" if abs(r[i, j]) > CORRELATED else "loosely enough to be told apart"
    return f"{names[j]} and {names[i]} move together most (r = {_said(r[i, j])}), {told}.{of}"
