"""Which periods were observed, which were filled, and which are left out of fitting."""

from __future__ import annotations

import numpy as np

from mmm.charts.numbers import long_date
from mmm.charts.template import Chart, Trace, days_of, figure, safe, time_axis
from mmm.data.panel import Panel

STATES = ("observed", "filled", "left out")
COLOURS = ("#4C78A8", "#B7791F", "#C9CED6")
ROW, MOST_HEIGHT = 22, 520  # pixels a market, and altogether


def gaps(panel: Panel, key: str = "gaps") -> Chart:
    """A strip a market: one cell a period, coloured by whether its KPI can be learnt from."""
    state = np.where(panel.observed, 0, np.where(panel.filled, 1, 2))
    days, rows = days_of(panel.periods), [safe(name) for name in panel.labels.markets]
    heat: Trace = {
        "type": "heatmap",
        "x": days,
        "y": rows,
        "z": state.tolist(),
        "zmin": 0,
        "zmax": 2,
        "colorscale": _steps(),
        "showscale": False,
        "customdata": [[STATES[cell] for cell in row] for row in state.tolist()],
        "hovertemplate": "%{x}: %{customdata}<extra></extra>",
        "ygap": 2,
    }
    key_rows: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [None],
            "y": [None],
            "name": name,
            "marker": {"symbol": "square", "size": 10, "color": colour},
            "showlegend": True,
        }
        for name, colour in zip(STATES, COLOURS, strict=True)
    ]
    drawn = figure(
        [heat, *key_rows],
        key=key,
        height=min(MOST_HEIGHT, 110 + ROW * len(rows)),
        xaxis=time_axis(showgrid=False),
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "visible": len(rows) > 1},
        hovermode="closest",
    )
    return Chart(drawn, _finding(panel, state))


def _steps() -> list[list[float | str]]:
    """Three flat colours for the states 0, 1 and 2."""
    edges = (0.0, 1 / 3, 2 / 3, 1.0)
    return [[edge, COLOURS[place]] for place in range(3) for edge in edges[place : place + 2]]


def _finding(panel: Panel, state: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> str:
    cells, filled, left_out = state.size, int((state == 1).sum()), int((state == 2).sum())
    span = f"{long_date(panel.periods[0])} to {long_date(panel.periods[-1])}"
    if filled + left_out == 0:
        return f"Every {panel.labels.frequency.value} from {span} was observed."
    return f"From {span}, {filled} of {cells} figures were filled and {left_out} are left out of fitting."
