"""The twin test: worlds that look like the data, and what families make of them."""

import json

import numpy as np
import pytest

from mmm.data.lift import LiftTest
from mmm.data.simulate import five_channel_world
from mmm.effects.contributions import drop_one
from mmm.errors import ModelError, SpecError
from mmm.models.base import FitSettings
from mmm.models.one_draw import OneDraw, one_draw
from mmm.models.registry import FAMILIES, family
from mmm.models.replay import replayed
from mmm.validation.truths import Recipe, look_alike, recipes, truth_of
from mmm.validation.twin_report import judged, summarise
from mmm.validation.twins import FamilyOutcome, PlanPlayed, TwinOutcome, quick_settings, twin_of
from tests.fakes import CHANNELS, FakeModel, a_panel

SMALL = FitSettings(effort="quick", n_draws=40)


@pytest.fixture(scope="module")
def panel():
    return five_channel_world(seed=3, n_periods=70).panel


@pytest.fixture(scope="module")
def models(panel):
    return {"ridge": family("ridge").fit(panel, SMALL)}


def recipe(source="ridge", *, number=0, confounded=False, seed=5):
    return Recipe(number, source, confounded, seed)


def outcome(number, source, found, *, confounded=False, truth=(10.0, 20.0), plan=None):
    """An outcome in which families found `found {family: (mean, half width)}`."""
    families = tuple(
        FamilyOutcome(
            name,
            tuple(mean),
            tuple(m - half for m in mean),
            tuple(m + half for m in mean),
            plan,
        )
        for name, (mean, half) in found.items()
    )
    return TwinOutcome(
        recipe(source, number=number, confounded=confounded),
        ("a", "b"),
        truth,
        (10.0, 10.0),
        30.0,
        200.0,
        4.0,
        families,
    )


class TestTruths:
    def test_one_draw_answers_as_that_draw_of_the_model(self, panel, models):
        whole = models["ridge"].expected(panel.inputs())
        np.testing.assert_allclose(one_draw(models["ridge"], 7).expected(panel.inputs()), whole[7:8], rtol=1e-12)

    def test_one_draw_of_a_black_box_answers_as_that_draw(self):
        fake_panel = a_panel()
        half = np.array([100.0, 120.0, 150.0, 90.0])
        beta = np.arange(12.0).reshape(3, 4)
        fake = FakeModel(fake_panel.labels, beta=beta, decay=np.full((3, 4), 0.4), half=np.tile(half, (3, 1)))
        single = one_draw(fake, 2)
        assert isinstance(single, OneDraw)
        np.testing.assert_array_equal(single.expected(fake_panel.inputs()), fake.expected(fake_panel.inputs())[2:])
        assert single.media_terms(fake_panel.inputs()).main.shape == (1, 1, 104, len(CHANNELS))

    def test_a_draw_that_is_not_there_is_refused(self, models):
        with pytest.raises(ModelError, match="no draw 400"):
            one_draw(models["ridge"], 400)

    def test_sources_take_turns_and_a_third_of_the_worlds_is_confounded(self):
        made = recipes(("structural", "ridge"), 18, seed=0)
        assert [one.source for one in made[:4]] == ["prior", "structural", "ridge", "prior"]
        assert {source: sum(r.confounded for r in made if r.source == source) for source in ("prior", "ridge")} == {
            "prior": 2,
            "ridge": 2,
        }

    def test_a_test_without_worlds_is_refused(self):
        with pytest.raises(SpecError, match="at least one"):
            recipes(("ridge",), 0, seed=0)

    @pytest.mark.parametrize("source", ["prior", "ridge"])
    def test_a_twin_keeps_spend_controls_and_gaps_and_the_size_of_the_kpi(self, panel, models, source):
        seen = look_alike(panel, truth_of(recipe(source), panel, models))
        assert seen.spend is panel.spend
        assert seen.observed is panel.observed
        assert np.corrcoef(seen.kpi[0], panel.kpi[0])[0, 1] > 0.4
        assert 0.6 < seen.kpi.std() / panel.kpi.std() < 1.7

    def test_unobserved_demand_moves_sales_with_the_spend_of_some_channels_and_changes_no_effect(self, panel, models):
        plain, moved = (truth_of(recipe(confounded=flag), panel, models) for flag in (False, True))
        inputs = panel.inputs()
        np.testing.assert_array_equal(drop_one(plain.model, inputs).draws, drop_one(moved.model, inputs).draws)
        extra = look_alike(panel, moved).kpi[0] - moved.model.expected(inputs)[0, 0]
        usual = look_alike(panel, plain).kpi[0] - plain.model.expected(inputs)[0, 0]
        spend = np.log(panel.spend[0] + panel.spend[0].mean(axis=0) * 0.03)

        def tie(noise):
            return max(np.corrcoef(noise, column)[0, 1] for column in spend.T)

        assert tie(extra) > tie(usual) + 0.1

    def test_a_lift_test_is_run_again_in_the_world_of_the_twin(self, panel, models):
        test = LiftTest("social", panel.periods[30], panel.periods[33] + 6, lift=1.0, se=1.0)
        tested = type(panel)(**{**vars(panel), "lift_tests": (test,)})
        truth = truth_of(recipe(), tested, models)
        seen = look_alike(tested, truth)
        (window,) = tested.lift_windows
        assert abs(seen.lift_tests[0].lift - replayed(truth.model, tested, window)[0]) < 6.0

    def test_a_family_without_a_model_cannot_be_the_truth(self, panel, models):
        with pytest.raises(SpecError, match="“forest”"):
            truth_of(recipe("forest"), panel, models)


@pytest.fixture(scope="module")
def made(panel, models):
    """One twin of the prior, tried by ridge."""
    return twin_of(recipe("prior"), panel, models, {"ridge": SMALL})


class TestATwin:
    def test_the_same_recipe_gives_the_same_outcome_to_the_last_digit(self, panel, models, made):
        assert twin_of(recipe("prior"), panel, models, {"ridge": SMALL}) == made

    def test_an_outcome_survives_json(self, made):
        assert TwinOutcome.from_dict(json.loads(json.dumps(made.as_dict()))) == made

    def test_no_plan_is_worth_more_than_the_best_possible(self, made):
        assert made.families[0].plan.uplift <= made.best_uplift

    def test_a_family_that_cannot_be_fitted_is_an_outcome_with_its_reason(self, panel, models, monkeypatch):
        def refuse(*_):
            raise ModelError("too short")

        broken = type(family("ridge"))("broken", "Broken", refuse, family("ridge").load)
        monkeypatch.setitem(FAMILIES, "broken", broken)
        made = twin_of(recipe("prior"), panel, models, {"broken": SMALL})
        assert made.families == (FamilyOutcome("broken", problem="too short"),)

    def test_refits_are_quick_with_few_draws(self):
        settings = quick_settings(["ridge"])["ridge"]
        assert (settings.effort, settings.n_draws) == ("quick", 200)


class TestTheReport:
    def test_no_family_is_judged_on_its_own_worlds_unless_they_are_confounded(self):
        found = {"ridge": ((10.0, 20.0), 1.0)}
        made = [outcome(0, "ridge", found), outcome(1, "prior", found), outcome(2, "ridge", found, confounded=True)]
        assert [one.recipe.number for one, _ in judged(made, "ridge")] == [1, 2]

    def test_errors_are_shares_of_all_media_and_bias_has_a_sign(self):
        report = summarise([outcome(0, "prior", {"ridge": ((13.0, 14.0), 4.0)})])
        ridge = report.of("ridge")
        assert ridge.error == pytest.approx((3 + 6) / 2 / 30)
        assert ridge.channel("a").bias == pytest.approx(0.3)
        assert ridge.channel("b").bias == pytest.approx(-0.3)

    def test_coverage_is_told_with_and_without_unobserved_demand(self):
        good, bad = {"ridge": ((10.0, 20.0), 1.0)}, {"ridge": ((15.0, 20.0), 1.0)}
        report = summarise([outcome(0, "prior", good), outcome(1, "prior", bad, confounded=True)])
        channel = report.of("ridge").channel("a")
        assert (channel.coverage, channel.coverage_plain, channel.coverage_confounded) == (0.5, 1.0, 0.0)

    def test_the_interval_ratio_says_how_much_wider_an_interval_should_be(self):
        report = summarise([outcome(i, "prior", {"ridge": ((14.0, 20.0), 2.0)}) for i in range(4)])
        assert report.of("ridge").channel("a").interval_ratio == pytest.approx(2.0)

    def test_the_order_of_channels_by_return_is_right_or_not(self):
        right, wrong = {"ridge": ((10.0, 20.0), 1.0)}, {"ridge": ((25.0, 20.0), 1.0)}
        report = summarise([outcome(0, "prior", right), outcome(1, "prior", wrong)])
        assert report.of("ridge").order_right == 0.5

    def test_plan_value_and_promise_are_pooled(self):
        found = {"ridge": ((10.0, 20.0), 1.0)}
        made = [
            outcome(0, "prior", found, plan=PlanPlayed(3.0, 4.0)),
            outcome(1, "prior", found, plan=PlanPlayed(-1.0, 2.0)),
        ]
        ridge = summarise(made).of("ridge")
        assert ridge.plan_value == pytest.approx(2.0 / 8.0)
        assert ridge.promise == pytest.approx(6.0 / 2.0)

    def test_the_family_that_finds_effects_best_comes_first(self):
        found = {"ridge": ((15.0, 25.0), 1.0), "structural": ((10.0, 20.0), 1.0)}
        report = summarise([outcome(0, "prior", found)])
        assert list(report.recovery) == ["structural", "ridge"]
        assert report.recovery["structural"] == 1.0

    def test_a_channel_whose_interval_held_too_seldom_is_named(self):
        bad = {"ridge": ((15.0, 20.0), 1.0)}
        report = summarise([outcome(i, "prior", bad) for i in range(6)])
        assert any("too sure of a" in sentence and "0 %" in sentence for sentence in report.sentences)

    def test_the_order_in_which_twins_were_computed_changes_nothing(self):
        made = [outcome(i, "prior", {"ridge": ((10.0 + i, 20.0), 3.0)}) for i in range(5)]
        assert summarise(made) == summarise(made[::-1])

    def test_nothing_can_be_said_of_no_twin(self):
        with pytest.raises(SpecError, match="No twin"):
            summarise([])
