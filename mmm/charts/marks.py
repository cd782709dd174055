"""What happened when, drawn on every chart over time: launches, promotions, outages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from mmm.charts.numbers import long_date
from mmm.charts.template import BEYOND, QUIET, Chart, Figure, Trace, days_of, faded, label, safe
from mmm.data.inputs import DateArray

Kind = Literal["launch", "promotion", "outage", "other"]

LABELLED = 12  # marks in sight up to which they carry their words; more would be a wall of text
ROWS = 4  # of labels above the plot; a label that finds no room in them is in the hover
ROW = 15  # pixels, a line of 11 px
LENGTHS = (14, 10, 7)  # letters of a label, as many as find room; the whole text is in the hover
LETTER = 6.2  # pixels at 11 px
NARROW = 300  # pixels of plot on a telephone: labels that keep apart there keep apart everywhere
AROUND, DATES = 70, 44  # pixels of a chart around its plot, and of those the two lines of dates below it
FAINT = 0.55  # opacity of a line: it must not outshine the data
AXIS = "y9"  # of the hover alone: from 0 at the bottom to 1 at the top of the plot
DASH = {"launch": "solid", "promotion": "solid", "outage": "dash", "other": "dot"}


@dataclass(frozen=True)
class Mark:
    """Something that happened from `first` to `last`, both included; one day where they are the same.

    Raises:
        ValueError: it ends before it begins.
    """

    first: date
    last: date
    kind: Kind
    text: str

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"“{self.text}” ends on {self.last}, before it begins on {self.first}.")


@dataclass(frozen=True)
class _Seen:
    """A mark in sight: its first and last period, where it begins (0 to 1 of the axis), and its days that are shown."""

    mark: Mark
    first: int
    last: int
    place: float
    begin: str
    end: str


def with_marks(chart: Chart, marks: Sequence[Mark], periods: DateArray, *, above: int = 0) -> Chart:
    """The chart with the marks that fall in its periods: a thin line or a light band, a label, a hover.

    Args:
        chart: a chart whose x-axis is of dates.
        marks: in any order.
        periods: first days of all periods on the axis, in order.
        above: pixels above the plot that labels already take.
    """
    seen = _in_sight(marks, np.asarray(periods).astype("datetime64[D]"))
    if not seen:
        return chart
    places = _places(seen) if len(seen) <= LABELLED else [None] * len(seen)
    high = ROW * (1 + max((place.row for place in places if place is not None), default=-1))
    layout = chart.figure["layout"]
    margin = dict(layout.get("margin", {"l": 8, "r": 8, "t": 24, "b": 8}))
    margin["t"] = max(int(margin["t"]), above + 8) + high
    figure: Figure = {
        "data": [*chart.figure["data"], *_hovers(seen, days_of(periods))],
        "layout": {
            **layout,
            "height": layout["height"] + high,
            "margin": margin,
            "shapes": [*layout.get("shapes", ()), *_shapes(seen, places, above)],
            "annotations": [*layout.get("annotations", ()), *_labels(seen, places, above)],
            "yaxis9": {"overlaying": "y", "visible": False, "range": [0, 1], "fixedrange": True},
            **_legend(layout, chart.figure["data"]),
        },
    }
    return Chart(figure, f"{chart.alt} {_said(seen)}")


def words(mark: Mark) -> str:
    """A mark in words: "Launch: new shop, 3 Mar 2025 to 9 Mar 2025"."""
    when = long_date(mark.first) + ("" if mark.last == mark.first else f" to {long_date(mark.last)}")
    what = f"{mark.kind.capitalize()}: " if mark.kind != "other" else ""
    return f"{what}{mark.text}, {when}"


def _in_sight(marks: Sequence[Mark], periods: DateArray) -> list[_Seen]:
    """The marks that touch a period, by their first day."""
    step = periods[-1] - periods[-2] if len(periods) > 1 else np.timedelta64(1, "D")
    begin, end = periods[0], periods[-1] + step  # the end is the first day that is not shown
    found = []
    for mark in sorted(marks, key=lambda mark: (mark.first, mark.last, mark.text)):
        first, last = np.datetime64(mark.first, "D"), np.datetime64(mark.last, "D")
        if last < begin or first >= end:
            continue
        span = np.searchsorted(periods, np.array([first, last]), side="right") - 1
        width = max(1.0, float((periods[-1] - begin).astype(np.int64)))
        place = float((first - begin).astype(np.int64)) / width
        days = str(max(first, begin)), str(min(last + 1, end))
        found.append(_Seen(mark, max(0, int(span[0])), int(span[1]), min(1.0, max(0.0, place)), *days))
    return found


@dataclass(frozen=True)
class _Place:
    """Where a label stands: its row, lowest first, whether to the left of its line, and how many letters it has."""

    row: int
    left: bool
    letters: int


def _places(seen: Sequence[_Seen]) -> list[_Place | None]:
    """Places of the labels such that, on a narrow screen, none lies on another and no line crosses one.

    Labels stand to the right of their lines, those from some mark on to the left, so that none runs off the end; the
    split is taken that leaves fewest labels without a place, and the longest words that do.
    """
    splits = range(len(seen), -1, -1)
    tried = [_split(seen, first_left, letters) for letters in LENGTHS for first_left in splits]
    return max(tried, key=lambda places: sum(place is not None for place in places))


def _split(seen: Sequence[_Seen], first_left: int, letters: int) -> list[_Place | None]:
    """The lowest free rows where marks from `first_left` on have their label to the left.

    A line rises beside the labels of the marks placed before its own: those to the right for labels that stand right,
    those to the left for labels that stand left.
    """
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    places: list[_Place | None] = [None] * len(seen)
    for k in (*range(first_left - 1, -1, -1), *range(first_left, len(seen))):
        at, width = seen[k].place, (LETTER * len(_short(seen[k].mark.text, letters)) + 8) / NARROW
        span = (at - width, at) if k >= first_left else (at, at + width)
        if span[0] < 0 or span[1] > 1:
            continue
        for row in range(ROWS):
            if _free(span, taken[row]) and all(_free((at, at), taken[below]) for below in range(row)):
                places[k] = _Place(row, k >= first_left, letters)
                taken[row].append(span)
                for below in range(row):
                    taken[below].append((at, at))
                break
    return places


def _free(span: tuple[float, float], taken: Sequence[tuple[float, float]]) -> bool:
    return all(span[1] < begin or span[0] > end for begin, end in taken)


def _shapes(seen: Sequence[_Seen], places: Sequence[_Place | None], above: int) -> list[dict[str, Any]]:
    """A line where it begins, a band to its end where it lasted, and a leader from the plot up to the label."""
    shapes = []
    for each, place in zip(seen, places, strict=True):
        style = {"color": QUIET, "width": 1, "dash": DASH[each.mark.kind]}
        if each.mark.last > each.mark.first:
            band = {"type": "rect", "x0": each.begin, "x1": each.end, "yref": "paper", "y0": 0, "y1": 1}
            shapes.append({**band, "fillcolor": faded(BEYOND, 0.14), "line": {"width": 0}, "layer": "below"})
        line = {"type": "line", "x0": each.begin, "x1": each.begin, "yref": "paper", "line": style}
        shapes.append({**line, "y0": 0, "y1": 1, "opacity": FAINT})
        if place is not None:
            up = {"ysizemode": "pixel", "yanchor": 1, "y0": above, "y1": above + ROW * (place.row + 1)}
            shapes.append({**line, **up, "opacity": FAINT})
    return shapes


def _labels(seen: Sequence[_Seen], places: Sequence[_Place | None], above: int) -> list[dict[str, Any]]:
    labels = []
    for each, place in zip(seen, places, strict=True):
        if place is None:
            continue
        labels.append(
            label(
                each.begin,
                1.0,
                _short(each.mark.text, place.letters),
                yref="paper",
                yanchor="bottom",
                xanchor="right" if place.left else "left",
                yshift=above + ROW * place.row,
                xshift=-2 if place.left else 2,
                font={"color": QUIET, "size": 11},
            )
        )
    return labels


def _hovers(seen: Sequence[_Seen], days: Sequence[str]) -> list[Trace]:
    """Points that cannot be seen, one for each period that a mark touches, with the mark's words."""
    x = [days[period] for each in seen for period in range(each.first, each.last + 1)]
    said = [safe(words(each.mark)) for each in seen for _ in range(each.first, each.last + 1)]
    return [
        {
            "type": "scatter",
            "mode": "lines",  # points would widen the axis
            "x": x,
            "y": [1.0] * len(x),
            "yaxis": AXIS,
            "name": "",
            "line": {"width": 0, "color": QUIET},
            "customdata": said,
            "hovertemplate": "%{customdata}",
            "showlegend": False,
        }
    ]


def _legend(layout: dict[str, Any], data: Sequence[Trace]) -> dict[str, Any]:
    """A legend above the plot makes room for labels and goes below; one that has a place of its own stays."""
    if "legend" in layout or not any(trace.get("showlegend") for trace in data):
        return {}
    plot = max(60, layout["height"] - AROUND)
    return {"legend": {"orientation": "h", "x": 0, "y": -DATES / plot, "yanchor": "top"}}


def _said(seen: Sequence[_Seen]) -> str:
    named = "; ".join(words(each.mark) for each in seen[:LABELLED])
    more = len(seen) - LABELLED
    return f"Marked: {named}" + (f"; and {more} more." if more > 0 else ".")


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"
