"""The lift tests of a model on the Models page."""

from __future__ import annotations

from dataclasses import replace

from mmm.data.codec import dump
from mmm.data.lift import LiftTest
from mmm.effects.lift import compare_lift
from mmm.models.base import FitSettings
from mmm.study import question
from mmm.validation.holdout import hold_out
from tests.champion import publish, store
from tests.effects.test_lift import Fits, learner
from tests.fakes import a_model, a_panel
from tests.web.data_steps import texts


def published(installation, *, tested: bool) -> str:
    """A model with the results of a training, of data with or without a lift test; its data set's id."""
    services, analyst = installation.services, installation.actor("analyst")
    panel = a_panel(n=60)
    if tested:
        panel = replace(panel, lift_tests=(LiftTest("search", panel.periods[20], panel.periods[23] + 6, 800.0, 100.0),))
    version = store(services, analyst, panel)
    model = learner(panel)
    held = hold_out(panel, lambda p, _settings, _progress=None: a_model(p), FitSettings())
    lift = compare_lift(model, panel, Fits(), FitSettings())
    publish(services, analyst, version, model, results=dump(question(model, panel, held, lift)))
    return services.datasets.version(analyst, version).dataset_id


def opened(app_as):
    app = app_as("analyst", "models")
    app.session_state["models_tabs"] = "Lift tests"
    return app.run()


def test_measured_stands_beside_expected_and_before_beside_after(app_as, installation):
    published(installation, tested=True)
    app = opened(app_as)
    assert not app.exception
    said = texts(app.markdown)
    assert "1 lift test; it learnt from them" in said
    assert "Lift tests moved" in said


def test_a_test_that_came_later_asks_for_a_training(app_as, installation):
    dataset_id = published(installation, tested=False)
    row = {"channel": "search", "start": "2023-03-06", "end": "2023-04-02", "lift": 800.0, "se": 100.0}
    installation.services.lift_tests.add(installation.actor("analyst"), dataset_id, row)
    assert "1 test came since: train again" in texts(opened(app_as).markdown)
