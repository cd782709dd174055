"""Scenarios, Optimise and Plans, through the router, as their people see them."""

from __future__ import annotations

import json

import pytest

from mmm.services.models import HealthStatus
from mmm.services.plans import PlanStatus
from tests.champion import known_world, publish, store


@pytest.fixture
def champion(installation):
    """The id of a published structural model."""
    panel, model = known_world()
    analyst = installation.actor("analyst")
    return publish(installation.services, analyst, store(installation.services, analyst, panel), model)


def texts(elements):
    return " ".join(str(element.value) for element in elements).replace("\\", "")


def figures(app):
    return {metric.label.replace("\\", ""): metric.value for metric in app.metric}


def title(app):
    assert not app.exception
    return app.title[0].value.replace("\\", "")


def plan_line(app):
    """The plan in the chart of sales."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)["data"][4]["y"]


def move(app, channel, level):
    return app.slider(key=f"level_{channel}").set_value(level).run()


class TestNothingToPlanWith:
    @pytest.mark.parametrize("page", ["scenarios", "optimise"])
    def test_without_data_it_says_who_can_upload(self, app_as, page):
        app = app_as("manager", page)
        assert "nothing to plan with" in title(app)
        assert "An analyst or an engineer can upload them" in texts(app.markdown)
        assert not app.slider

    def test_without_a_champion_it_says_who_can_publish(self, app_as, installation):
        panel, _ = known_world()
        store(installation.services, installation.actor("analyst"), panel)
        app = app_as("manager", "scenarios")
        assert "An analyst can train one" in texts(app.markdown)

    def test_no_plan_yet_leads_to_scenarios(self, app_as):
        app = app_as("manager", "plans")
        assert title(app) == "No plan is saved yet."
        assert [b.label for b in app.button if b.key.startswith("go_")] == ["Plan"]


@pytest.mark.parametrize("page", ["scenarios", "optimise"])
def test_planning_goes_on_with_the_data_set_chosen_elsewhere(app_as, installation, page):
    panel, model = known_world()
    analyst = installation.actor("analyst")
    for name in ("Older", "Newer"):
        publish(installation.services, analyst, store(installation.services, analyst, panel, name=name), model)
    older = next(d.id for d in installation.services.datasets.list(analyst) if d.name == "Older")
    app = app_as("manager", page)
    assert "Newer" in texts(app.caption)
    app.session_state["dataset_id"] = older
    app.run()
    assert "Older" in texts(app.caption)
    assert "Newer" not in texts(app.caption)


@pytest.mark.usefixtures("champion")
class TestScenarios:
    def test_it_opens_at_business_as_usual(self, app_as):
        app = app_as("manager", "scenarios")
        assert title(app).startswith("Spending as today brings about €")
        assert figures(app)["Against today"] == "€0"
        assert figures(app)["Chance of bringing more"] == "–"
        assert "90 % intervals" in texts(app.caption).replace("\u202f", " ")
        assert all("as today" in slider.label for slider in app.slider)
        assert all(slider.max >= 2.5 * slider.value - slider.step for slider in app.slider)

    def test_a_moved_slider_moves_title_figures_and_chart(self, app_as):
        app = app_as("manager", "scenarios")
        before = plan_line(app)
        move(app, 0, app.slider(key="level_0").value + 10_000)
        assert "more on search brings about €" in title(app)
        assert figures(app)["Against today"].startswith("+€")
        assert plan_line(app) != before

    def test_far_beyond_what_was_spent_is_flagged(self, app_as):
        app = app_as("manager", "scenarios")
        move(app, 1, app.slider(key="level_1").max)
        assert "beyond what was ever spent" in app.slider(key="level_1").label

    def test_presets_and_back_to_today(self, app_as):
        app = app_as("manager", "scenarios")
        for preset, sign in (("−10 %", "−€"), ("+10 %", "+€")):
            app.button(key=f"preset_{preset}").click().run()
            assert figures(app)["Against today"].startswith(sign)
        app.button(key="preset_As last year").click().run()
        assert figures(app)["Against today"] != "€0"
        app.button(key="preset_Today").click().run()
        assert figures(app)["Against today"] == "€0"

    def test_what_channels_bring_is_asked_only_when_it_is_looked_at(self, app_as, installation):
        from mmm.web.holder import services

        asked = []
        app = app_as("manager", "scenarios")
        planning = services().planning
        original = planning.evaluate

        def noting(*args, **kwargs):
            asked.append(kwargs.get("per_channel", False))
            return original(*args, **kwargs)

        planning.evaluate = noting
        move(app, 0, app.slider(key="level_0").value + 10_000)
        assert asked == [False]
        app.session_state["scenario_tab"] = "What channels bring"
        app.run()
        assert asked == [False, True]
        assert "bar holds nine of ten" in texts(app.caption)

    def test_a_plan_is_saved_changed_and_saved_as_another(self, app_as, installation):
        app = app_as("manager", "scenarios")
        move(app, 0, app.slider(key="level_0").value + 10_000)
        app.text_input(key="plan_name").set_value("Spring")
        app.button(key="plan_save").click().run()
        assert "“Spring” is saved." in texts(app.success)
        move(app, 0, 10_000)
        app.button(key="plan_save").click().run()
        app.text_input(key="plan_name").set_value("Autumn")
        app.button(key="plan_copy").click().run()
        plans = installation.services.plans.list(installation.actor("manager"))
        assert sorted((plan.name, plan.version) for plan in plans) == [("Autumn", 1), ("Spring", 2)]

    def test_a_plan_without_a_name_is_not_saved(self, app_as, installation):
        app = app_as("manager", "scenarios")
        app.button(key="plan_save").click().run()
        assert "needs a name" in texts(app.error)
        assert installation.services.plans.list(installation.actor("manager")) == ()

    def test_an_executive_may_move_sliders_but_not_save(self, app_as):
        app = app_as("executive", "scenarios")
        move(app, 0, app.slider(key="level_0").value + 10_000)
        assert figures(app)["Against today"].startswith("+€")
        assert not [button for button in app.button if button.key.startswith("plan_")]

    def test_a_failed_model_says_so(self, app_as, installation):
        panel, model = known_world()
        analyst = installation.actor("analyst")
        version = store(installation.services, analyst, panel, name="Other")
        publish(installation.services, analyst, version, model, status=HealthStatus.FAIL)
        assert "failed a health check" in texts(app_as("manager", "scenarios").warning)


@pytest.mark.usefixtures("champion")
class TestOptimise:
    def test_the_best_split_stands_beside_today_with_its_chance(self, app_as):
        app = app_as("manager", "optimise")
        assert title(app).startswith("Moving €")
        assert app.slider(key="how_far").value == 70
        assert "Going 70 % of the way is recommended" in texts(app.caption)
        table = app.dataframe[-1].value
        assert list(table["Channel"]) == list(known_world()[0].labels.channels)
        assert table["Plan brings"].str.contains("–").all()

    def test_not_going_at_all_changes_nothing(self, app_as):
        app = app_as("manager", "optimise")
        app.slider(key="how_far").set_value(0).run()
        assert title(app).startswith("Today's split is already")
        assert figures(app)["Gain over today's split"] == "€0"

    def test_ten_per_cent_more_is_ten_per_cent_more(self, app_as):
        app = app_as("manager", "optimise")
        app.get("button_group")[0].set_value("+10 %").run()
        budget = next(metric for metric in app.metric if metric.label == "Budget")
        assert budget.delta.replace("\u202f", " ") == "+10 %"
        assert title(app).startswith("At €")

    def test_a_budget_that_does_not_fit_says_the_nearest_that_does(self, app_as):
        app = app_as("manager", "optimise")
        app.get("button_group")[0].set_value("Another total").run()
        app.number_input[0].set_value(1e9).run()
        assert "does not fit" in title(app)
        assert "The nearest total that fits is" in texts(app.error)

    def test_one_click_makes_it_a_scenario_to_the_cent(self, app_as):
        app = app_as("manager", "optimise")
        found = title(app)
        app.button(key="to_scenario").click().run()
        assert title(app) == found
        assert figures(app)["Spend in all"] == "€1.69\u202fm"
        assert next(metric.delta for metric in app.metric if metric.label == "Spend in all") == "as today"

    def test_an_executive_has_no_such_page(self, app_as):
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            app_as("executive", "optimise")


@pytest.mark.usefixtures("champion")
class TestPlans:
    @staticmethod
    def submitted(app_as, name="Spring"):
        app = app_as("manager", "scenarios")
        move(app, 0, 60_000)
        app.text_input(key="plan_name").set_value(name)
        app.button(key="plan_submit").click().run()
        assert "is submitted" in texts(app.success)

    def test_an_executive_approves_with_a_comment(self, app_as, installation):
        self.submitted(app_as)
        app = app_as("executive", "plans")
        assert title(app) == "“Spring” waits for your decision."
        app.text_area[0].set_value("Go ahead.")
        app.button(key="plan_Approve").click().run()
        assert "is approved" in title(app)
        plan = installation.services.plans.list(installation.actor("manager"))[0]
        assert (plan.status, plan.comment, plan.decided_by) == (PlanStatus.APPROVED, "Go ahead.", "Executive")

    def test_sending_back_needs_a_reason_and_the_owner_reads_it(self, app_as):
        self.submitted(app_as)
        app = app_as("executive", "plans")
        app.button(key="plan_Send back").click().run()
        assert "Say in a comment why" in texts(app.error)
        app.text_area[0].set_value("Too much search.")
        app.button(key="plan_Send back").click().run()
        assert not app.exception
        manager = app_as("manager", "plans")
        assert "Too much search." in texts(manager.markdown)
        assert manager.dataframe[0].value["Status"][0] == "Sent back"

    def test_nobody_is_offered_a_decision_on_their_own_plan(self, app_as, installation):
        from mmm.access import Role

        people = installation.services.users
        admin = installation.actor("admin")
        manager = next(p for p in people.list(admin) if p.username == "manager")
        people.set_roles(admin, manager.id, [Role.MANAGER, Role.EXECUTIVE])
        self.submitted(app_as)
        app = app_as("manager", "plans")
        assert not [b for b in app.button if b.key in {"plan_Approve", "plan_Send back"}]
        assert "plan_Take back" in [b.key for b in app.button]

    def test_a_plan_opens_on_the_sliders_as_it_was_saved(self, app_as):
        self.submitted(app_as)
        app = app_as("manager", "plans")
        open_button = next(button for button in app.button if button.key.startswith("open_"))
        open_button.click().run()
        assert not app.exception
        assert app.slider(key="level_0").value == 60_000
        assert app.text_input(key="plan_name").value == "Spring"

    def test_two_plans_stand_side_by_side_on_one_scale(self, app_as):
        self.submitted(app_as, "One")
        self.submitted(app_as, "Two ![x](https://example.org/x.png)")
        app = app_as("manager", "plans")
        beside = next(box for box in app.selectbox if box.label == "Compare with")
        beside.select_index(0).run()
        assert not app.exception
        scales = [json.loads(c.proto.spec)["layout"]["yaxis"]["range"] for c in app.get("plotly_chart")[:2]]
        assert scales[0] == scales[1]
        assert "not sure which brings more" in texts(app.markdown)
        assert "![x](" not in " ".join(str(e.value) for e in [*app.markdown, *app.title, *app.subheader])

    def test_a_plan_of_an_older_model_keeps_it_and_says_so(self, app_as, installation):
        self.submitted(app_as)
        panel, model = known_world()
        analyst = installation.actor("analyst")
        dataset = installation.services.datasets.list(analyst)[0]
        version = store(installation.services, analyst, panel, dataset_id=dataset.id)
        publish(installation.services, analyst, version, model)
        app = app_as("manager", "plans")
        assert "Another model is published by now" in texts(app.info)
        next(button for button in app.button if button.key.startswith("open_")).click().run()
        assert "was made with model 1" in texts(app.info)
        app.button(key="ask_champion").click().run()
        assert "was made with model 1" not in texts(app.info)

    def test_duplicating_gives_a_draft_of_ones_own(self, app_as, installation):
        self.submitted(app_as)
        app = app_as("analyst", "plans")
        app.button(key="plan_Duplicate").click().run()
        plans = installation.services.plans.list(installation.actor("analyst"))
        assert ("Spring (copy)", PlanStatus.DRAFT) in [(plan.name, plan.status) for plan in plans]

    def test_everything_is_in_the_audit_record(self, app_as, installation):
        self.submitted(app_as)
        app = app_as("executive", "plans")
        app.button(key="plan_Approve").click().run()
        events = installation.services.audit.events(installation.actor("auditor"))
        assert {"save_plan", "submit_plan", "approve_plan"} <= {event.action for event in events}


def test_a_count_without_a_value_is_planned_in_its_own_unit(app_as, installation):
    from dataclasses import replace

    from mmm.data.panel import KpiKind
    from mmm.models.base import FitSettings
    from mmm.models.structural import fit_structural

    panel = known_world()[0]
    panel = replace(panel, kpi=panel.kpi / 50, kpi_kind=KpiKind.UNITS, kpi_name="orders")
    analyst = installation.actor("analyst")
    version = store(installation.services, analyst, panel)
    publish(installation.services, analyst, version, fit_structural(panel, FitSettings()))
    app = app_as("manager", "scenarios")
    assert "orders over the next 12 weeks" in title(app).replace("\u202f", " ")
    assert figures(app)["Against today"] == "0 orders"
    assert next(m.delta for m in app.metric if m.label == "Spend in all").endswith("each")
    move(app, 0, app.slider(key="level_0").max)
    assert "orders more" in title(app)
    assert "pays for itself" not in str([m.delta for m in app.metric])
