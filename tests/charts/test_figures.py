"""Every chart is valid Plotly, holds nothing that JSON cannot, and says its finding, whatever the data look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from mmm.charts.changes import changes
from mmm.charts.explain import dependence, split_bars, tree_bars
from mmm.charts.fit import fit_and_forecast
from mmm.charts.gaps import gaps
from mmm.charts.history import history
from mmm.charts.lasting import lasting
from mmm.charts.over_time import stacked_area
from mmm.charts.response import response
from mmm.charts.returns import return_bars, shares
from mmm.charts.template import CHANNEL_COLOURS, LIGHT, Chart, dressed
from mmm.charts.together import together
from mmm.charts.uplift import uplift_distribution
from mmm.charts.waterfall import parts_of, waterfall
from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind, Panel
from mmm.effects.change import latest_change
from mmm.effects.interactions import interaction_grid
from mmm.effects.roi import Roi
from mmm.effects.shap import TreeValues, explain, partial_dependence
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.planning.scenario import evaluate
from mmm.study import Results, question
from mmm.validation.holdout import hold_out
from tests.fakes import a_model, a_panel

NASTY = '<b onclick="x">&%{y}</b>'


def fit_fake(panel: Panel, settings: FitSettings, progress: Progress = silent) -> FittedModel:
    return a_model(panel)


def with_gap(panel: Panel) -> Panel:
    observed, filled = panel.observed.copy(), panel.filled.copy()
    observed[:, 10:14] = False
    filled[:, 20:21], observed[:, 20:21] = True, False
    return replace(panel, observed=observed, filled=filled)


def renamed(panel: Panel) -> Panel:
    channels = (NASTY, *panel.labels.channels[1:])
    return replace(panel, labels=replace(panel.labels, channels=channels))


def dark_channel(panel: Panel) -> Panel:
    spend = panel.spend.copy()
    spend[..., 1] = 0.0
    return replace(panel, spend=spend)


PANELS = {
    "revenue": lambda: a_panel(n=60, margin=0.5),
    "units without a value": lambda: a_panel(n=60, kpi_kind=KpiKind.UNITS),
    "units with a value": lambda: a_panel(n=60, kpi_kind=KpiKind.UNITS, value=12.0),
    "three markets": lambda: a_panel(n=60, markets=3),
    "twelve channels": lambda: a_panel(n=60, channels=12),
    "months with gaps": lambda: with_gap(a_panel(n=40, frequency=Frequency.MONTH)),
    "a name that is markup": lambda: renamed(a_panel(n=60)),
    "a channel that never spent": lambda: dark_channel(a_panel(n=60)),
    "one channel": lambda: a_panel(n=60, channels=1),
}


@cache
def case(name: str) -> tuple[Panel, FittedModel, Results]:
    panel = PANELS[name]()
    model = a_model(panel, pair=len(panel.labels.channels) > 1)
    held = hold_out(panel, lambda p, s, q=silent: a_model(p, pair=len(p.labels.channels) > 1), FitSettings())
    return panel, model, question(model, panel, held)


def charts(panel: Panel, model: FittedModel, results: Results) -> Iterator[Chart]:
    frequency, names = panel.labels.frequency, panel.labels.channels
    yield waterfall(results.decomposition)
    yield stacked_area(results.decomposition)
    yield return_bars(results.roi)
    yield shares(results.roi)
    for name in names[:2]:
        curve = results.curves[name]
        yield response(curve, frequency, CHANNEL_COLOURS[0], plan=1.5 * curve.today.spend)
        yield lasting(results.carry_over[name], frequency, CHANNEL_COLOURS[0])
    yield fit_and_forecast(results.fitted, results.hold_out, panel.kpi_name, frequency)
    yield gaps(panel)
    change = latest_change(results.decomposition)
    assert change is not None
    yield changes(change)
    yield split_bars(explain(model, panel, slice(panel.n_periods - 6, None)))
    yield dependence(partial_dependence(model, panel, names[0], (0.0, 1.0, 2.0)), frequency, CHANNEL_COLOURS[0])
    yield uplift_distribution(evaluate(model, panel, 1.1 * panel.spend[:, -8:]))
    if len(names) > 1:
        yield together(interaction_grid(model, panel, names[0], names[1], (0.0, 1.0, 2.0)), frequency)


def texts(value: Any) -> Iterator[str]:
    """Every string that Plotly reads as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("name", PANELS)
def test_every_chart_is_valid_and_says_its_finding(name: str) -> None:
    for chart in charts(*case(name)):
        ready = dressed(chart.figure, LIGHT)
        go.Figure(ready)  # refuses unknown keys and impossible values
        json.dumps(ready, allow_nan=False)
        assert "@" not in " ".join(text for text in texts(ready) if text.startswith("@"))
        assert len(chart.alt) > 20
        for text in (*texts(chart.figure), chart.alt):
            assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


def test_names_are_never_read_as_markup() -> None:
    for chart in charts(*case("a name that is markup")):
        assert not any("<b" in text or "%{y}" in text for text in texts(chart.figure))
        if "onclick" in chart.alt:
            assert NASTY in chart.alt  # an attribute, escaped by whoever writes it


@pytest.mark.parametrize("name", PANELS)
def test_the_waterfall_ends_in_the_actual(name: str) -> None:
    panel, _, results = case(name)
    parts = parts_of(results.decomposition)
    value = panel.money_per_kpi
    shown = panel.kpi if value is None else panel.kpi * value
    assert parts.actual == pytest.approx(shown[panel.observed].sum())
    assert parts.baseline + parts.channels.sum() + parts.unexplained == pytest.approx(parts.actual)
    bars = waterfall(results.decomposition).figure["data"][0]
    ends = [start + size for start, size in zip(bars["base"], bars["x"], strict=True)]
    assert ends[-1] == pytest.approx(ends[-2])
    assert bars["base"][1:-1] == pytest.approx(ends[:-2])


def test_the_layers_and_the_fit_are_the_same_sum() -> None:
    _, _, results = case("revenue")
    drawn = stacked_area(results.decomposition).figure["data"]
    layers = [np.array(trace["y"]) for trace in drawn if trace.get("stackgroup")]
    factor = results.decomposition.fitted.sum(axis=0) / np.sum(layers, axis=0)
    assert factor == pytest.approx(np.full(len(factor), factor[0]))


def test_the_trees_features_are_named_and_channels_keep_their_colour() -> None:
    values = np.zeros((1, 3, 2))
    trees = TreeValues(("search", "trend"), values, values, np.zeros(1), np.array([3.0, 5.0]))
    drawn = tree_bars(trees, "orders", ("search", "social"))
    go.Figure(dressed(drawn.figure, LIGHT))
    bars = drawn.figure["data"][0]
    assert bars["y"] == ["trend", "search"]
    assert bars["marker"]["color"][1] == CHANNEL_COLOURS[0]


def test_without_a_value_there_is_no_return_but_a_cost() -> None:
    _, _, results = case("units without a value")
    drawn = return_bars(results.roi)
    assert "for one of orders" in drawn.figure["layout"]["xaxis"]["title"]["text"]
    assert not any("×" in text for text in (*texts(drawn.figure), drawn.alt))


def test_spend_below_one_is_not_counted_in_thousandths() -> None:
    panel = a_panel(n=60)

    def ticks(largest: float) -> str:
        spend = largest * panel.spend / panel.spend.sum(axis=(0, 2)).max()
        return str(history(replace(panel, spend=spend)).figure["layout"]["yaxis2"]["tickformat"])

    assert ticks(20_000.0) == "~s"
    assert ticks(0.5) == ""  # "500m" beside "€" is read as five hundred million


def test_the_break_even_stays_on_the_chart_when_returns_are_far_beyond_it() -> None:
    def side(returns: Roi) -> str:
        return next(n for n in return_bars(returns).figure["layout"]["annotations"] if "break" in n["text"])["xanchor"]

    returns = case("revenue")[2].roi
    assert returns.roi is not None
    far = replace(returns.roi, mean=returns.roi.mean * 5000, lo=returns.roi.lo * 5000, hi=returns.roi.hi * 5000)
    assert side(returns) == "center"
    assert side(replace(returns, roi=far)) == "left"


def test_beyond_observed_spend_the_curve_is_grey_and_dashed() -> None:
    _, _, results = case("revenue")
    curve = next(iter(results.curves.values()))
    drawn = response(curve, Frequency.WEEK, "#4C78A8").figure["data"]
    lines = [trace for trace in drawn if trace["mode"] == "lines" and "name" in trace]
    assert [t["line"]["dash"] for t in lines] == ["solid", "dash"]
    assert lines[0]["x"][-1] == pytest.approx(lines[1]["x"][0])
    assert lines[0]["x"][-1] == pytest.approx(curve.supported.edge / (curve.spend[-1] / lines[1]["x"][-1]))
