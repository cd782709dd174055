"""Which periods were observed, which were filled, and which are left out of fitting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.charts.marks import Mark, with_marks
from mmm.charts.numbers import long_date, short_date
from mmm.charts.template import Chart, Trace, days_of, figure, safe, time_axis
from mmm.data.inputs import DateArray, Frequency
from mmm.data.panel import Panel

IntArray = NDArray[np.int64]

STATES = ("observed", "filled", "left out")
COLOURS = ("#4C78A8", "#B7791F", "#C9CED6")
ROW, MOST_HEIGHT = 22, 520  # pixels a market, and altogether
YEAR_ROW = 30  # pixels a year


def gaps(panel: Panel, key: str = "gaps", *, marks: Sequence[Mark] = ()) -> Chart:
    """A strip a market: one cell a period, coloured by whether its KPI can be learnt from."""
    state = _states(panel)
    days, rows = days_of(panel.periods), [safe(name) for name in panel.labels.markets]
    texts = [[STATES[cell] for cell in row] for row in state.tolist()]
    heat = {**_heat(state.tolist(), texts), "x": days, "y": rows, "hovertemplate": "%{x}: %{customdata}<extra></extra>"}
    drawn = figure(
        [heat, *_key()],
        key=key,
        height=min(MOST_HEIGHT, 110 + ROW * len(rows)),
        xaxis=time_axis(showgrid=False),
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "visible": len(rows) > 1},
        hovermode="closest",
    )
    return with_marks(Chart(drawn, _finding(panel, state)), marks, panel.periods)


def calendar(panel: Panel, key: str = "calendar", *, marks: Sequence[Mark] = ()) -> Chart:
    """Missing, filled and left-out periods: a row a market, or a row a year where there is one market.

    Marks are drawn where the axis is of dates, which is with several markets.
    """
    if len(panel.labels.markets) > 1:
        return gaps(panel, key, marks=marks)
    state = _states(panel)
    days = panel.periods.astype("datetime64[D]")
    years, row = np.unique(days.astype("datetime64[Y]"), return_inverse=True)
    place = _places(panel, days)
    shape = (len(years), int(place.max()) + 1)
    worst = np.full(shape, -1)
    np.maximum.at(worst, (row, place), state[0])
    texts = [["" for _ in range(shape[1])] for _ in years]
    for period in range(len(days)):
        text = f"{long_date(days[period])}: {STATES[state[0, period]]}"
        if not texts[row[period]][place[period]] or state[0, period] == worst[row[period], place[period]] > 0:
            texts[row[period]][place[period]] = text
    cells = [[None if cell < 0 else cell for cell in line] for line in worst.tolist()]
    starts, names = _months(panel)
    drawn = figure(
        [{**_heat(cells, texts), "y": [str(year) for year in years], "x0": 0, "dx": 1}, *_key()],
        key=key,
        height=110 + YEAR_ROW * len(years),
        xaxis={"showgrid": False, "zeroline": False, "tickvals": starts, "ticktext": names, "tickangle": 0},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
        hovermode="closest",
    )
    return Chart(drawn, _finding(panel, state))


def _states(panel: Panel) -> IntArray:
    """0 observed, 1 filled, 2 left out `[market, period]`."""
    return np.where(panel.observed, 0, np.where(panel.filled, 1, 2))


def _places(panel: Panel, days: DateArray) -> IntArray:
    """The column of each period in its year: its month, or the week that its day of the year falls in."""
    if panel.labels.frequency is Frequency.MONTH:
        return np.asarray(days.astype("datetime64[M]").astype(np.int64) % 12)
    return np.asarray((days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) // 7)


def _months(panel: Panel) -> tuple[list[float], list[str]]:
    """Where months begin among the columns of a year, every third one named."""
    first = (np.datetime64("2001-01") + np.arange(0, 12, 3)).astype("datetime64[D]")
    names = [short_date(day).split()[1] for day in first]
    if panel.labels.frequency is Frequency.MONTH:
        return [0.0, 3.0, 6.0, 9.0], names
    return [float(day) / 7 for day in (first - first[0]).astype(np.int64)], names


def _heat(cells: Sequence[Sequence[int | None]], texts: Sequence[Sequence[str]]) -> Trace:
    return {
        "type": "heatmap",
        "z": [list(line) for line in cells],
        "zmin": 0,
        "zmax": 2,
        "colorscale": _steps(),
        "showscale": False,
        "hoverongaps": False,
        "customdata": [list(line) for line in texts],
        "hovertemplate": "%{customdata}<extra></extra>",
        "xgap": 1,
        "ygap": 2,
    }


def _key() -> list[Trace]:
    """What the colours mean, as a legend."""
    return [
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


def _steps() -> list[list[float | str]]:
    """Three flat colours for the states 0, 1 and 2."""
    edges = (0.0, 1 / 3, 2 / 3, 1.0)
    return [[edge, COLOURS[place]] for place in range(3) for edge in edges[place : place + 2]]


def _finding(panel: Panel, state: IntArray) -> str:
    cells, filled, left_out = state.size, int((state == 1).sum()), int((state == 2).sum())
    span = f"{long_date(panel.periods[0])} to {long_date(panel.periods[-1])}"
    if filled + left_out == 0:
        return f"Every {panel.labels.frequency.value} from {span} was observed."
    return f"From {span}, {filled} of {cells} figures were filled and {left_out} are left out of fitting."
