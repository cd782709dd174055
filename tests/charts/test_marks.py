"""What happened when is drawn on every chart over time, quietly, and its words never lie on each other."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mmm.charts
from mmm.charts.fit import fit_and_forecast
from mmm.charts.gaps import calendar, gaps
from mmm.charts.history import history
from mmm.charts.marks import LABELLED, LETTER, NARROW, Mark, with_marks, words
from mmm.charts.over_time import stacked_area
from mmm.charts.scenario import sales_ahead
from mmm.charts.share import share_of_spend
from mmm.charts.template import LIGHT, Chart, dressed, figure, line, time_axis
from mmm.data.panel import Panel
from mmm.models.base import FitSettings, silent
from mmm.planning.scenario import ScenarioOutcome, evaluate
from mmm.study import Results, question
from mmm.validation.holdout import hold_out
from tests.fakes import a_model, a_panel

LAUNCH = Mark(date(2023, 5, 3), date(2023, 5, 3), "launch", "New shop")


@cache
def answers() -> tuple[Panel, Results, ScenarioOutcome]:
    panel = a_panel(n=60)
    model = a_model(panel)
    held = hold_out(panel, lambda p, s, q=silent: a_model(p), FitSettings())
    return panel, question(model, panel, held), evaluate(model, panel, 1.1 * panel.spend[:, -8:])


def drawn(name: str, marks: Sequence[Mark]) -> Chart:
    panel, results, outcome = answers()
    several = a_panel(n=60, markets=3)
    charts: dict[str, Callable[[], Chart]] = {
        "history": lambda: history(panel, marks=marks),
        "gaps": lambda: gaps(panel, marks=marks),
        "calendar": lambda: calendar(several, marks=marks),
        "stacked_area": lambda: stacked_area(results.decomposition, marks=marks),
        "share_of_spend": lambda: share_of_spend(panel, marks=marks),
        "fit_and_forecast": lambda: fit_and_forecast(
            results.fitted, results.hold_out, "revenue", panel.labels.frequency, marks=marks
        ),
        "sales_ahead": lambda: sales_ahead(outcome, panel.periods, panel.kpi[0], key="ahead", marks=marks),
    }
    return charts[name]()


def over_time() -> list[str]:
    """Every function that returns a chart and, itself or through another, asks for an axis of dates."""
    found = []
    for module in pkgutil.iter_modules(mmm.charts.__path__):
        source = importlib.import_module(f"mmm.charts.{module.name}")
        for name, function in inspect.getmembers(source, inspect.isfunction):
            own = function.__module__ == source.__name__ and not name.startswith("_") and name != "with_marks"
            text = inspect.getsource(function)
            if own and function.__annotations__.get("return") == "Chart" and ("time_axis(" in text or "gaps(" in text):
                found.append(name)
    return found


def lines(chart: Chart) -> list[dict[str, Any]]:
    return [shape for shape in chart.figure["layout"].get("shapes", ()) if shape["type"] == "line"]


def labels(chart: Chart) -> list[dict[str, Any]]:
    return [note for note in chart.figure["layout"].get("annotations", ()) if note.get("yref") == "paper"]


@pytest.mark.parametrize("name", over_time())
class TestEveryChartOverTime:
    def test_draws_the_marks(self, name: str) -> None:
        chart = drawn(name, [LAUNCH])
        assert any(shape["x0"] == "2023-05-03" for shape in lines(chart))
        assert "New shop" in [note["text"] for note in labels(chart)]
        assert "Launch: New shop, 3 May 2023" in chart.alt
        assert ["Launch: New shop, 3 May 2023"] in [trace.get("customdata") for trace in chart.figure["data"]]
        go.Figure(dressed(chart.figure, LIGHT))

    def test_is_as_it_was_without_marks(self, name: str) -> None:
        far = Mark(date(1999, 1, 1), date(1999, 1, 2), "other", "long ago")
        assert drawn(name, [far]).figure == drawn(name, []).figure


def weeks(n: int) -> Any:
    return np.datetime64("2023-01-02") + 7 * np.arange(n)


def plain(n: int = 104) -> Chart:
    axis = time_axis()
    return Chart(figure([line([str(d) for d in weeks(n)], np.ones(n), "y", "#000000")], key="k", xaxis=axis), "Level.")


def marks_at(days: Sequence[int], text: str = "Promotion of the summer") -> list[Mark]:
    return [
        Mark(date(2023, 1, 2) + timedelta(day), date(2023, 1, 2) + timedelta(day), "promotion", text) for day in days
    ]


def test_a_span_is_a_light_band_that_ends_with_its_last_day() -> None:
    chart = with_marks(plain(), [Mark(date(2023, 3, 1), date(2023, 3, 14), "outage", "Shop down")], weeks(104))
    (band,) = [shape for shape in chart.figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert (band["x0"], band["x1"]) == ("2023-03-01", "2023-03-15")
    said = chart.figure["data"][-1]
    assert said["x"] == ["2023-02-27", "2023-03-06", "2023-03-13"]


def test_a_span_is_cut_at_the_ends_of_the_axis() -> None:
    chart = with_marks(plain(10), [Mark(date(2022, 1, 1), date(2024, 1, 1), "other", "War")], weeks(10))
    (band,) = [shape for shape in chart.figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert (band["x0"], band["x1"]) == ("2023-01-02", "2023-03-13")


def test_words_are_never_read_as_markup() -> None:
    chart = with_marks(plain(), [Mark(date(2023, 3, 1), date(2023, 3, 1), "other", "<b>%{x}&")], weeks(104))
    assert chart.figure["layout"]["annotations"][-1]["text"] == "&lt;b&gt;%&#123;x}&amp;"
    assert "<b>" not in str(chart.figure)


def test_the_plot_keeps_its_height_under_the_labels() -> None:
    chart = with_marks(plain(), marks_at([10, 20, 30]), weeks(104))
    before, after = plain().figure["layout"], chart.figure["layout"]
    assert after["margin"]["t"] - 24 <= after["height"] - before["height"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 720), min_size=1, max_size=LABELLED))
def test_labels_never_lie_on_each_other_on_a_telephone(days: list[int]) -> None:
    chart = with_marks(plain(), marks_at(days), weeks(104))
    rows: dict[float, list[tuple[float, float]]] = {}
    for note in labels(chart):
        at = (date.fromisoformat(note["x"]) - date(2023, 1, 2)).days / 721 * NARROW
        width = LETTER * len(note["text"])
        span = (at - width, at) if note["xanchor"] == "right" else (at, at + width)
        assert 0 <= span[0] <= span[1] <= NARROW
        rows.setdefault(note["yshift"], []).append(span)
    for spans in rows.values():
        assert all(one[1] < other[0] for one, other in pairwise(sorted(spans)))


def test_marks_apart_are_all_labelled() -> None:
    assert len(labels(with_marks(plain(), marks_at(list(range(0, 700, 150))), weeks(104)))) == 5


def test_more_than_twelve_marks_are_only_in_the_hover() -> None:
    chart = with_marks(plain(), marks_at(list(range(0, 700, 50))), weeks(104))
    assert labels(chart) == []
    assert len(lines(chart)) == 14
    assert len(chart.figure["data"][-1]["x"]) == 14
    assert chart.alt.endswith("and 2 more.")


def test_a_mark_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Mark(date(2023, 3, 2), date(2023, 3, 1), "launch", "New shop")


def test_a_mark_of_no_kind_is_told_by_its_words_alone() -> None:
    assert words(Mark(date(2023, 3, 1), date(2023, 3, 9), "other", "Strike")) == "Strike, 1 Mar 2023 to 9 Mar 2023"
