import numpy as np
import pytest

from mmm.data.inputs import ControlRole
from tests.data.checking import check, clean, tiny, with_control

RNG = np.random.default_rng(8)


class TestAStepBetweenAdvertisingAndSale:
    @pytest.mark.parametrize("name", ["site_sessions", "webVisits", "Branded search queries", "organic traffic"])
    def test_is_known_by_name(self, name: str) -> None:
        found = check("control_mediator", with_control(clean(), name, RNG.random(104)))
        assert found.status == "warn"
        assert name in found.finding

    @pytest.mark.parametrize("name", ["competitor_visits", "price", "brand_new_store", "category search volume"])
    def test_is_not_seen_in_other_names(self, name: str) -> None:
        assert check("control_mediator", with_control(clean(), name, RNG.random(104))).status == "pass"

    def test_is_known_by_moving_with_spend(self) -> None:
        panel = clean()
        spend = panel.spend[0, :, 1]
        found = check(
            "control_mediator", with_control(panel, "engagement", spend + 0.1 * spend.std() * RNG.random(104))
        )
        assert found.status == "warn"
        assert "engagement (social, r = " in found.finding

    def test_that_is_kept_out_already_passes(self) -> None:
        panel = with_control(clean(), "sessions", clean().spend[0, :, 1], ControlRole.MEDIATOR)
        assert check("control_mediator", panel).status == "pass"

    def test_is_no_flag_that_goes_with_a_campaign(self) -> None:
        panel = clean()
        flag = (panel.spend[0, :, 3] > panel.spend[0, :, 3].mean()).astype(float)
        assert check("control_mediator", with_control(panel, "promotion", flag)).status == "pass"


class TestAControlThatStandsStill:
    def test_at_the_end_is_named_with_the_week_since_when(self) -> None:
        values = RNG.random(104)
        values[90:] = values[90]
        found = check("control_stale", with_control(clean(), "weather", values))
        assert found.status == "warn"
        assert "weather stands still since 23 Sep 2024" in found.finding

    def test_for_a_quarter_as_in_every_quarter_passes(self) -> None:
        values = np.repeat(RNG.random(8), 13)
        assert check("control_stale", with_control(clean(), "gdp", values)).status == "pass"

    def test_from_the_first_week_on_is_named(self) -> None:
        found = check("control_stale", with_control(clean(), "margin", np.full(104, 3.0)))
        assert "margin never changes" in found.finding

    def test_as_flags_do_passes(self) -> None:
        flag = np.zeros(104)
        flag[20] = 1
        assert check("control_stale", with_control(clean(), "strike", flag)).status == "pass"


class TestControlsAhead:
    def test_that_run_with_time_must_be_told_to_a_plan(self) -> None:
        found = check("control_future", with_control(clean(), "unemployment", np.linspace(3, 6, 104)))
        assert found.status == "warn"
        assert "unemployment ended far from the usual level" in found.finding

    def test_that_jumped_at_the_end_must_be_told_to_a_plan(self) -> None:
        values = 10 + RNG.random(104)
        values[-12:] += 10
        assert "rate ended far" in check("control_future", with_control(clean(), "rate", values)).finding

    def test_that_come_back_at_the_same_time_are_named_without_alarm(self) -> None:
        flag = np.zeros(156)
        flag[[10, 62, 115]] = 1
        found = check("control_future", with_control(clean(n=156), "sale", flag))
        assert "sale came back at the same time of the year" in found.finding

    def test_that_came_once_do_not_recur(self) -> None:
        flag = np.zeros(156)
        flag[[10, 40, 90]] = 1
        found = check("control_future", with_control(clean(n=156), "strike", flag))
        assert "same time" not in found.finding
        assert "strike" in found.finding

    def test_are_no_matter_where_there_are_none(self) -> None:
        assert check("control_future", tiny()).status == "pass"
