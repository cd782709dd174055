"""Charts of plans: valid, labelled, on one scale when compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from mmm.charts.scenario import channels_bring, how_far, sales_ahead, shared_range, spend_by_channel
from mmm.charts.template import BEYOND, LIGHT, Chart, dressed
from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind, Panel
from mmm.effects.support import SupportStatus
from mmm.planning.optimise import optimise
from mmm.planning.scenario import Planner
from tests.fakes import a_model, a_panel

PANELS = {
    "revenue": lambda: a_panel(n=60),
    "units without a value": lambda: a_panel(n=60, kpi_kind=KpiKind.UNITS),
    "three markets": lambda: a_panel(n=60, markets=3),
    "twelve channels": lambda: a_panel(n=60, channels=12),
    "months": lambda: a_panel(n=40, frequency=Frequency.MONTH),
    "a name that is markup": lambda: _renamed(a_panel(n=60), "<b onclick='x'>%{y}</b>"),
}


def _renamed(panel: Panel, name: str) -> Panel:
    labels = replace(panel.labels, channels=(name, *panel.labels.channels[1:]))
    return replace(panel, labels=labels)


def charts(panel: Panel) -> Iterator[Chart]:
    model = a_model(panel)
    planner = Planner(model, panel, 12)
    outcome = planner.outcome(planner.baseline * 1.3)
    recent = np.where(np.arange(12) == 4, np.nan, panel.kpi[:, -12:].sum(axis=0))
    yield sales_ahead(outcome, panel.periods[-12:], recent, key="k")
    yield channels_bring(outcome, key="k")
    result = optimise(model, panel, horizon=12)
    yield how_far(result, result.advised, key="k")
    yield spend_by_channel(
        panel.labels.channels,
        result.today / 12,
        result.advised.allocation / 12,
        currency="EUR",
        frequency=panel.labels.frequency,
        key="k",
        limits=(result.lower / 12, result.upper / 12),
        status=outcome.channels.support,
    )


@pytest.mark.parametrize("name", PANELS)
def test_every_chart_is_valid_and_says_its_finding(name: str) -> None:
    for chart in charts(PANELS[name]()):
        ready = dressed(chart.figure, LIGHT)
        go.Figure(ready)  # refuses unknown keys and impossible values
        text = json.dumps(ready, allow_nan=False)
        assert "<b onclick" not in text
        assert '"@' not in text
        assert ready["layout"]["uirevision"] == "k"
        assert len(chart.alt) > 20
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b", chart.alt)


def test_compared_plans_share_one_range_that_holds_both() -> None:
    panel = a_panel(n=60)
    planner = Planner(a_model(panel), panel, 12)
    outcomes = [planner.outcome(planner.baseline * factor, per_channel=False) for factor in (0.5, 2.0)]
    scale = shared_range(outcomes)
    drawn = [sales_ahead(o, panel.periods[-12:], panel.kpi[0, -12:], key="k", y_range=scale) for o in outcomes]
    assert drawn[0].figure["layout"]["yaxis"]["range"] == drawn[1].figure["layout"]["yaxis"]["range"]
    for outcome in outcomes:
        assert scale[0] <= outcome.predicted.shown.lo.min()
        assert outcome.predicted.shown.hi.max() <= scale[1]


def test_the_labels_at_the_end_do_not_lie_on_each_other() -> None:
    panel = a_panel(n=60)
    planner = Planner(a_model(panel), panel, 12)
    outcome = planner.outcome(planner.baseline, per_channel=False)
    layout = sales_ahead(outcome, panel.periods[-12:], panel.kpi[0, -12:], key="k").figure["layout"]
    one, other = (note["y"] for note in layout["annotations"] if note["text"] in {"this plan", "as today"})
    low, high = layout["yaxis"]["range"]
    assert abs(one - other) / (high - low) * layout["height"] >= 14


def test_spend_that_was_never_tried_is_grey_and_says_so() -> None:
    picture = spend_by_channel(
        ("search", "tv"),
        np.array([1.0, 1.0]),
        np.array([5.0, 1.0]),
        currency="EUR",
        frequency=Frequency.WEEK,
        key="k",
        status=(SupportStatus.BEYOND, SupportStatus.INSIDE),
    )
    dots = picture.figure["data"][-1]
    assert dots["marker"]["color"][0] == BEYOND
    assert dots["marker"]["color"][1] != BEYOND
    assert [note["text"] for note in picture.figure["layout"]["annotations"]] == ["beyond what was ever spent"]


def test_effects_that_were_not_asked_for_are_not_drawn_as_zero() -> None:
    panel = a_panel(n=60)
    planner = Planner(a_model(panel), panel, 12)
    with pytest.raises(ValueError, match="per_channel"):
        channels_bring(planner.outcome(planner.baseline, per_channel=False), key="k")
