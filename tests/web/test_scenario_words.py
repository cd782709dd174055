"""Findings about plans, in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from mmm.data.panel import KpiKind
from mmm.effects.estimate import Units, summarise
from mmm.planning.optimise import optimise
from mmm.planning.scenario import Planner
from mmm.web.scenario_state import round_step
from mmm.web.scenario_words import (
    against,
    best_split_headline,
    headline,
    names,
    pays_back,
    periods_words,
    result_words,
    shift_between,
)
from tests.fakes import a_model, a_panel

EURO = Units("EUR", "EUR", has_value=True)


def plan(panel, **factors):
    planner = Planner(a_model(panel), panel, 12)
    spend = planner.baseline.copy()
    for name, factor in factors.items():
        spend[..., panel.labels.channel(name)] *= factor
    return planner.outcome(spend, per_channel=False)


class TestHeadline:
    def test_spending_as_today_says_what_it_brings(self):
        assert headline(plan(a_panel())).startswith("Spending as today brings about €")

    def test_more_on_one_channel(self):
        text = headline(plan(a_panel(), search=1.5))
        assert text.startswith("Spending €")
        assert "a week more on search brings about €" in text
        assert text.endswith("likely.")

    def test_less_on_one_channel_brings_less(self):
        text = headline(plan(a_panel(), search=0.5))
        assert "less on search brings about €" in text
        assert " less, " in text

    def test_a_shift_of_equal_amounts_is_a_move(self):
        panel = a_panel()
        planner = Planner(a_model(panel), panel, 12)
        spend = planner.baseline.copy()
        moved = 0.2 * spend[..., 3]
        spend[..., 3] -= moved
        spend[..., 0] += moved
        text = headline(planner.outcome(spend, per_channel=False))
        assert text.startswith("Moving €")
        assert "from print to search" in text
        assert "adding" not in text

    def test_a_count_is_told_in_its_own_unit(self):
        text = headline(plan(a_panel(kpi_kind=KpiKind.UNITS), search=1.5))
        assert "orders more" in text
        assert "more, " in text

    def test_manager_words_only(self):
        for outcome in (plan(a_panel()), plan(a_panel(), search=1.5, tv=0.2)):
            assert not any(word in headline(outcome).lower() for word in ("posterior", "hdi", "r²", "nan", "none"))


class TestResult:
    @pytest.mark.parametrize(
        ("centre", "p", "words"),
        [(10.0, 0.95, "more, 95"), (-10.0, 0.05, "less, 95"), (0.1, 0.5, "changes little"), (-1.0, 0.7, "either way")],
    )
    def test_it_is_as_sure_as_the_draws(self, centre, p, words):
        estimate = summarise(np.array([centre - 1, centre, centre + 1]))
        assert words in result_words(estimate, p, EURO)


class TestSmallWords:
    def test_many_names_are_counted(self):
        assert names(("a",)) == "a"
        assert names(("a", "b")) == "a and b"
        assert names(("a", "b", "c")) == "a, b and c"
        assert names(("a", "b", "c", "d")) == "a, b and 2 others"

    def test_levels_beside_today(self):
        assert against(100.0, 100.0) == "as today"
        assert against(5.0, 0.0) == "new"
        assert against(0.0, 0.0) == "as today"
        assert against(150.0, 100.0).startswith("+50")
        assert against(0.0, 100.0).startswith("−100")

    def test_periods(self):
        assert periods_words(1, a_panel().labels.frequency) == "1 week"

    @given(some.floats(0.011, 1e9))
    def test_a_step_is_round_and_not_above_what_was_asked(self, size):
        step = round_step(size)
        assert 0 < step <= size * (1 + 1e-6)
        assert step >= size / 2.6
        assert f"{step:.0e}"[0] in "125"

    def test_small_changes_are_not_mentioned(self):
        usual = np.full((1, 12, 2), 100.0)
        shift = shift_between(("a", "b"), usual * [1.001, 1.2], usual)
        assert (shift.more, shift.less) == (("b",), ())


class TestPayingBack:
    def test_unchanged_spend_has_nothing_to_pay_back(self):
        assert pays_back(plan(a_panel()), 0.5) is None

    def test_the_margin_decides(self):
        outcome = plan(a_panel(), search=1.5)
        high, low = pays_back(outcome, 1.0), pays_back(outcome, 0.01)
        assert high[0] > low[0]
        assert "Nobody told the margin" in pays_back(outcome, None)[1]

    def test_without_a_value_it_is_not_said(self):
        assert pays_back(plan(a_panel(kpi_kind=KpiKind.UNITS), search=1.5), None) is None


def test_the_best_split_is_told_against_todays_split():
    panel = a_panel()
    model = a_model(panel)
    result = optimise(model, panel, horizon=12)
    levels = result.baseline.sum(axis=0).mean(axis=0)
    assert best_split_headline(result, result.advised, levels).startswith("Moving €")
    assert best_split_headline(result, result.frontier[0], levels).startswith("Today's split is already the best")
    more = optimise(model, panel, horizon=12, total=1.1 * float(result.baseline.sum()))
    assert best_split_headline(more, more.advised, levels).startswith("At €")
