from dataclasses import replace

import numpy as np
import pytest

from mmm.data.checks.breaks import steps
from mmm.data.inputs import Frequency
from tests.data.checking import check, clean, clean_worlds, markets, tiny, with_control, with_kpi, with_spend


class TestAFreakPeriod:
    def test_that_a_control_marks_is_not_named(self) -> None:
        panel = clean()
        kpi = panel.kpi[0].copy()
        kpi[30] *= 2
        panel = with_kpi(panel, kpi)
        assert check("outliers", panel).status == "warn"
        flag = np.zeros(104)
        flag[30] = 1
        assert check("outliers", with_control(panel, "launch", flag)).status == "pass"

    def test_is_named_with_its_market(self) -> None:
        panel = markets()
        kpi = panel.kpi.copy()
        kpi[2, 40] *= 3
        assert "(market 3)" in check("outliers", with_kpi(panel, kpi)).finding

    def test_is_no_sunday_of_a_shop_that_closes(self) -> None:
        panel = tiny(Frequency.DAY, n=140)
        open_ = np.arange(140) % 7 != 6
        assert check("outliers", with_kpi(panel, panel.kpi * np.where(open_, 1.0, 0.1))).status == "pass"


class TestFreakSpend:
    def test_is_a_misplaced_digit(self) -> None:
        panel = clean()
        spend = panel.spend[0, :, 1].copy()
        spend[30] *= 20
        found = check("spend_outliers", with_spend(panel, 1, spend))
        assert found.status == "warn"
        assert "social on 31 Jul 2023" in found.finding

    def test_is_no_burst_among_others(self) -> None:
        spend = np.where(np.arange(104) % 10 < 2, 1000.0, 10.0) * np.random.default_rng(2).lognormal(0, 0.2, 104)
        assert check("spend_outliers", with_spend(clean(), 1, spend)).status == "pass"


class TestALevelBreak:
    @pytest.mark.parametrize("seed", range(5))
    def test_is_named_with_its_week_and_size(self, seed: int) -> None:
        panel = clean(seed)
        (step,) = steps(with_kpi(panel, panel.kpi * np.where(np.arange(104) < 60, 1.0, 1.25)), 0)
        assert abs(step.period - 60) <= 2
        assert step.size == pytest.approx(0.25, abs=0.09)

    def test_is_said_with_its_date(self) -> None:
        panel = tiny(n=104)
        found = check("level_break", with_kpi(panel, panel.kpi * np.where(np.arange(104) < 60, 1.0, 0.8)))
        assert found.status == "warn"
        assert "from 28 Feb 2022 it is 20\u202f% lower" in found.finding

    def test_can_be_two_in_one_market(self) -> None:
        panel = tiny(n=156)
        level = np.select([np.arange(156) < 50, np.arange(156) < 100], [1.0, 1.3], 0.9)
        found = steps(with_kpi(panel, panel.kpi * level), 0)
        assert [round(step.period, -1) for step in found] == [50, 100]

    def test_that_a_control_tells_is_not_named(self) -> None:
        panel = tiny(n=104)
        after = (np.arange(104) >= 60).astype(float)
        panel = with_control(with_kpi(panel, panel.kpi * (1 - 0.2 * after)), "new definition", after)
        assert check("level_break", panel).status == "pass"

    def test_is_no_single_freak_period(self) -> None:
        panel = tiny(n=104)
        kpi = panel.kpi[0].copy()
        kpi[52] *= 8
        assert check("level_break", with_kpi(panel, kpi)).status == "pass"

    def test_needs_weeks_on_both_sides_that_were_observed(self) -> None:
        panel = replace(clean(), observed=np.arange(104)[None] < 20)
        assert steps(panel, 0) == ()

    def test_of_a_market_among_many_carries_its_name(self) -> None:
        panel = markets()
        kpi = panel.kpi.copy()
        kpi[1, 50:] *= 1.4
        assert "(market 2)" in check("level_break", with_kpi(panel, kpi)).finding

    def test_is_seldom_seen_where_there_is_none(self) -> None:
        assert sum(bool(steps(panel, 0)) for panel in clean_worlds()) <= 1
