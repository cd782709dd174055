"""Colours, the chart template and the few style rules that Streamlit's configuration has no key for.

The colours of widgets and text are in `.streamlit/config.toml`; these are the ones Python draws with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parent / "assets"

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


def is_dark() -> bool:
    """True when the visitor's browser shows the dark appearance."""
    return bool(st.context.theme.type == "dark")


def palette() -> Palette:
    """The colours of the visitor's appearance."""
    return DARK if is_dark() else LIGHT


def chart_template(colours: Palette) -> dict[str, Any]:
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
            "separators": ". ",
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colours.quiet_text, "activecolor": colours.accent},
        }
    }


CHART_CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True, "scrollZoom": False}

BUTTONS = {False: "#2F4B7C", True: "#4F72B3"}  # theme.primaryColor of the light and of the dark appearance

# Streamlit marks a keyed container with the class st-key-<key>, and pieces of its own with a test id. Captions get a
# grey of their own because Streamlit's (text at 60 %) has a contrast below 4.5:1.
_STYLE = """
<style>
  html, body { font-variant-numeric: tabular-nums; font-feature-settings: "cv05" 1, "cv11" 1; }
  [data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p { opacity: 1; color: QUIET; }
  .st-key-signin { margin-top: clamp(0.5rem, 10vh, 7rem); }
  .st-key-signin [data-testid="stFormSubmitButton"] button {
    width: 100%; background: BUTTON; border-color: BUTTON; color: #FFFFFF;
  }
  .st-key-signin [data-testid="stFormSubmitButton"] button:hover { filter: brightness(1.12); color: #FFFFFF; }
  .st-key-page_header h1 { max-width: 46rem; letter-spacing: -0.012em; line-height: 1.25; text-wrap: balance; }
  @media (max-width: 640px) { .st-key-page_header h1 { font-size: 1.45rem; } }
</style>
"""


def apply_style() -> None:
    """Tabular figures, readable captions, the width of a headline, the place of the sign-in form."""
    st.html(_STYLE.replace("BUTTON", BUTTONS[is_dark()]).replace("QUIET", palette().quiet_text))


def asset(name: str) -> str:
    """The text of a picture in `mmm/web/assets`, as `st.logo` and `page_icon` take it."""
    return (ASSETS / name).read_text(encoding="utf-8")
