"""Units of KPI, spend and exposure, and how spend is spread over channels' periods and over markets."""

import re
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.panel import KpiKind
from tests.data.checking import check, clean, markets, tiny, with_exposure, with_kpi, with_spend


class TestTheKpi:
    def test_below_zero_warns_and_mostly_below_zero_fails(self) -> None:
        kpi = 100 + np.arange(20.0)
        kpi[:2] = -5
        assert check("kpi_values", with_kpi(tiny(), kpi)).status == "warn"
        assert check("kpi_values", with_kpi(tiny(), -np.abs(kpi))).status == "fail"

    def test_that_is_the_same_everywhere_fails(self) -> None:
        assert check("kpi_values", with_kpi(tiny(), np.full(20, 7.0))).status == "fail"

    def test_that_is_often_zero_warns(self) -> None:
        assert check("kpi_values", with_kpi(tiny(), np.where(np.arange(20) % 3, 5.0, 0.0))).status == "warn"

    def test_that_is_above_zero_passes(self) -> None:
        assert check("kpi_values", tiny()).status == "pass"


class TestTheScaleOfSpend:
    @pytest.mark.parametrize(("factor", "status"), [(1e-3, "warn"), (1.0, "pass"), (2.0, "pass"), (100.0, "warn")])
    def test_is_held_against_the_kpi_in_money(self, factor: float, status: str) -> None:
        panel = clean()
        assert check("target_scale", replace(panel, spend=panel.spend * factor)).status == status

    def test_is_not_judged_by_a_count_without_a_value(self) -> None:
        panel = replace(clean(), kpi_kind=KpiKind.UNITS, spend=clean().spend * 1e3)
        assert check("target_scale", panel).status == "pass"
        assert check("target_scale", replace(panel, value_per_kpi=np.ones(panel.kpi.shape))).status == "warn"

    def test_of_zero_to_one_is_not_money(self) -> None:
        panel = clean()
        scaled = replace(panel, spend=panel.spend / panel.spend.max(axis=(0, 1)))
        found = check("spend_not_money", scaled)
        assert found.status == "fail"
        assert "search, social, display" in found.finding
        assert check("spend_not_money", panel).status == "pass"


class TestAChannelThatIsMostlyZero:
    def test_is_named_with_the_periods_that_have_spend(self) -> None:
        spend = np.where(np.arange(104) % 10 == 0, 5000.0, 0.0)
        found = check("mostly_zero", with_spend(clean(), 3, spend))
        assert found.status == "warn"
        assert "offline_promotions (11 weeks)" in found.finding

    def test_is_left_to_the_check_of_idle_channels_where_it_never_spent(self) -> None:
        panel = with_spend(clean(), 3, np.zeros(104))
        assert check("mostly_zero", panel).status == "pass"
        assert check("idle_channel", panel).status == "warn"


class TestExposure:
    def test_without_spend_is_named(self) -> None:
        panel = with_exposure(clean())
        spend = panel.spend[0, :, 0].copy()
        spend[10:20] = 0
        found = check("exposure_without_spend", with_spend(panel, 0, spend))
        assert found.status == "warn"
        assert "search" in found.finding
        assert "10 weeks, first 13 Mar 2023" in found.finding
        assert check("spend_without_exposure", with_spend(panel, 0, spend)).status == "pass"

    def test_that_is_missing_where_there_is_spend_is_named(self) -> None:
        panel = with_exposure(clean())
        exposure = panel.exposure.copy()
        exposure[:, 30:50, 2] = 0
        found = check("spend_without_exposure", replace(panel, exposure=exposure))
        assert found.status == "warn"
        assert "display" in found.finding

    def test_of_a_channel_that_has_none_is_no_matter(self) -> None:
        panel = with_exposure(clean())
        exposure = panel.exposure.copy()
        exposure[:, :, 1] = np.nan
        panel = replace(panel, exposure=exposure)
        for code in ("exposure_without_spend", "spend_without_exposure", "cost_per_exposure"):
            assert check(code, panel).status == "pass"


class TestCostPerExposure:
    def test_that_is_no_price_is_named(self) -> None:
        dear = check("cost_per_exposure", with_exposure(replace(clean(), spend=clean().spend * 1e4), per_spend=0.5))
        assert dear.status == "warn"
        assert re.search(r"Hardly a price for a thousand: search at [12][\d,.e+]* EUR", dear.finding)
        assert check("cost_per_exposure", with_exposure(clean(), per_spend=1e6)).status == "warn"

    def test_of_points_or_clicks_may_be_high(self) -> None:
        assert check("cost_per_exposure", with_exposure(clean(), per_spend=0.01)).status == "pass"

    def test_that_jumps_by_a_thousand_is_a_change_of_unit(self) -> None:
        panel = with_exposure(clean())
        exposure = panel.exposure.copy()
        exposure[:, 70:, 1] /= 1000
        found = check("cost_per_exposure", replace(panel, exposure=exposure))
        assert found.status == "warn"
        assert "social (first on 6 May 2024)" in found.finding

    def test_that_never_moves_was_computed_from_spend(self) -> None:
        panel = with_exposure(clean(), noise=0.0)
        found = check("cost_per_exposure", panel)
        assert found.status == "warn"
        assert "same price in every week: search" in found.finding

    def test_that_moves_a_little_was_delivered(self) -> None:
        assert check("cost_per_exposure", with_exposure(clean(), noise=0.01)).status == "pass"


class TestSpendOfMarkets:
    def test_that_is_the_populations_share_teaches_nothing(self) -> None:
        panel = markets()
        share = panel.population / panel.population.sum()
        spend = np.round(share[:, None] * panel.spend[:, :, 0].sum(axis=0), 2)
        found = check("spend_split_by_size", with_spend(panel, 0, spend))
        assert found.status == "warn"
        assert "search" in found.finding
        assert "its share of the population" in found.finding
        assert "social" not in found.finding

    def test_that_is_any_fixed_share_teaches_nothing_either(self) -> None:
        panel = replace(markets(), population=None)
        share = np.array([0.1, 0.2, 0.3, 0.4])[:, None]
        found = check("spend_split_by_size", with_spend(panel, 0, share * panel.spend[:, :, 0].sum(axis=0)))
        assert "a fixed share" in found.finding

    def test_in_one_market_only_is_no_split(self) -> None:
        panel = markets()
        spend = panel.spend[:, :, 0].copy()
        spend[1:] = 0
        assert check("spend_split_by_size", with_spend(panel, 0, spend)).status == "pass"

    def test_of_its_own_passes(self) -> None:
        assert check("spend_split_by_size", markets()).status == "pass"


def test_the_longest_gap_is_named() -> None:
    panel = clean()
    observed = panel.observed.copy()
    observed[0, [3, 40, 41, 42]] = False
    found = check("unobserved", replace(panel, observed=observed))
    assert "The longest stretch is 3 weeks: 9 Oct 2023 to 23 Oct 2023." in found.finding
