"""The appearance a visitor sees, and the few style rules that Streamlit's configuration has no key for.

The colours of widgets and text are in `.streamlit/config.toml`; those of charts in `mmm/charts/template.py`.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from mmm.charts.template import CHANNEL_COLOURS, DARK, LIGHT, Palette

__all__ = ["CHANNEL_COLOURS", "DARK", "LIGHT", "Palette", "apply_style", "asset", "is_dark", "palette"]

ASSETS = Path(__file__).parent / "assets"


def is_dark() -> bool:
    """True when the visitor's browser shows the dark appearance."""
    return bool(st.context.theme.type == "dark")


def palette() -> Palette:
    """The colours of the visitor's appearance."""
    return DARK if is_dark() else LIGHT


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
  [data-testid="stSliderThumbValue"], [data-testid="stTab"][aria-selected="true"] p,
  [data-testid="stButtonGroup"] button[data-selected="true"] p { color: ACCENT; }
  @media (max-width: 640px) { .st-key-page_header h1 { font-size: 1.45rem; } }
</style>
"""


def apply_style() -> None:
    """Tabular figures, readable captions, the width of a headline, the place of the sign-in form."""
    st.html(
        _STYLE.replace("BUTTON", BUTTONS[is_dark()])
        .replace("QUIET", palette().quiet_text)
        .replace("ACCENT", palette().accent)
    )


def asset(name: str) -> str:
    """The text of a picture in `mmm/web/assets`, as `st.logo` and `page_icon` take it."""
    return (ASSETS / name).read_text(encoding="utf-8")
