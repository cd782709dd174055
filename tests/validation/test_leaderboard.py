"""Which family is recommended, what may replace what, and how much each counts in an average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.validation.leaderboard import Row, may_replace, recommend, worth_replacing
from mmm.validation.scores import Scores
from mmm.validation.stacking import combined, lift_factor, mixture_log_density, stacking_weights, twin_factors


def scores(crps: float) -> Scores:
    return Scores(20, crps, crps, 0.1, crps, 0.9, 0.8)


def row(name: str, crps: float = 10.0, **changes) -> Row:
    return replace(Row(name, "pass", True, crps, scores(crps)), **changes)


class TestRecommend:
    def test_the_structural_model_is_the_first_choice(self):
        assert recommend([row("ridge"), row("structural")]).family == "structural"

    def test_a_better_forecast_alone_replaces_nothing_and_the_reason_says_so(self):
        found = recommend([row("ridge", 5.0), row("structural")])
        assert found.family == "structural"
        assert "not the best account" in found.reason

    def test_known_effects_found_more_closely_do(self):
        found = recommend([row("ridge", twins=0.04), row("structural", twins=0.08)])
        assert (found.family, found.other) == ("ridge", "structural")

    @pytest.mark.parametrize("against", [{"crps": 11.0}, {"lift": 6.0}, {"plans": False}, {"status": "fail"}])
    def test_unless_something_else_speaks_against_them(self, against):
        rows = [row("ridge", twins=0.04, **against), row("structural", twins=0.08, lift=1.0)]
        assert recommend(rows).family == "structural"

    def test_past_a_failed_check_the_best_forecast_that_can_plan_follows(self):
        rows = [row("structural", status="fail"), row("lasso", 4.0, plans=False), row("ridge", 6.0), row("trees", 5.0)]
        assert recommend(rows).family == "trees"

    def test_where_all_fail_the_first_choice_is_the_one_to_mend(self):
        found = recommend([row("ridge", status="fail"), row("structural", status="fail")])
        assert found.family == "structural"
        assert "Every model failed" in found.reason


class TestReplacing:
    def test_takes_two_refreshes(self):
        theirs = [scores(10.0), scores(10.0)]
        assert worth_replacing([scores(9.0), scores(8.0)], theirs).worth
        once = worth_replacing([scores(9.0), scores(11.0)], theirs)
        assert (once.worth, "only one" in once.reason) == (False, True)

    def test_takes_health(self):
        pair = [scores(9.0), scores(9.0)]
        assert not worth_replacing(pair, [scores(10.0), scores(10.0)], healthy=False).worth

    def test_takes_enough_history(self):
        assert not worth_replacing([scores(9.0)], [scores(10.0)]).worth

    def test_the_first_model_and_a_refit_replace_without_it(self):
        assert may_replace({}, "ridge", None).worth
        assert may_replace({}, "ridge", "ridge").worth

    def test_a_model_that_was_not_tried_against_the_published_kind_may_not(self):
        tried = {"refreshes": {"against": "structural", "worth": True, "reason": "It won."}}
        assert may_replace(tried, "ridge", "structural").worth
        assert not may_replace(tried, "ridge", "xgboost").worth
        assert not may_replace({}, "ridge", "structural").worth


class TestStacking:
    def test_finds_the_weights_of_a_mixture_it_can_see(self):
        rng = np.random.default_rng(0)
        which = rng.random(4000) < 0.7
        y = np.where(which, rng.normal(0, 1, 4000), rng.normal(6, 1, 4000))
        density = np.array([-0.5 * (y - mean) ** 2 for mean in (0.0, 6.0)])
        assert stacking_weights(density)[0] == pytest.approx(0.7, abs=0.03)

    def test_are_on_the_simplex_and_at_least_as_good_as_the_best_alone(self):
        density = np.random.default_rng(1).normal(-3, 1, (4, 60))
        weights = stacking_weights(density)
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1.0)
        alone = max(mixture_log_density(density, np.eye(4)[k]) for k in range(4))
        assert mixture_log_density(density, weights) >= alone - 1e-6

    def test_a_family_alone_has_all_the_weight(self):
        assert stacking_weights(np.zeros((1, 5))).tolist() == [1.0]

    def test_twins_and_lift_tests_move_them(self):
        even = np.array([0.5, 0.5])
        moved = combined(even, twin_factors([0.05, 0.10]), np.array([lift_factor([0.0]), lift_factor([2.0])]))
        assert moved[0] > 0.9
        np.testing.assert_array_equal(combined(even, twin_factors([None, None])), even)
