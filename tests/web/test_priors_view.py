"""The priors of a model on the Models page."""

from __future__ import annotations

import json
from dataclasses import replace

import plotly.graph_objects as go

from mmm.charts.priors import before_and_after_data
from mmm.charts.template import LIGHT, dressed
from mmm.data.codec import dump
from mmm.effects.priors import prior_against_posterior
from mmm.models.base import FitSettings
from mmm.models.structural import fit_structural
from mmm.study import question
from mmm.validation.holdout import hold_out
from tests.champion import publish, store
from tests.fakes import a_model, a_panel
from tests.web.data_steps import texts

NASTY = '<b onclick="x">&%{y}</b>'


def opened(app_as, installation, *, with_priors: bool):
    services, analyst = installation.services, installation.actor("analyst")
    panel = a_panel(n=60)
    version = store(services, analyst, panel)
    model = fit_structural(panel, FitSettings(n_draws=10))
    if not with_priors:
        del model.diagnostics["priors"]
    held = hold_out(panel, lambda p, _settings, _progress=None: a_model(p), FitSettings())
    publish(services, analyst, version, model, results=dump(question(model, panel, held)))
    app = app_as("analyst", "models")
    app.session_state["models_tabs"] = "Priors"
    return app.run()


def test_it_is_said_how_much_the_data_narrowed(app_as, installation):
    app = opened(app_as, installation, with_priors=True)
    assert not app.exception
    assert "The data narrowed the return on spend of" in texts(app.markdown)


def test_a_model_without_priors_says_so(app_as, installation):
    app = opened(app_as, installation, with_priors=False)
    assert not app.exception
    assert "keeps no priors" in texts(app.markdown)


def test_charts_are_valid_and_names_are_text() -> None:
    panel = a_panel(n=60)
    panel = replace(panel, labels=replace(panel.labels, channels=(NASTY, *panel.labels.channels[1:])))
    found = prior_against_posterior(fit_structural(panel, FitSettings(n_draws=10)), panel)
    assert found is not None
    for part in found.learnt:
        ready = dressed(before_and_after_data(part, found.labels).figure, LIGHT)
        go.Figure(ready)
        assert "<b onclick" not in json.dumps(ready, allow_nan=False)
