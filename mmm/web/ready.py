"""A figure handed to Streamlit as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any


def ready(figure: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plotly has no types
    """`figure` in a form that Streamlit passes on without checking it anew.

    `st.plotly_chart` builds a `plotly.graph_objects.Figure` of every plain dict to validate it, a third of the time of
    a moved slider, measured. Our figures come from `mmm.charts`, whose tests do that once; give anything else to
    `st.plotly_chart` directly.
    """
    return _ready_figure()(dict(figure))


@cache
def _ready_figure() -> type:
    from plotly.basedatatypes import BaseFigure

    class ReadyFigure(BaseFigure):  # type: ignore[misc]  # plotly has no types
        """Says it is a validated figure, which is what `to_dict` of the real one stands for."""

        def __init__(self, figure: dict[str, Any]) -> None:
            self._ready = figure

        def to_dict(self) -> dict[str, Any]:
            return self._ready

    return ReadyFigure
