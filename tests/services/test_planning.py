"""Planning: the answers are those of the planner, kept in memory, and given to nobody who may not have them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mmm.access import Role
from mmm.data.inputs import Frequency
from mmm.errors import DataError, InfeasiblePlanError, ModelError, NotAllowedError, NotFoundError, SpecError
from mmm.planning import scenario
from mmm.planning.baseline import HORIZON
from mmm.planning.scenario import evaluate
from mmm.services.planning import Outlook, _planner_of
from mmm.services.scenarios import FORMAT_VERSION, from_payload, scenario_of, to_payload
from tests.champion import known_world, publish, store
from tests.fakes import FakeModel, a_model, a_panel


@pytest.fixture
def champion(installation):
    """The id of a published structural model."""
    panel, model = known_world()
    analyst = installation.actor("analyst")
    return publish(installation.services, analyst, store(installation.services, analyst, panel), model)


@pytest.fixture
def planning(installation):
    return installation.services.planning


class TestOutlook:
    def test_it_starts_from_business_as_usual_of_the_champion(self, installation, planning, champion):
        outlook = planning.outlook(installation.actor("manager"))
        panel = known_world()[0]
        assert outlook.model.id == champion
        assert outlook.is_champion
        assert not outlook.stale
        assert outlook.usual.shape == (1, 12, 5)
        assert outlook.levels == pytest.approx(panel.spend[:, -12:].mean(axis=(0, 1)))
        assert outlook.last_year.shape == outlook.usual.shape
        assert outlook.recent == pytest.approx(panel.kpi[0, -12:])
        assert outlook.periods[0] == panel.periods[-1] + np.timedelta64(7, "D")

    def test_a_plan_of_an_older_model_is_answered_by_that_model(self, installation, planning, champion):
        panel, model = known_world()
        analyst = installation.actor("analyst")
        dataset = planning.outlook(analyst).dataset
        newer = publish(
            installation.services, analyst, store(installation.services, analyst, panel, dataset_id=dataset.id), model
        )
        old = planning.outlook(analyst, model_id=champion)
        assert (old.model.id, old.is_champion, old.stale) == (champion, False, True)
        assert planning.outlook(analyst).model.id == newer

    def test_without_a_champion_it_says_what_is_missing(self, installation, planning):
        with pytest.raises(NotFoundError, match="There are no data yet"):
            planning.outlook(installation.actor("manager"))

    def test_a_family_that_cannot_plan_is_refused_in_words(self):
        class Explainer(FakeModel):
            supports_planning = False

        panel = a_panel()
        known = a_model(panel)
        explainer = Explainer(panel.labels, beta=known.beta, decay=known.decay, half=known.half)
        with pytest.raises(ModelError, match="An analyst can publish another one"):
            _planner_of(explainer, panel, 12)

    def test_every_frequency_has_a_horizon(self):
        assert set(HORIZON) == set(Frequency)


class TestPermissions:
    @pytest.mark.parametrize("role", [Role.ENGINEER, Role.AUDITOR, Role.ADMIN])
    def test_who_may_not_see_results_gets_none_however_often_others_asked(self, installation, planning, champion, role):
        outlook = planning.outlook(installation.actor("manager"))
        someone = installation.actor(role.value)
        with pytest.raises(NotAllowedError):
            planning.outlook(someone)
        with pytest.raises(NotAllowedError):
            planning.evaluate(someone, champion, outlook.usual)

    def test_an_executive_looks_but_does_not_optimise(self, installation, planning, champion):
        executive = installation.actor("executive")
        assert planning.evaluate(executive, champion, planning.outlook(executive).usual).p_better == 0.5
        with pytest.raises(NotAllowedError):
            planning.optimise(executive, champion)

    def test_another_workspace_finds_no_model_even_when_its_planner_is_in_memory(
        self, installation, planning, champion
    ):
        manager = installation.actor("manager")
        usual = planning.outlook(manager).usual
        planning.evaluate(manager, champion, usual)
        planning.optimise(manager, champion)
        stranger = replace(manager, workspace_id="f" * 32)
        for ask in (planning.evaluate, planning.difference):
            with pytest.raises(NotFoundError):
                ask(stranger, champion, *[usual] * (1 if ask == planning.evaluate else 2))
        with pytest.raises(NotFoundError):
            planning.optimise(stranger, champion)


class TestAnswers:
    def test_they_are_those_of_the_model(self, installation, planning, champion):
        panel, model = known_world()
        manager = installation.actor("manager")
        plan = planning.outlook(manager).usual * 1.2
        found = planning.evaluate(manager, champion, plan, per_channel=True)
        exact = evaluate(model, panel, plan)
        assert found.uplift.shown.floats() == pytest.approx(exact.uplift.shown.floats())
        assert found.channels.incremental.shown.mean == pytest.approx(exact.channels.incremental.shown.mean)

    def test_history_is_worked_out_once_a_model(self, installation, planning, champion, monkeypatch):
        manager, made = installation.actor("manager"), []
        original = scenario.Planner.__init__

        def counting(self, *args, **kwargs):
            made.append(self)
            original(self, *args, **kwargs)

        monkeypatch.setattr(scenario.Planner, "__init__", counting)
        usual = planning.outlook(manager).usual
        for factor in (1.0, 1.1, 1.2):
            planning.evaluate(manager, champion, usual * factor)
        assert len(made) == 1

    def test_a_difference_is_taken_on_paired_draws(self, installation, planning, champion):
        manager = installation.actor("manager")
        usual = planning.outlook(manager).usual
        found = planning.difference(manager, champion, usual * 1.1, usual)
        more = planning.evaluate(manager, champion, usual * 1.1)
        assert found.gain.floats() == pytest.approx(more.uplift.shown.floats())
        assert found.p_better == more.p_better
        assert planning.difference(manager, champion, usual, usual).p_better == 0.5

    def test_a_plan_of_another_shape_is_refused(self, installation, planning, champion):
        manager = installation.actor("manager")
        with pytest.raises(DataError):
            planning.evaluate(manager, champion, np.ones((1, 12, 3)))
        with pytest.raises(DataError):
            planning.evaluate(manager, champion, np.ones((1, 0, 5)))

    def test_the_best_split_spends_the_budget_and_promises_no_loss(self, installation, planning, champion):
        manager = installation.actor("manager")
        result = planning.optimise(manager, champion)
        assert sum(result.allocation.values()) == pytest.approx(planning.outlook(manager).usual.sum(), abs=0.01)
        assert float(result.frontier[-1].gain.mean) >= 0
        assert planning.optimise(manager, champion) is result

    def test_a_total_that_does_not_fit_names_the_nearest_that_does(self, installation, planning, champion):
        with pytest.raises(InfeasiblePlanError, match="nearest total that fits"):
            planning.optimise(installation.actor("manager"), champion, total=1e9)


def an_outlook(panel):
    """Only what `Outlook.plan` asks for."""
    usual = np.repeat(panel.spend[:, -12:].mean(axis=1, keepdims=True), 12, axis=1)
    outlook = object.__new__(Outlook)
    object.__setattr__(outlook, "panel", panel)
    object.__setattr__(outlook, "usual", usual)
    return outlook


class TestPlansFromSliders:
    @settings(max_examples=25, deadline=None)
    @given(levels=some.dictionaries(some.integers(0, 3), some.floats(0, 1e5), max_size=4), markets=some.integers(1, 3))
    def test_moved_channels_get_their_level_to_the_cent_and_others_stay(self, levels, markets):
        outlook = an_outlook(a_panel(n=30, markets=markets))
        anchor = np.round(outlook.usual * 1.3, 2)
        plan = outlook.plan(anchor, levels)
        for c in range(4):
            if c in levels:
                assert plan[..., c].sum() == pytest.approx(levels[c] * 12, abs=0.0051)
            else:
                assert (plan[..., c] == anchor[..., c]).all()

    def test_national_levels_are_split_by_recent_market_shares(self):
        outlook = an_outlook(a_panel(markets=3))
        plan = outlook.plan(outlook.usual, {0: 900.0})
        recent = outlook.panel.spend[:, -12:, 0].sum(axis=1)
        assert plan[:, :, 0].sum(axis=1) / plan[..., 0].sum() == pytest.approx(recent / recent.sum(), abs=1e-4)

    def test_going_back_to_today_is_exactly_today(self):
        outlook = an_outlook(a_panel())
        levels = dict(enumerate(outlook.usual.sum(axis=0).mean(axis=0)))
        assert outlook.plan(outlook.usual * 1.1, levels) is outlook.usual


class TestStoredScenarios:
    def test_a_scenario_comes_back_equal_to_the_cent(self):
        panel = a_panel(markets=2)
        outcome = evaluate(a_model(panel), panel, np.full((2, 12, 4), 33.335))
        stored = from_payload(to_payload(scenario_of(outcome)))
        assert (stored.spend == np.round(outcome.spend, 2)).all()
        assert stored.channels == panel.labels.channels
        assert stored.promise.p_better == outcome.p_better
        assert stored.promise.spend == pytest.approx(stored.spend.sum(), abs=0.5)
        assert stored.periods[0].isoformat() == str(outcome.periods[0])

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"format": FORMAT_VERSION + 1}, "stored in format"),
            ({"spend": "none"}, "cannot be read"),
            ({"spend": [[[1.0]]]}, "has shape"),
            ({"periods": ["soon"]}, "cannot be read"),
        ],
    )
    def test_other_content_is_refused_in_words(self, change, words):
        panel = a_panel()
        payload = to_payload(scenario_of(evaluate(a_model(panel), panel, np.full((1, 12, 4), 50.0))))
        with pytest.raises(SpecError, match=words):
            from_payload({**payload, **change})
