"""How every chart looks: one Plotly template for light and dark, channel colours, and the pieces figures are made of.

A figure is a plain dict, `{"data": […], "layout": {…}}`, and knows nothing of light and dark: where its colour is that
of the page it says `INK`, `QUIET`, `RULE` or `GROUND`, and `dressed` puts in the visitor's. So one figure can be kept
and drawn for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmm.data.inputs import DateArray

FloatArray = NDArray[np.float64]
Trace = dict[str, Any]
Figure = dict[str, Any]

CHANNEL_COLOURS = (
    "#4C78A8",
    "#E1812C",
    "#3A923A",
    "#C03D3E",
    "#9372B2",
    "#845B53",
    "#D684BD",
    "#7F7F7F",
    "#A9AA35",
    "#2EABB8",
)
"""One a channel, for ever, in the order of the data set's channels; safe for the common colour blindnesses."""

OTHER = "other"
OTHER_COLOUR = "#B8A99A"  # of the channels beyond the tenth, drawn as one
BASELINE = "#A7AFBB"
UNEXPLAINED = "#C6CCD5"
BEYOND = "#8A93A1"  # what was never spent: dashed and grey
GAIN, LOSS = "#2E7D5B", "#B3382C"  # status colours; only for better and worse
BAND = 0.20  # opacity of an interval, in the hue of its line

INK, QUIET, RULE, GROUND, ACCENT = "@ink", "@quiet", "@rule", "@ground", "@accent"

DIRECT_LABELS = 6  # up to so many series carry their name at the line; more get a legend


@dataclass(frozen=True)
class Palette:
    """The colours of one appearance."""

    ground: str
    text: str
    quiet_text: str
    rule: str
    zero_line: str
    accent: str


LIGHT = Palette("#FFFFFF", "#1B2027", "#5B6472", "#E7EAEF", "#8A93A1", "#2F4B7C")
DARK = Palette("#101318", "#E6E9EE", "#A3ACB9", "#252B35", "#6B7482", "#9DB7E4")


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure and what it shows, in a sentence.

    Attributes:
        figure: `{"data": […], "layout": {…}}` as Plotly takes it, before `dressed`.
        alt: the finding, for those who cannot see the chart.
    """

    figure: Figure = field(repr=False)
    alt: str


def template(colours: Palette) -> dict[str, Any]:
    """The Plotly template of every chart: defaults only, whatever a figure says itself wins."""
    axis = {
        "gridcolor": colours.rule,
        "linecolor": colours.rule,
        "zerolinecolor": colours.zero_line,
        "zerolinewidth": 1,
        "tickfont": {"color": colours.quiet_text, "size": 12},
        "title": {"font": {"color": colours.quiet_text, "size": 12}, "standoff": 8},
        "ticks": "",
        "automargin": True,
    }
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "Inter, system-ui, sans-serif", "size": 13, "color": colours.text},
            "colorway": list(CHANNEL_COLOURS),
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": colours.ground, "bordercolor": colours.rule, "font": {"color": colours.text}},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
            "annotationdefaults": {"font": {"size": 12, "color": colours.quiet_text}, "showarrow": False},
            "separators": ". ",
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.quiet_text, "activecolor": colours.accent},
        }
    }


def dressed(figure: Mapping[str, Any], colours: Palette) -> Figure:
    """`figure` with the page's own colours put in for `INK`, `QUIET`, `RULE`, `GROUND` and `ACCENT`."""
    known = {
        INK: colours.text,
        QUIET: colours.quiet_text,
        RULE: colours.rule,
        GROUND: colours.ground,
        ACCENT: colours.accent,
    }

    def put(value: object, of_colour: bool) -> object:
        if isinstance(value, Mapping):
            return {key: put(inner, str(key).endswith("color")) for key, inner in value.items()}
        if isinstance(value, list) and value and (of_colour or isinstance(value[0], Mapping)):
            return [put(inner, of_colour) for inner in value]
        return known.get(value, value) if of_colour and isinstance(value, str) else value

    return {"data": put(list(figure["data"]), False), "layout": put(figure.get("layout", {}), False)}


def channel_colours(channels: Sequence[str]) -> dict[str, str]:
    """The colour of every channel, by its place in the data set; those beyond the tenth share the colour of "other"."""
    return {
        name: CHANNEL_COLOURS[place] if place < len(CHANNEL_COLOURS) else OTHER_COLOUR
        for place, name in enumerate(channels)
    }


def grouped(channels: Sequence[str], values: FloatArray) -> tuple[tuple[str, ...], FloatArray]:
    """Channels on the last axis of `values`, those beyond the tenth summed into one called "other"."""
    kept = len(CHANNEL_COLOURS)
    if len(channels) <= kept:
        return tuple(channels), values
    rest = values[..., kept:].sum(axis=-1, keepdims=True)
    return (*channels[:kept], OTHER), np.concatenate([values[..., :kept], rest], axis=-1)


def colour_of(name: str, colours: Mapping[str, str]) -> str:
    """The colour of a channel or of "other"."""
    return colours.get(name, OTHER_COLOUR)


def faded(colour: str, opacity: float = BAND) -> str:
    """A `#RRGGBB` colour at an opacity, as Plotly writes it."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def safe(text: object) -> str:
    """`text` as it stands: Plotly reads a little HTML in labels, and `%{…}` in hover texts."""
    plain = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("%{", "%&#123;")


def numbers_of(values: ArrayLike) -> list[float | None]:
    """A list that JSON can hold; what is not known is a gap in the line."""
    return [float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype=np.float64).ravel()]


def days_of(periods: DateArray) -> list[str]:
    """ISO dates, as a Plotly date axis takes them."""
    return [str(day) for day in np.asarray(periods).astype("datetime64[D]")]


def line(
    x: Sequence[Any],
    y: ArrayLike,
    name: str,
    colour: str,
    *,
    hover: Sequence[str] = (),
    width: float = 2,
    dash: str = "solid",
    **more: object,
) -> Trace:
    """A line; `hover` holds one ready text a point, shown after the name."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": numbers_of(y),
        "name": safe(name),
        "line": {"color": colour, "width": width, "dash": dash},
        "showlegend": False,
        **_hover(hover),
        **more,
    }


def band(
    x: Sequence[Any], lo: ArrayLike, hi: ArrayLike, colour: str, *, group: str = "", **more: object
) -> list[Trace]:
    """An interval in the hue of its line at 20 %: two traces, to be drawn before the line."""
    shared = {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": group,
        **more,
    }
    fill = {"fill": "tonexty", "fillcolor": faded(colour) if colour.startswith("#") else colour}
    return [{**shared, "y": numbers_of(lo)}, {**shared, "y": numbers_of(hi), **fill}]


def bar(
    x: Sequence[Any],
    y: ArrayLike,
    name: str,
    colour: str | list[str],
    *,
    hover: Sequence[str] = (),
    marker: Mapping[str, Any] | None = None,
    **more: object,
) -> Trace:
    """Bars; `hover` holds one ready text a bar."""
    style = {"color": colour, "line": {"width": 0}, **(marker or {})}
    values = {"x": list(x), "y": numbers_of(y)}
    if more.get("orientation") == "h":
        values = {"x": numbers_of(y), "y": list(x)}
    return {
        "type": "bar",
        **values,
        "name": safe(name),
        "marker": style,
        "showlegend": False,
        **_hover(hover),
        **more,
    }


def dots(
    x: Sequence[Any],
    y: ArrayLike,
    name: str,
    colour: str | list[str],
    *,
    hover: Sequence[str] = (),
    marker: Mapping[str, Any] | None = None,
    **more: object,
) -> Trace:
    """Points with a rim of the page's ground, so that they stand out of lines."""
    style = {"color": colour, "size": 9, "line": {"color": GROUND, "width": 1.5}, **(marker or {})}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": numbers_of(y),
        "name": safe(name),
        "marker": style,
        "showlegend": False,
        **_hover(hover),
        **more,
    }


def label(x: object, y: object, text: str, *, colour: str = QUIET, **more: object) -> dict[str, Any]:
    """A direct label beside what it names; `text` is made safe here."""
    return {"x": x, "y": y, "text": safe(text), "font": {"color": colour, "size": 12}, "showarrow": False, **more}


def mark(x: object, text: str, *, colour: str = QUIET) -> tuple[dict[str, Any], dict[str, Any]]:
    """A thin vertical mark (a launch, today, the end of what was spent) and its label: a shape and an annotation."""
    shape = {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": x,
        "x1": x,
        "line": {"color": colour, "width": 1},
        "layer": "below",
    }
    return shape, label(x=x, y=1.0, text=text, colour=colour, yref="paper", yanchor="bottom")


def shade(x0: object, x1: object, colour: str = BEYOND) -> dict[str, Any]:
    """A quiet ground behind a stretch of the x-axis."""
    return {
        "type": "rect",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": x0,
        "x1": x1,
        "fillcolor": faded(colour, 0.10),
        "line": {"width": 0},
        "layer": "below",
    }


def time_axis(**more: object) -> dict[str, Any]:
    """An axis of dates written "3 Mar", with the year below where it changes."""
    return {
        "type": "date",
        "tickformatstops": [
            {"dtickrange": [None, "M1"], "value": "%-d %b\n%Y"},
            {"dtickrange": ["M1", "M12"], "value": "%b\n%Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
        "hoverformat": "%-d %b %Y",
        "tickangle": 0,
        **more,
    }


def value_axis(title: str, *, plain: bool = False, **more: object) -> dict[str, Any]:
    """An axis of amounts with a zero line: its unit (made safe by the caller) as the title.

    Args:
        title: the unit.
        plain: the amounts are scaled (`mmm/charts/scale.py`), so ticks are plain numbers; otherwise they carry k and M.
        more: keys of a Plotly axis.
    """
    return {
        "title": {"text": title},
        "tickformat": "" if plain else "~s",
        "exponentformat": "none" if plain else "SI",
        "zeroline": True,
        "nticks": 6,
        **more,
    }


def row_axis(rows: Sequence[str], *, below: float = 0.4) -> dict[str, Any]:
    """The vertical axis of one row a thing, the first on top: texts made safe by the caller, no grid.

    Args:
        rows: the text of each row.
        below: room under the last row, share of a row; above the first it is one row less this.
    """
    return {
        "tickvals": list(range(len(rows))),
        "ticktext": list(rows),
        "range": [len(rows) - below, below - 1.0],
        "showgrid": False,
        "zeroline": False,
        "ticklabelstandoff": 8,
    }


def figure(
    data: Sequence[Trace],
    *,
    key: str,
    xaxis: Mapping[str, Any] | None = None,
    yaxis: Mapping[str, Any] | None = None,
    height: int = 380,
    **layout: object,
) -> Figure:
    """A figure that changes in place: `key` is its `uirevision`, so a zoom outlives new numbers."""
    return {
        "data": list(data),
        "layout": {
            "height": height,
            "uirevision": key,
            "xaxis": dict(xaxis or {}),
            "yaxis": dict(yaxis or {}),
            **layout,
        },
    }


def _hover(texts: Sequence[str]) -> dict[str, Any]:
    """Ready texts, never templates made of names: what people typed is not read as a template."""
    if not len(texts):
        return {}
    return {"customdata": [safe(text) for text in texts], "hovertemplate": "%{customdata}"}
