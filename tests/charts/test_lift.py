"""The charts of lift tests are valid Plotly and say their finding."""

from __future__ import annotations

import json
from dataclasses import replace

import plotly.graph_objects as go

from mmm.charts.lift import before_and_after, measured_and_expected
from mmm.charts.template import LIGHT, Chart, dressed
from mmm.data.lift import LiftTest
from mmm.data.panel import KpiKind
from mmm.effects.contributions import drop_one
from mmm.effects.estimate import Units
from mmm.effects.lift import LiftComparison, compare_lift
from mmm.models.base import FitSettings
from tests.effects.test_lift import Fits, learner
from tests.fakes import a_panel

NASTY = '<b onclick="x">&%{y}</b>'


def pictures(**changes) -> tuple[Chart, Chart, LiftComparison]:
    panel = a_panel(n=60, **changes)
    labels = replace(panel.labels, channels=(NASTY, *panel.labels.channels[1:]))
    tests = tuple(
        LiftTest(name, panel.periods[20], panel.periods[23] + 6, lift, 50.0)
        for name, lift in ((NASTY, 1e6), ("social", 500.0))
    )
    panel = replace(panel, labels=labels, lift_tests=tests)
    model, units = learner(panel), Units.of(panel)
    found = compare_lift(model, panel, Fits(), FitSettings())
    assert found is not None
    assert found.contributions_without is not None
    after = drop_one(model, panel.inputs(), units=units)
    return measured_and_expected(found, units), before_and_after(after, found.contributions_without), found


def test_they_are_valid_and_names_are_text() -> None:
    for changes in ({}, {"kpi_kind": KpiKind.UNITS}, {"kpi_kind": KpiKind.UNITS, "value": 12.0}):
        for chart in pictures(**changes)[:2]:
            ready = dressed(chart.figure, LIGHT)
            go.Figure(ready)
            assert "<b onclick" not in json.dumps(ready, allow_nan=False)


def test_they_say_how_many_tests_the_model_agrees_with() -> None:
    chart, _, found = pictures()
    agreeing = sum(test.agrees for test in found.tests)
    assert chart.alt == f"The model agrees with {agreeing} of 2 lift tests; it learnt from them."


def test_they_say_which_channel_moved_most() -> None:
    _, chart, _ = pictures()
    assert chart.alt.startswith("Lift tests moved ")
    assert "intervals are" in chart.alt
