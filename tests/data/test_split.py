"""Budgets that were shared out by market size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmm.data.panel import Panel
from mmm.data.simulate import market_world
from mmm.data.split import split_by_size


def bought_regionally() -> Panel:
    return market_world(3, n_markets=4, n_periods=40).panel


def handed_out(by: np.ndarray) -> Panel:
    """The second channel's national spend split by `by [market, period]`, to the cent."""
    panel = bought_regionally()
    spend = panel.spend.copy()
    spend[:, :, 1] = np.round(spend[:, :, 1].sum(axis=0) * by / by.sum(axis=0), 2)
    return replace(panel, spend=spend)


class TestSplitBySize:
    def test_finds_nothing_where_markets_bought_for_themselves(self) -> None:
        assert split_by_size(bought_regionally()) == ()

    def test_finds_a_channel_split_by_population(self) -> None:
        panel = bought_regionally()
        assert panel.population is not None
        assert split_by_size(handed_out(np.repeat(panel.population[:, None], 40, axis=1))) == ("social",)

    def test_finds_a_channel_split_by_mean_kpi_without_population(self) -> None:
        panel = handed_out(np.repeat(bought_regionally().kpi.mean(axis=1)[:, None], 40, axis=1))
        assert split_by_size(replace(panel, population=None)) == ("social",)

    def test_finds_a_channel_that_follows_each_weeks_kpi(self) -> None:
        assert split_by_size(handed_out(bought_regionally().kpi)) == ("social",)

    def test_finds_a_channel_split_by_any_fixed_share(self) -> None:
        by = np.repeat(np.array([[1.0], [9.0], [2.0], [5.0]]), 40, axis=1)
        assert split_by_size(handed_out(by)) == ("social",)

    def test_leaves_alone_a_channel_that_some_markets_lack(self) -> None:
        by = np.repeat(bought_regionally().kpi.mean(axis=1)[:, None], 40, axis=1)
        by[:2] = 0.0
        assert split_by_size(handed_out(by)) == ()

    def test_has_nothing_to_say_of_one_market(self) -> None:
        assert split_by_size(market_world(3, n_markets=1, n_periods=40).panel) == ()
