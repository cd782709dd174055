"""The template, the colours, and the pieces every figure is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.charts import template
from mmm.charts.template import DARK, GROUND, INK, LIGHT, Palette


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_template_is_valid_plotly(colours: Palette) -> None:
    import plotly.graph_objects as go

    go.Figure(layout={"template": template.template(colours)})


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_a_dressed_figure_has_the_colours_of_the_page(colours: Palette) -> None:
    plain = template.figure(
        [template.dots([1], [2], "@ink", [INK]), template.line([1], [2], "a", INK)],
        key="k",
        annotations=[template.label(1, 1, "@ground", colour=GROUND)],
    )
    ready = template.dressed(plain, colours)
    assert ready["data"][0]["marker"]["color"] == [colours.text]
    assert ready["data"][0]["name"] == "@ink"  # a channel may be called anything
    assert ready["data"][1]["line"]["color"] == colours.text
    assert ready["layout"]["annotations"][0]["font"]["color"] == colours.ground
    assert ready["layout"]["annotations"][0]["text"] == "@ground"
    assert plain["data"][0]["marker"]["color"] == [INK]


def test_a_channel_keeps_its_colour_by_its_place() -> None:
    names = [f"channel {number}" for number in range(12)]
    colours = template.channel_colours(names)
    assert [colours[name] for name in names[:10]] == list(template.CHANNEL_COLOURS)
    assert colours[names[10]] == colours[names[11]] == template.OTHER_COLOUR


def test_channels_beyond_the_tenth_are_summed_as_other() -> None:
    names = tuple(f"channel {number}" for number in range(12))
    kept, values = template.grouped(names, np.arange(24.0).reshape(2, 12))
    assert kept == (*names[:10], "other")
    assert values[:, -1].tolist() == [10 + 11, 22 + 23]
    assert template.grouped(names[:3], np.ones(3))[0] == names[:3]


@given(st.text())
def test_no_name_is_read_as_markup_or_as_a_template(name: str) -> None:
    text = template.safe(name)
    assert "<" not in text
    assert ">" not in text
    assert "%{" not in text


def test_what_is_not_known_is_a_gap_in_the_line() -> None:
    assert template.line([1, 2, 3], [1.0, np.nan, np.inf], "a", INK)["y"] == [1.0, None, None]


def test_a_band_is_the_hue_of_its_line_at_a_fifth() -> None:
    lower, upper = template.band([1], [0], [2], "#4C78A8")
    assert upper["fill"] == "tonexty"
    assert upper["fillcolor"] == "rgba(76,120,168,0.2)"
    assert lower["hoverinfo"] == "skip"
