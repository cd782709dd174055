"""The bridge from the published model to the one that a training recommends."""

from __future__ import annotations

from unittest.mock import Mock, patch

from mmm.data.codec import load
from mmm.models.base import FitSettings
from mmm.models.linear import fit_linear
from mmm.models.registry import family
from mmm.services.tasks import study
from mmm.services.training import TrainingRequest
from mmm.study import Results
from mmm.validation.bridge import CAUSES, NEW_WEEKS, Fitting, refresh_bridge
from tests.models.worlds import small_world

PANEL = small_world(60)
BEFORE = Fitting(PANEL.take(slice(0, 52)), "linear", FitSettings())


def ask(published: Fitting | None) -> Results:
    request = TrainingRequest(families=("linear",), published=published)
    (trained,) = study(PANEL, request, lambda share, message: None)
    return load(trained.results, Results)


def test_a_training_after_a_publication_stores_the_bridge() -> None:
    found = ask(BEFORE).bridge
    assert found is not None
    assert [cause for cause, changed in zip(CAUSES, found.changed, strict=True) if changed] == [NEW_WEEKS]
    again = refresh_bridge(BEFORE, Fitting(PANEL, "linear", FitSettings()))
    assert found.added.tolist() == again.added.tolist()


def test_the_model_that_the_training_has_made_is_not_fitted_again() -> None:
    model = fit_linear(PANEL, FitSettings())
    new = Fitting(PANEL, "linear", FitSettings(), model)
    asked = Mock(wraps=family)
    with patch("mmm.validation.bridge.family", asked):
        refresh_bridge(BEFORE, new)
    assert asked.call_count == 1  # the model before, and nothing else


def test_a_first_training_has_none() -> None:
    assert ask(None).bridge is None
