"""Findings in words: sure where the draws agree, and "we are not sure" where they do not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mmm.charts import sentences
from mmm.charts.numbers import THIN
from mmm.charts.waterfall import Parts
from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind
from mmm.effects.change import Change
from mmm.effects.contributions import drop_one
from mmm.effects.crossing import Crossing, crossing
from mmm.effects.curves import BreakEven, ResponseCurve, response_curve
from mmm.effects.estimate import Estimate, Units
from mmm.effects.roi import Roi, roi
from mmm.effects.support import SupportStatus
from mmm.planning.moves import Move, MoveKind
from mmm.planning.scenario import Planner
from mmm.planning.what_if import Multiplied, multiplied
from tests.fakes import a_model, a_panel

VISITS = Units(kpi="visits", currency="EUR", has_value=False)


def spaced(text: str) -> str:
    return text.replace(THIN, " ")


def estimate(mean: float, lo: float, hi: float) -> Estimate:
    return Estimate(np.asarray(mean), np.asarray(lo), np.asarray(hi))


@cache
def returns() -> Roi:
    panel = a_panel(n=60, channels=3)
    return roi(a_model(panel), panel)


def with_next(mean: float, lo: float, hi: float, break_even: float = 1.0) -> Roi:
    found = Estimate(np.full(3, mean), np.full(3, lo), np.full(3, hi))
    return replace(returns(), next_roi=found, break_even=break_even)


class TestNextEuro:
    def test_past_its_best_where_even_the_upper_end_does_not_pay(self) -> None:
        title = sentences.channel_title("search", with_next(0.62, 0.4, 0.9), 0)
        assert title == "Search is past its best: the next €1 brings €0.62."

    def test_a_margin_says_what_it_takes(self) -> None:
        title = sentences.channel_title("search", with_next(1.2, 0.9, 1.5, break_even=2.0), 0)
        assert title == "Search is past its best: the next €1 brings €1.20, and it takes €2 to pay for itself."

    def test_still_earning_where_even_the_lower_end_pays(self) -> None:
        assert sentences.channel_title("TV", with_next(2.4, 1.8, 3.0), 0) == "TV still earns: the next €1 brings €2.40."

    def test_not_sure_where_the_interval_holds_both(self) -> None:
        title = sentences.channel_title("search", with_next(1.2, 0.51, 2.5), 0)
        assert title == "We are not sure that more search pays: the next €1 brings €0.51–2.50."

    def test_a_channel_that_never_spent_is_not_judged(self) -> None:
        assert "nothing is known" in sentences.channel_title("search", with_next(np.nan, np.nan, np.nan), 0)

    def test_without_a_value_it_is_a_cost_and_no_return(self) -> None:
        cost = Estimate(np.full(3, 42.0), np.full(3, 31.0), np.full(3, 60.0))
        found = replace(returns(), roi=None, next_roi=None, p_pays_back=None, next_cost_per_kpi=cost, units=VISITS)
        assert sentences.channel_title("search", found, 0) == "One more of visits through search costs €42 (€31–60)."
        open_end = replace(found, next_cost_per_kpi=replace(cost, hi=np.full(3, np.inf)))
        title = sentences.channel_title("search", open_end, 0)
        assert title == "We are not sure that more search brings more visits: one more costs €31 or more."


class TestDoubling:
    found = Multiplied(
        channel="social",
        units=Units(),
        factor=2.0,
        horizon=12,
        extra=120_000.0,
        gain=estimate(150_000, 80_000, 210_000),
        back=estimate(1.25, 0.7, 1.8),
        p_pays=0.55,
        margin_known=False,
        support=SupportStatus.INSIDE,
    )

    def test_it_says_cost_gain_return_and_chance(self) -> None:
        assert spaced(sentences.multiplied_answer(self.found, Frequency.WEEK)) == (
            "Doubling social over the next 12 weeks costs €120 k more and brings €150 k (€80–210 k). "
            "That is €1.25 back for each extra €1; the chance that it pays counting revenue in full is 55 %."
        )

    def test_an_interval_over_zero_is_not_called_a_gain(self) -> None:
        unsure = replace(self.found, gain=estimate(20_000, -30_000, 90_000))
        text = spaced(sentences.multiplied_answer(unsure, Frequency.WEEK))
        assert "we are not sure it brings anything: between −€30.0 k and +€90.0 k" in text

    @pytest.mark.parametrize(("chance", "words"), [(0.97, "very likely pays"), (0.02, "very likely does not pay")])
    def test_what_is_nearly_sure_is_said_so(self, chance: float, words: str) -> None:
        assert words in sentences.multiplied_answer(replace(self.found, p_pays=chance), Frequency.WEEK)

    def test_spend_never_seen_is_called_a_guess(self) -> None:
        beyond = replace(self.found, support=SupportStatus.BEYOND)
        assert sentences.multiplied_answer(beyond, Frequency.WEEK).endswith("so this is the model's guess.")

    def test_without_a_value_there_is_no_return(self) -> None:
        units = replace(self.found, units=VISITS, back=None, p_pays=None, gain=estimate(900, 400, 1500))
        text = spaced(sentences.multiplied_answer(units, Frequency.WEEK))
        assert (
            text == "Doubling social over the next 12 weeks costs €120 k more and brings 900 visits (0.4–1.5 k visits)."
        )

    def test_the_model_is_asked_on_paired_draws(self) -> None:
        panel = a_panel(n=60, margin=0.5)
        planner = Planner(a_model(panel), panel, 12)
        found = multiplied(planner, 1)
        assert found is not None
        spend = planner.baseline.copy()
        spend[..., 1] *= 2
        draws = planner.uplift_draws(spend)
        assert float(found.gain.mean) == pytest.approx(draws.mean())
        assert found.extra == pytest.approx(planner.baseline[..., 1].sum())
        assert found.p_pays == pytest.approx((0.5 * draws > found.extra).mean())
        assert multiplied(planner, 1, 1.0) is None


@cache
def curve() -> ResponseCurve:
    panel = a_panel(n=60)
    return response_curve(a_model(panel), panel, "search")


def crossed(middle: float, lo: float, hi: float, never: float = 0.0, always: float = 0.0) -> str:
    found = Crossing("search", 1.0, estimate(middle, lo, hi), never, always)
    point = curve().today
    known = replace(curve(), break_even=BreakEven(1.0, False, replace(point, spend=middle), "found"))
    return spaced(sentences.crossing_answer(known, found, Frequency.WEEK))


class TestCrossing:
    def test_a_place_with_its_interval(self) -> None:
        text = crossed(12_000, 8_000, 19_000)
        assert text.startswith("From about €12.0 k a week on (€8–19 k) the next €1 on search brings less than €1.")
        assert "Today it gets €" in text

    def test_an_interval_from_nothing_is_not_sure(self) -> None:
        text = crossed(12_000, 0.0, 19_000, never=0.1)
        assert text.startswith("We are not sure")
        assert "up to €19.0 k" in text

    def test_an_open_end_is_not_made_up(self) -> None:
        assert crossed(12_000, 8_000, np.inf, always=0.2).startswith("Above €8.00 k a week, but we are not sure where")
        assert crossed(12_000, 0.0, np.inf, never=0.1, always=0.2).startswith(
            "We are not sure: the data allow any place"
        )

    def test_never_and_always_are_said_plainly(self) -> None:
        assert crossed(0.0, 0.0, 0.0, never=0.97).startswith("From the first €1 on")
        assert crossed(np.inf, np.inf, np.inf, always=0.97).startswith("Nowhere near what was ever spent")

    def test_without_a_value_there_is_nothing_to_compare(self) -> None:
        panel = a_panel(n=60, kpi_kind=KpiKind.UNITS)
        model = a_model(panel)
        found = response_curve(model, panel, "search")
        assert crossing(model, panel, "search") is None
        assert "Nobody has said" in sentences.crossing_answer(found, None, Frequency.WEEK)
        assert sentences.crossing_question(found) == "Where do returns on search fall below 1?"

    def test_the_question_names_what_a_margin_needs(self) -> None:
        known = replace(curve(), break_even=replace(curve().break_even, threshold=2.5, verdict="found"))
        assert (
            sentences.crossing_question(known) == "Where do returns on search fall below 2.5×, which your margin needs?"
        )

    def test_the_interval_is_that_of_every_draws_own_crossing(self) -> None:
        # One draw's response is top · a / (a + half) at a settled spend a = s / (1 − decay); it returns 1 where
        # the slope top · half / (a + half)² / (1 − decay) is 1.
        panel = a_panel(n=200, channels=1)
        model = a_model(panel, pair=False)
        found = crossing(model, panel, "search")
        assert found is not None
        share = 1 - model.decay[:, 0]
        exact = np.maximum(0, share * (np.sqrt(model.beta[:, 0] * model.half[:, 0] / share) - model.half[:, 0]))
        assert float(found.spend.mean) == pytest.approx(np.quantile(exact, 0.5, method="nearest"), rel=0.02)
        assert float(found.spend.lo) == pytest.approx(np.quantile(exact, 0.05, method="nearest"), rel=0.02)
        assert float(found.spend.hi) == pytest.approx(np.quantile(exact, 0.95, method="nearest"), rel=0.02)


class TestContribution:
    parts = Parts(Units(), ("search", "social"), 800.0, np.array([120.0, 80.0]), 0.0, 1000.0, 0)

    def test_a_ranking_is_stated_where_the_draws_agree(self) -> None:
        panel = a_panel(n=60, channels=2)
        found = drop_one(a_model(panel), panel.inputs())
        clear = replace(found, draws=np.tile([[2.0, 1.0]], (40, 1)))
        title = spaced(sentences.contribution_title(self.parts, clear))
        assert title == "Channels brought in 20 % of sales, search the most."

    def test_a_draw_is_called_one(self) -> None:
        panel = a_panel(n=60, channels=2)
        found = drop_one(a_model(panel), panel.inputs())
        rng = np.random.default_rng(0)
        close = replace(found, draws=rng.normal(1.0, 0.3, (400, 2)))
        title = sentences.contribution_title(self.parts, close)
        assert "the data cannot tell which of" in title
        assert "search" in title
        assert "social" in title

    def test_no_effect_is_said_plainly(self) -> None:
        panel = a_panel(n=60, channels=2)
        nothing = replace(self.parts, channels=np.zeros(2))
        text = sentences.contribution_title(nothing, drop_one(a_model(panel), panel.inputs()))
        assert text == "The data show no effect of any channel."

    def test_channels_are_sorted_into_paid_did_not_and_not_sure(self) -> None:
        found = replace(returns(), p_pays_back=np.array([0.97, 0.02, 0.5]))
        text = sentences.return_finding(found)
        assert text == "Search paid back; social did not; we are not sure about tv."
        text = sentences.return_finding(replace(found, p_pays_back=np.array([np.nan, 0.02, 0.5])))
        assert text == "Social did not pay back; we are not sure about tv."
        assert "cost of one" in sentences.return_finding(replace(found, p_pays_back=None))


class TestHome:
    labels = a_panel(n=60, channels=2).labels
    weeks = np.arange(4).astype("datetime64[W]").astype("datetime64[D]")

    def change(self, baseline: float, channels: tuple[float, float], unexplained: float, before: float = 1e6) -> Change:
        after = before + baseline + sum(channels) + unexplained
        at = (self.weeks, self.weeks)
        return Change(self.labels, Units(), *at, before, after, baseline, np.array(channels), unexplained, filled=False)

    def test_the_largest_known_reason_is_named(self) -> None:
        title = spaced(sentences.change_title(self.change(10e3, (90e3, 20e3), 5e3), "revenue"))
        assert title == "Revenue rose by €125 k in the last 4 weeks, mostly through search."

    def test_what_the_model_does_not_know_is_not_explained_away(self) -> None:
        title = sentences.change_title(self.change(10e3, (20e3, 0.0), 90e3), "revenue")
        assert title.endswith("mostly for reasons the model does not know.")

    def test_many_small_reasons_are_none(self) -> None:
        title = spaced(sentences.change_title(self.change(-30e3, (-30e3, -20e3), -25e3), "revenue"))
        assert title == "Revenue fell by €105 k in the last 4 weeks."

    def test_little_is_called_level_and_no_history_is_said(self) -> None:
        assert "held level" in sentences.change_title(self.change(1e3, (0.0, 0.0), 0.0), "revenue")
        assert "not enough history" in sentences.change_title(None, "revenue")

    def test_sales_that_were_nothing_before_did_not_hold_level(self):
        nothing_before = replace(self.change(90e3, (20e3, 0.0), 0.0), before=0.0, after=110e3)
        assert sentences.change_title(nothing_before, "revenue").startswith("Revenue rose by")

    def test_a_move_says_amount_worth_interval_and_chance(self) -> None:
        move = Move(
            MoveKind.SHIFT,
            "social",
            "search",
            45_000.0,
            estimate(26_000, 12_000, 40_000),
            0.87,
            Units(),
            True,
            SupportStatus.INSIDE,
            np.zeros((1, 12, 2)),
        )
        assert spaced(sentences.move_title(move)) == "Move €45.0 k from search to social"
        worth = spaced(sentences.move_worth(move))
        assert worth == "Worth about €26.0 k of profit (€12–40 k); 87 % likely to pay."
        unsure = replace(move, gain=estimate(5_000, -12_000, 20_000), p_better=0.6)
        assert "(between −€12.0 k and +€20.0 k)" in spaced(sentences.move_worth(unsure))
        assert sentences.move_title(replace(move, kind=MoveKind.CUT)).endswith("less on social")

    def test_no_move_is_an_answer(self) -> None:
        assert "No single move" in sentences.moves_title((), 12, Frequency.WEEK)
