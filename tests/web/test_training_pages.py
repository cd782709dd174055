"""The Train and Models pages through the router, as analysts and engineers see them."""

from __future__ import annotations

import pytest

from mmm.bootstrap import make_kit
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.worker import Workshop
from mmm.services.jobs import SqlLedger
from mmm.services.tasks import bodies
from mmm.services.training import TrainingRequest
from mmm.store.jobs import JobStatus
from tests.web.data_steps import button, save_one, texts


class TestTrain:
    def test_without_data_it_leads_to_the_data_page(self, app_as):
        app = app_as("analyst", "train")
        assert "no data to train on" in texts(app.markdown)

    @pytest.mark.parametrize("role", ["engineer", "admin"])
    def test_who_may_not_train_sees_no_form(self, app_as, installation, role):
        save_one(installation)
        app = app_as(role, "train")
        assert not app.exception
        assert not [b for b in app.button if b.label == "Train"]

    def test_pressing_train_queues_one_job_and_a_second_press_says_so(self, app_as, installation):
        version = save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        assert not app.exception
        assert "is under way" in texts(app.title)
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.params["dataset_version_id"] == version.id
        button(app, "Train").click().run()
        assert "waits for its turn already" in texts(app.warning)

    def test_a_waiting_training_is_cancelled_by_its_button(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        button(app, "Cancel").click().run()
        assert not app.exception
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.status is JobStatus.CANCELLED

    def test_an_interrupted_training_is_offered_again(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        with installation.services.unit_of_work() as uow:
            (row,) = uow.jobs.live()
            uow.jobs.claim(row.id, row.created_at)
            uow.jobs.finish(row.id, 1, JobStatus.INTERRUPTED, row.created_at, error="Its process stopped. Try again.")
            uow.commit()
        app = app_as("analyst", "train")
        assert "was interrupted: Its process stopped" in texts(app.warning)
        assert "interrupted" in list(app.dataframe[0].value["Outcome"])
        button(app, "Try again").click().run()
        assert not app.exception
        (job,) = installation.services.jobs.list(installation.actor("analyst"))
        assert job.status is JobStatus.QUEUED

    def test_watching_does_not_count_as_being_at_work(self, app_as, installation, monkeypatch):
        from mmm.services.accounts import Accounts
        from mmm.web import training_view

        save_one(installation)
        app = app_as("analyst", "train")
        button(app, "Train").click().run()
        asked, original = [], Accounts.actor_for

        def spy(self, token, *, extend=True):
            asked.append(extend)
            return original(self, token, extend=extend)

        monkeypatch.setattr(Accounts, "actor_for", spy)
        monkeypatch.setattr(training_view.st, "fragment", lambda function, run_every: function)
        app.run()
        assert asked.count(True) == 2  # the router and the guard of the page; everything else only looks
        assert False in asked


class TestComparing:
    def test_several_models_stand_side_by_side_with_what_their_figures_come_from(self, app_as, installation):
        version = save_one(installation)
        train(installation, version, seeds=(0,), families=("lasso", "linear"))
        app = app_as("analyst", "train")
        assert not app.exception
        board = app.dataframe[0].value
        assert [name.split(" · ")[-1] for name in board["Model"]][-1] == "Plain regression"
        assert {"Error", "Beside last year", "Inside 90 %", "Health", "Plans"} <= set(board.columns)
        assert "recommended" in board["Note"].iloc[0]
        assert "stretches of time" in texts(app.caption)
        for tab in ("Forecasts", "All figures", "Compare two"):
            app.session_state["train_tabs"] = tab
            app.run()
            assert not app.exception, tab

    def test_every_chosen_family_says_what_it_is(self, app_as, installation):
        save_one(installation)
        app = app_as("analyst", "train")
        assert "Each channel carries over and saturates" in texts(app.caption)
        assert "drop out entirely" not in texts(app.caption)


class TestModels:
    def test_without_models_it_leads_to_the_train_page(self, app_as):
        assert "no models yet" in texts(app_as("analyst", "models").title)

    def test_from_training_to_publishing_and_rolling_back(self, app_as, installation):
        train(installation, save_one(installation), seeds=(0, 1))
        app = app_as("analyst", "train")
        assert "Ridge is recommended for “Shop”" in texts(app.title)
        assert "Plain regression" in list(app.dataframe[0].value["Model"])
        publish(app, "Publish model 2 (Ridge)")
        app = app_as("analyst", "models")
        assert not app.exception
        assert app.selectbox[0].options[0].startswith("Model 2 (Ridge)")
        app.selectbox[0].set_value(model_ids(installation)[1]).run()
        publish(app, "Publish model 1 (Ridge)")
        assert "Model 1 (Ridge) answers for “Shop” from now on" in texts(app.success)
        button(app, "Roll back to model 2 (Ridge)").click().run()
        button(app, "Roll back now").click().run()
        assert not app.exception
        assert champion(installation).number == 2

    def test_past_a_failed_check_a_reason_is_needed_and_kept(self, app_as, installation):
        train(installation, save_one(installation), seeds=(0,))
        fail_health(installation)
        app = app_as("analyst", "models")
        button(app, "Publish model 1 (Ridge)").click().run()
        assert "It failed" in texts(app.error)
        button(app, "Publish now").click().run()
        assert "write down why" in texts(app.error)
        assert champion(installation) is None
        app.text_area[0].set_value("A launch explains it.").run()
        button(app, "Publish now").click().run()
        assert champion(installation).number == 1
        actor = installation.actor("analyst")
        (dataset,) = installation.services.datasets.list(actor)
        assert installation.services.models.history(actor, dataset.id)[0].reason == "A launch explains it."


def train(installation, version, seeds, families=("ridge",)):
    """Train for real, in this process; ridge unless another family is named."""
    actor, kit = installation.actor("analyst"), make_kit(installation.settings)
    for seed in seeds:
        installation.services.training.submit(actor, version.id, TrainingRequest(families, seed=seed))
    endings = InlineExecutor(Workshop(SqlLedger(kit.database, kit.clock), bodies(kit))).drain()
    kit.database.close()
    assert endings == ["done"] * len(seeds)


def publish(app, label):
    button(app, label).click().run()
    button(app, "Publish now").click().run()
    assert not app.exception
    assert not app.error


def model_ids(installation):
    actor = installation.actor("analyst")
    (dataset,) = installation.services.datasets.list(actor)
    return [model.id for model in installation.services.models.list(actor, dataset.id)]


def champion(installation):
    actor = installation.actor("analyst")
    (dataset,) = installation.services.datasets.list(actor)
    return installation.services.models.champion(actor, dataset.id)


def fail_health(installation):
    """As if a check of the only model had failed."""
    workspace, (model_id,) = installation.actor("analyst").workspace_id, model_ids(installation)
    with installation.services.unit_of_work() as uow:
        row = uow.models.get(workspace, model_id)
        row.status = "fail"
        row.health = {
            "status": "fail",
            "checks": [
                {"code": "x", "title": "Plausible baseline", "status": "fail", "finding": "No.", "remedy": "Look."}
            ],
        }
        uow.commit()
