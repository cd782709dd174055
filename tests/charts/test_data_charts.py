"""Pictures of a data set before any model: shares, correlations, what is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from mmm.charts.correlation import MOST_SERIES, NAMED, correlation
from mmm.charts.gaps import calendar, gaps
from mmm.charts.share import share_of_spend
from mmm.charts.template import LIGHT, OTHER, dressed
from mmm.data.inputs import Frequency
from mmm.data.panel import Panel
from tests.charts.test_figures import NASTY, PANELS, texts
from tests.fakes import a_panel


@pytest.mark.parametrize("name", PANELS)
@pytest.mark.parametrize("draw", [share_of_spend, correlation, calendar])
def test_every_chart_is_valid_and_holds_no_markup(draw, name: str) -> None:
    chart = draw(PANELS[name]())
    ready = dressed(chart.figure, LIGHT)
    go.Figure(ready)
    json.dumps(ready, allow_nan=False)
    assert len(chart.alt) > 20
    assert "nan" not in chart.alt
    assert not any(NASTY in text or "<b" in text for text in texts(chart.figure))


class TestTheShareOfSpend:
    def test_adds_up_to_the_whole_in_every_period(self) -> None:
        drawn = share_of_spend(a_panel(n=40)).figure["data"]
        assert np.sum([trace["y"] for trace in drawn], axis=0) == pytest.approx(np.full(40, 100.0))

    def test_of_more_than_ten_channels_has_one_for_the_others(self) -> None:
        names = [trace["name"] for trace in share_of_spend(a_panel(n=40, channels=14)).figure["data"]]
        assert len(names) == 11
        assert names[-1] == OTHER

    def test_of_a_long_history_is_by_month_and_loses_no_spend(self) -> None:
        panel = a_panel(n=104)
        chart = share_of_spend(panel)
        assert [trace["x"][0] for trace in chart.figure["data"]] == ["2023-01-01"] * 4
        months = panel.periods.astype("datetime64[M]")
        first = panel.spend[0][months == months[0]].sum(axis=0)
        assert [trace["y"][0] for trace in chart.figure["data"]] == pytest.approx(100 * first / first.sum())

    def test_says_which_channel_moved_most(self) -> None:
        panel = a_panel(n=40)
        spend = panel.spend.copy()
        spend[:, 20:, 1] *= 4
        assert share_of_spend(replace(panel, spend=spend)).alt.startswith("social moved most")

    def test_of_periods_without_spend_is_empty(self) -> None:
        panel = a_panel(n=40)
        spend = panel.spend.copy()
        spend[:, 5] = 0
        drawn = share_of_spend(replace(panel, spend=spend)).figure["data"]
        assert sum(trace["y"][5] for trace in drawn) == 0


class TestCorrelations:
    def cells(self, panel: Panel) -> np.ndarray:
        return np.array(correlation(panel).figure["data"][0]["z"], dtype=float)

    def test_are_those_of_spend_and_kpi(self) -> None:
        panel = a_panel(n=60)
        series = np.column_stack([panel.kpi[0], panel.spend[0]])
        wanted = np.corrcoef(series, rowvar=False)
        below = np.tril_indices(5, k=-1)
        found = np.full((5, 5), np.nan)
        found[1:, :-1] = self.cells(panel)
        np.testing.assert_allclose(found[below], wanted[below])

    def test_do_not_mistake_the_size_of_markets_for_moving_together(self) -> None:
        panel = a_panel(n=60, markets=4)
        size = np.array([1.0, 10.0, 100.0, 1000.0])[:, None, None]
        assert np.nanmax(np.abs(self.cells(replace(panel, spend=panel.spend * size)))) < 0.5

    def test_of_many_channels_show_the_largest_and_number_the_strongest(self) -> None:
        chart = correlation(a_panel(n=60, channels=30))
        assert len(chart.figure["layout"]["yaxis"]["ticktext"]) == MOST_SERIES - 1
        assert len(chart.figure["layout"]["annotations"]) == NAMED
        assert "14 channels with most spend" in chart.alt

    def test_name_the_pair_that_cannot_be_told_apart(self) -> None:
        panel = a_panel(n=60)
        spend = panel.spend.copy()
        spend[:, :, 2] = 2 * spend[:, :, 0] + 0.1 * spend[:, :, 1]
        assert "search and tv move together most" in correlation(replace(panel, spend=spend)).alt
        assert "too closely" in correlation(replace(panel, spend=spend)).alt

    def test_of_nothing_observed_are_unknown(self) -> None:
        panel = a_panel(n=30)
        chart = correlation(replace(panel, observed=np.zeros_like(panel.observed)))
        assert "no pair" in chart.alt


class TestTheCalendar:
    def missing(self, frequency: Frequency, n: int) -> Panel:
        panel = a_panel(n=n, frequency=frequency)
        observed = panel.observed.copy()
        observed[0, 10] = False
        return replace(panel, observed=observed)

    @pytest.mark.parametrize(("frequency", "n", "columns"), [("week", 104, 53), ("month", 40, 12), ("day", 400, 53)])
    def test_of_the_whole_has_a_row_a_year(self, frequency: str, n: int, columns: int) -> None:
        heat = calendar(self.missing(Frequency(frequency), n)).figure["data"][0]
        assert len(heat["z"]) == len(heat["y"])
        assert len(heat["z"][0]) in (columns, columns - 1)
        cells = [cell for row in heat["z"] for cell in row]
        assert cells.count(2) == 1

    def test_says_the_period_that_is_missing(self) -> None:
        panel = self.missing(Frequency.DAY, 400)
        said = [text for row in calendar(panel).figure["data"][0]["customdata"] for text in row]
        assert "12 Jan 2023: left out" in said

    def test_of_markets_has_a_row_a_market(self) -> None:
        panel = a_panel(n=40, markets=3)
        assert calendar(panel).figure["data"] == gaps(panel).figure["data"]
